"""Child processes that cannot outlive their owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from orchestrator.processes import guardian


class Children:
    """Starts processes, each in a session of its own, and ends them all with `close` or with its own death."""

    def __init__(self) -> None:
        self._running: dict[int, subprocess.Popen[str]] = {}
        self._guardian = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", guardian.__file__],
            stdin=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
        )
        self._pipe = cast(IO[str], self._guardian.stdin)

    def start(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: IO[str] | int = subprocess.DEVNULL,
        user: int | None = None,
    ) -> subprocess.Popen[str]:
        """`output` takes what the process writes, errors included. `user`: run as this uid (root only)."""
        child = subprocess.Popen(  # noqa: S603
            [*command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            user=user,
            extra_groups=None if user is None else [],
        )
        self._running[child.pid] = child
        self._tell(f"+{child.pid}")
        return child

    def end(self, *children: subprocess.Popen[str], grace: float = 10.0) -> None:
        """Ask politely, wait up to `grace` seconds, then kill; whole groups, and waited for."""
        mine = [child for child in children if child.pid in self._running]
        for child in mine:
            # Reaped here, so that a zombie does not look alive.
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        _wait(mine, grace)
        for child in mine:
            guardian.end_groups({child.pid}, 0)
            child.wait()
            self.forget(child)

    def forget(self, child: subprocess.Popen[str]) -> None:
        """A child that ended by itself; what it started ends too."""
        if self._running.pop(child.pid, None):
            guardian.end_groups({child.pid}, 0)
            self._tell(f"-{child.pid}")

    def close(self, grace: float = 10.0) -> None:
        self.end(*self._running.values(), grace=grace)
        self._pipe.close()
        self._guardian.wait()

    def _tell(self, line: str) -> None:
        self._pipe.write(line + "\n")


def _wait(children: Sequence[subprocess.Popen[str]], grace: float) -> None:
    deadline = time.monotonic() + grace
    for child in children:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return
