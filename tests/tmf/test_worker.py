"""A real worker process: nudged through a real broker, whatever becomes of the broker."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests.broker import Broker
from tests.processes import Processes, Running
from tests.waiting import wait_until

Fresh = Callable[[str], str]
LINE = re.compile(r"event (\d+) owed (\d+) ms ([\d.]+)")


def chat(processes: Processes, database: str, events: int, *callbacks: str, **env: str) -> Running:
    command = [sys.executable, "-m", "tests.tmf.chatter", str(events), *callbacks]
    return processes.start(command, DATABASE_URL=database, **env)


def told(running: Running) -> list[tuple[int, int, float]]:
    """(number, how many were still owed, milliseconds of the last dispatched)."""
    return [(int(n), int(owed), float(ms)) for n, owed, ms in LINE.findall(running.output())]


def flows(chatter: Running, timeout: float = 30) -> None:
    """Waits until events that happen from now on have been dispatched."""
    before = len(told(chatter))
    wait_until(lambda: any(owed == 0 for _, owed, _ in told(chatter)[before + 2 :]), timeout, "events are dispatched")


@pytest.mark.redis
def test_it_dispatches_within_milliseconds_and_survives_flush_and_restart_of_redis(
    processes: Processes, broker: Broker, fresh_database: Fresh
) -> None:
    database = fresh_database("postgresql")
    worker = processes.manage("worker", database=database, CELERY_BROKER_URL=broker.url)
    chatter = chat(processes, database, 2000, CELERY_BROKER_URL=broker.url)
    flows(chatter, 60)
    wait_until(lambda: len(told(chatter)) > 40, 60)
    quick = median(ms for _, _, ms in told(chatter)[-20:])
    print(f"dispatched after {quick} ms (redis)")
    broker.flush()
    flows(chatter)
    broker.stop()
    wait_until(lambda: told(chatter)[-1][1] > 5, 30, "with the broker away events are owed")
    broker.start()
    flows(chatter)
    assert worker.alive
    assert worker.stop() == 0
    assert quick < 60


def test_it_works_over_the_file_system(processes: Processes, fresh_database: Fresh, tmp_path: Path) -> None:
    database = fresh_database("sqlite")
    env = {"CELERY_BROKER_URL": "filesystem://", "VAR_DIR": str(tmp_path / "var")}
    worker = processes.manage("worker", database=database, **env)
    chatter = chat(processes, database, 2000, **env)
    flows(chatter, 60)
    wait_until(lambda: len(told(chatter)) > 40, 60)
    print(f"dispatched after {median(ms for _, _, ms in told(chatter)[-20:])} ms (filesystem)")
    assert worker.alive
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_it_refuses_to_start_without_a_broker(processes: Processes, fresh_database: Fresh) -> None:
    worker = processes.manage("worker", database=fresh_database("sqlite"), CELERY_BROKER_URL="none")
    assert worker.wait(30) == 1
    assert "there is no broker" in worker.output()
