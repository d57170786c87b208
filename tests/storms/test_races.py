"""Workers and sweepers that all want the same steps: each operation is applied once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.models import Attempt, FulfilmentItem, Step
from ordering.models import ServiceOrder
from tests.broker import Broker
from tests.processes import Processes
from tests.simulator import Simulator
from tests.storms.ledger import operations
from tests.storms.stage import Stage, step
from tests.waiting import wait_until
from tmf.models import Process

EAGER = {"CELERY_BROKER_URL": "none", "SWEEP_SECONDS": "0.02"}  # sweepers that leave the workers no head start


def set_up(stage: Stage, simulator: Simulator) -> None:
    """1 → 4 → 4 → 1; the target does again whatever it is asked again."""
    stage.target("work", simulator, "mode=repeats", delivery="queryable")
    first = [step(f"a{n}", after="first") for n in range(4)]
    second = [step(f"b{n}", after="a0 a1 a2 a3") for n in range(4)]
    stage.plan(step("first"), *first, *second, step("last", after="b0 b1 b2 b3"))


def race(stage: Stage, processes: Processes, simulator: Simulator, orders: int, **env: str) -> None:
    set_up(stage, simulator)
    for _ in range(2):
        processes.manage("worker", database=stage.url, CLAIM_BATCH="5", **env)
    for _ in range(3):
        processes.manage("sweeper", database=stage.url, CLAIM_BATCH="5", **EAGER)
    wait_until(lambda: Process.objects.count() == 5, 60, "all are alive")
    processes.start([sys.executable, "-m", "tests.storms.place", str(orders)], DATABASE_URL=stage.url, **env)
    applied_once(stage, simulator, orders)


def applied_once(stage: Stage, simulator: Simulator, orders: int) -> None:
    completed = ServiceOrder.objects.filter(state="completed")
    wait_until(lambda: completed.count() == orders, 90, "all orders are completed")
    stage.wait_for_quiet()
    known = operations(simulator)
    assert {key: (each["requests"], each["applications"]) for key, each in known.items()} == {
        step.operation_key: (1, 1) for step in Step.objects.all()
    }
    assert Attempt.objects.count() == len(known) == orders * 10
    assert Attempt.objects.values("owner").distinct().count() >= 3, "it was a race"
    assert {*FulfilmentItem.objects.values_list("state", "steps_open", "tree_open")} == {("done", 0, 0)}
    assert {*ServiceOrder.objects.values_list("n_completed", "n_in_progress", "n_acknowledged")} == {(1, 0, 0)}
    stage.check(simulator)


@pytest.mark.redis
def test_each_operation_is_applied_once_on_postgresql(
    fresh_database: Callable[[str], str], processes: Processes, simulator: Simulator, broker: Broker,
    django_db_blocker: Any,
) -> None:  # fmt: skip
    with Stage(fresh_database("postgresql"), django_db_blocker).entered() as stage:
        race(stage, processes, simulator, 60, CELERY_BROKER_URL=broker.url)


def test_each_operation_is_applied_once_on_sqlite(
    small_stage: Stage, processes: Processes, simulator: Simulator, tmp_path: Path
) -> None:
    race(small_stage, processes, simulator, 20, CELERY_BROKER_URL="filesystem://", VAR_DIR=str(tmp_path / "var"))
