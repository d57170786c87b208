"""The project's own processes, really started, with their output kept and shown when a test fails."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from orchestrator.processes.children import Children
from tests.databases import ROOT


class Running:
    """One started process."""

    def __init__(self, popen: subprocess.Popen[str], log: Path, children: Children) -> None:
        self.popen = popen
        self.log = log
        self._children = children

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """To the process alone, not to what it started."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9 of the process and of what it started; gone on return."""
        os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()
        self._children.forget(self.popen)

    def stop(self, grace: float = 10.0) -> int:
        """SIGTERM, then SIGKILL. Answers the exit code."""
        self._children.end(self.popen, grace=grace)
        return self.popen.returncode

    def wait(self, timeout: float = 30.0) -> int:
        """Until it ends by itself. Answers the exit code."""
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s:\n{self.output()}") from None


class Processes:
    """Starts `manage.py …` and other commands; ends every one of them with the test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children = Children()
        self._all: list[Running] = []

    def manage(self, *words: str, database: str, **env: str) -> Running:
        """`manage.py <words>` on that DATABASE_URL; `env` is added to (an empty value unsets it in) the tests' own."""
        return self.start([sys.executable, "manage.py", *words], DATABASE_URL=database, **env)

    def start(self, command: list[str], **env: str) -> Running:
        name = re.sub(r"\W+", "-", " ".join(command[1:]))[:40]
        log = self._folder / f"{len(self._all) + 1:02}-{name}.log"
        own = {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1", "LOG_LEVEL": "INFO"}
        with log.open("w") as output:
            popen = self._children.start(command, env=os.environ | own | env, cwd=ROOT, output=output)
        running = Running(popen, log, self._children)
        self._all.append(running)
        return running

    def logs(self) -> str:
        return "\n".join(f"--- {each.log.name}\n{each.output()[-6000:]}" for each in self._all)

    def close(self) -> None:
        self._children.close(grace=3)
