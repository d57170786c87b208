"""Keeps a set of programs running: starts them, starts again what dies, ends them all."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TextIO

from orchestrator.processes.children import Children

PAUSE_FIRST, PAUSE_MAX = 1.0, 30.0
STEADY_SECONDS = 30.0  # whoever lived that long starts again without a longer pause


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Life:
    """What is known of one program: its process while it runs, else when it starts again."""

    program: Program
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause: float = PAUSE_FIRST


class Supervisor:
    """`echo` shows the programs' output, each line with its program's name; without it only files in `logs` have it."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        cwd: Path,
        logs: Path,
        echo: TextIO | None = None,
        announce: Callable[[str], None] = print,
    ) -> None:
        self._cwd, self._logs, self._echo, self._announce = cwd, logs, echo, announce
        self._children = Children()
        self._lives = [_Life(program) for program in programs]
        self._width = max((len(program.name) for program in programs), default=0)
        logs.mkdir(parents=True, exist_ok=True)

    @property
    def pids(self) -> dict[str, int]:
        return {life.program.name: life.process.pid for life in self._lives if life.process}

    def start(self) -> None:
        for life in self._lives:
            self._start(life)

    def tend(self) -> None:
        """One look: notes who ended and starts whose pause is over."""
        for life in self._lives:
            if life.process and life.process.poll() is not None:
                self._bury(life)
            if life.process is None and time.monotonic() >= life.start_at:
                self._start(life)

    def run(self, stopping: threading.Event) -> None:
        """Tends until `stopping` is set."""
        while not stopping.wait(0.2):
            self.tend()

    def close(self, grace: float = 10.0) -> None:
        self._children.close(grace)

    def _start(self, life: _Life) -> None:
        env = {**os.environ, "PYTHONUNBUFFERED": "1", **life.program.env}
        with self._log_of(life).open("a") as log:
            output = subprocess.PIPE if self._echo else log
            life.process = self._children.start(life.program.command, env=env, cwd=self._cwd, output=output)
        life.started_at = time.monotonic()
        if self._echo:
            threading.Thread(target=self._pump, args=(life, life.process.stdout), daemon=True).start()

    def _bury(self, life: _Life) -> None:
        process, life.process = life.process, None
        if process is None:
            return
        self._children.forget(process)
        if time.monotonic() - life.started_at > STEADY_SECONDS:
            life.pause = PAUSE_FIRST
        life.start_at = time.monotonic() + life.pause
        self._announce(
            f"{life.program.name} ended with {process.returncode}; again in {life.pause:g} s ({self._log_of(life)})"
        )
        life.pause = min(life.pause * 2, PAUSE_MAX)

    def _log_of(self, life: _Life) -> Path:
        return self._logs / f"{life.program.name}.log"

    def _pump(self, life: _Life, lines: IO[str]) -> None:
        assert self._echo  # noqa: S101
        with self._log_of(life).open("a") as log:
            for line in lines:
                log.write(line)
                log.flush()
                self._echo.write(f"{life.program.name:{self._width}} │ {line}")
                self._echo.flush()
