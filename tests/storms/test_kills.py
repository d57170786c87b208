"""kill -9 of Celery workers that hold several steps at once, their targets in the middle of the work."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.models import Attempt, Plan, Step
from tests.broker import Broker
from tests.processes import Processes, Running
from tests.simulator import Simulator
from tests.storms.crashes import CALL_SECONDS, SHORT
from tests.storms.stage import Stage, step
from tests.waiting import wait_until

ORDERS = 6  # of each of the two workers
BUSY = "delay=0.3"


def set_up(stage: Stage, simulator: Simulator) -> None:
    """1 → 3 → 3 → 1; half of the targets would do again whatever they are asked again, if nobody asked them first."""
    stage.target("work", simulator, BUSY)
    stage.target("once", simulator, f"{BUSY};mode=repeats", delivery="queryable")
    first, last = (
        step("first", timeout=CALL_SECONDS),
        step("last", timeout=CALL_SECONDS, after="b1 b2 b3", target="once"),
    )
    middle = [
        step(f"{letter}{n}", target="once" if n % 2 else "work", after=after, timeout=CALL_SECONDS)
        for letter, after in (("a", "first"), ("b", "a1 a2 a3"))
        for n in (1, 2, 3)
    ]
    stage.plan(first, *middle, last)


def kill_while_it_works(worker: Running) -> int:
    """As soon as it holds at least three steps and plans are made; how many it held."""
    mine = Step.objects.filter(state="running", claim__contains=f"-{worker.pid}-")
    owed = Plan.objects.filter(state=Plan.State.OWED)
    wait_until(lambda: mine.count() >= 3 and not owed.exists(), 60, "it holds several steps")
    worker.kill()
    return mine.count()


def work_and_die(stage: Stage, processes: Processes, orders: int, **env: str) -> int:
    worker = processes.manage("worker", database=stage.url, **env, **SHORT)
    wait_until(lambda: Plan.objects.count() == orders, 60, "it has heard of the orders")
    return kill_while_it_works(worker)


def storm(stage: Stage, processes: Processes, simulator: Simulator, **env: str) -> None:
    set_up(stage, simulator)
    place = processes.start([sys.executable, "-m", "tests.storms.place", str(ORDERS)], DATABASE_URL=stage.url, **env)
    held = work_and_die(stage, processes, ORDERS, **env)
    place.signal(signal.SIGUSR1)
    held += work_and_die(stage, processes, 2 * ORDERS, **env)
    lost = Attempt.objects.filter(outcome="started").count()
    assert lost >= held >= 6
    processes.manage("sweeper", database=stage.url, **env)
    stage.wait_for_orders("completed", timeout=60)
    assert Step.objects.filter(state="done").count() == 2 * ORDERS * 8
    stage.check(simulator)


@pytest.mark.redis
def test_all_complete_on_postgresql_with_redis(
    fresh_database: Callable[[str], str], processes: Processes, simulator: Simulator, broker: Broker,
    django_db_blocker: Any,
) -> None:  # fmt: skip
    with Stage(fresh_database("postgresql"), django_db_blocker).entered() as stage:
        storm(stage, processes, simulator, CELERY_BROKER_URL=broker.url)


def test_all_complete_on_sqlite_with_the_file_system(
    small_stage: Stage, processes: Processes, simulator: Simulator, tmp_path: Path
) -> None:
    storm(small_stage, processes, simulator, CELERY_BROKER_URL="filesystem://", VAR_DIR=str(tmp_path / "var"))
