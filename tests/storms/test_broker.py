"""The broker flushed, away, and absent while a hundred orders run: it costs latency, never an order."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from orchestrator.models import Attempt, Step
from ordering.models import OrderState, ServiceOrder
from tests.broker import Broker
from tests.processes import Processes
from tests.simulator import Simulator
from tests.storms.stage import Stage, step
from tests.waiting import wait_until
from tmf.models import Process

ORDERS = 100
PAUSE = 0.02  # between two orders, seconds


def set_up(stage: Stage, simulator: Simulator) -> None:
    stage.target("work", simulator, "mode=repeats", delivery="queryable")
    stage.plan(step("one"), step("two", after="one"), step("three", after="two"))


def wait_for_completed(count: int, timeout: float = 60.0) -> None:
    completed = ServiceOrder.objects.filter(state=OrderState.COMPLETED)
    wait_until(lambda: completed.count() >= count, timeout, f"{count} orders are completed")


@pytest.mark.redis
def test_orders_complete_while_the_broker_is_flushed_and_away_and_the_worker_survives(
    fresh_database: Callable[[str], str], processes: Processes, simulator: Simulator, broker: Broker,
    django_db_blocker: Any,
) -> None:  # fmt: skip
    with Stage(fresh_database("postgresql"), django_db_blocker).entered() as stage:
        set_up(stage, simulator)
        env = {"CELERY_BROKER_URL": broker.url}
        worker = processes.manage("worker", database=stage.url, **env)
        processes.manage("sweeper", database=stage.url, **env)
        command = [sys.executable, "-m", "tests.storms.place", str(ORDERS), str(PAUSE)]
        placing = processes.start(command, DATABASE_URL=stage.url, **env)
        for count in (10, 25, 40):
            wait_for_completed(count)
            broker.flush()
        wait_for_completed(55)
        broker.stop()
        wait_for_completed(ORDERS)
        broker.start()
        back = timezone.now()
        placing.signal(signal.SIGUSR1)
        by_worker = Attempt.objects.filter(owner__contains=f"-{worker.pid}-")
        wait_until(lambda: by_worker.filter(started_at__gt=back).exists(), 30, "the worker hears the broker again")
        wait_for_completed(2 * ORDERS)
        assert worker.alive
        stage.wait_for_quiet()
        assert Step.objects.filter(state="done").count() == 2 * ORDERS * 3
        stage.check(simulator)


def test_orders_complete_without_any_broker(stage: Stage, processes: Processes, simulator: Simulator) -> None:
    set_up(stage, simulator)
    processes.manage("sweeper", database=stage.url, CELERY_BROKER_URL="none")
    wait_until(lambda: Process.objects.count() == 1, 30, "it is alive")
    stage.order(ORDERS)
    wait_for_completed(ORDERS)
    stage.wait_for_quiet()
    assert Step.objects.filter(state="done").count() == ORDERS * 3
    assert Attempt.objects.values("owner").distinct().count() == 1
    stage.check(simulator)
