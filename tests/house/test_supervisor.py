"""The supervisor starts again what dies, and ends everything."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from orchestrator.processes.supervisor import Program, Supervisor
from tests.waiting import wait_until

SLEEPER = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
)


class Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def supervisor(tmp_path: Path, told: Told) -> Iterator[Supervisor]:
    programs = [Program("sleeper", SLEEPER), Program("stubborn", STUBBORN)]
    made = Supervisor(programs, cwd=tmp_path, logs=tmp_path / "log", announce=told)
    made.start()
    yield made
    made.close(grace=0.2)


def test_it_starts_again_what_dies_and_says_so(supervisor: Supervisor, told: Told) -> None:
    before = supervisor.pids
    os.kill(before["sleeper"], signal.SIGKILL)

    def again() -> bool:
        supervisor.tend()
        return supervisor.pids.get("sleeper") not in (None, before["sleeper"])

    wait_until(again, 10, "the sleeper runs again")
    assert supervisor.pids["stubborn"] == before["stubborn"]
    assert len(told.lines) == 1
    assert told.lines[0].startswith("sleeper ended with -9; again in 1 s")


def test_it_ends_all_even_the_stubborn(supervisor: Supervisor, tmp_path: Path) -> None:
    wait_until(lambda: (tmp_path / "log" / "stubborn.log").read_text() == "up\n", 10, "it ignores SIGTERM")
    pids = supervisor.pids.values()
    supervisor.close(grace=0.2)
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
