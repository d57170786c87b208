"""How long a single order takes on an idle system, from its POST over HTTP to completed. Prints the figures."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from django.conf import settings

from ordering.models import ServiceOrder
from tests.broker import Broker
from tests.helpers import token_of
from tests.postgres import free_port
from tests.processes import Processes
from tests.simulator import Simulator
from tests.storms.stage import Stage, document, step
from tests.waiting import wait_until
from tmf.models import Process

ORDERS = 7


class Web:
    """A started gunicorn and a client of it."""

    def __init__(self, processes: Processes, stage: Stage, **env: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/{settings.API_PREFIXES['ordering']}/v4/serviceOrder"
        self._token = token_of("acme", settings.BSS_SCOPES)
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"]
        processes.start(command, DATABASE_URL=stage.url, PORT=str(port), WEB_WORKERS="1", **env)
        wait_until(lambda: self._answers(f"http://127.0.0.1:{port}/healthz"), 60, "it answers")

    def _answers(self, url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def post(self) -> str:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url, json.dumps(document()).encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["id"])


def seconds(web: Web) -> float:
    """From before the POST until the order is completed."""
    began = time.monotonic()
    order = ServiceOrder.objects.filter(pk=web.post(), state="completed")
    wait_until(order.exists, 20, "the order is completed", pause=0.005)
    return time.monotonic() - began


def measure(stage: Stage, processes: Processes, simulator: Simulator, *verbs: str, **env: str) -> float:
    """The least, once everything is warm: on a machine that others use it is the nearest to an idle one's."""
    stage.target("work", simulator)
    stage.plan(step("one"), step("two", after="one"), step("three", after="two"))
    for verb in verbs:
        processes.manage(verb, database=stage.url, **env)
    web = Web(processes, stage, **env)
    wait_until(lambda: Process.objects.count() == len(verbs), 30, "they are alive")
    for _ in range(2):
        seconds(web)
    taken = sorted(seconds(web) for _ in range(ORDERS))
    told = f"{min(taken) * 1000:.0f}/{median(taken) * 1000:.0f}/{max(taken) * 1000:.0f} ms (least, median, most)"
    print(f"\nPOST to completed, 3 steps, {' and '.join(verbs)}: {told}")
    stage.check(simulator)
    return min(taken)


@pytest.mark.redis
def test_with_a_broker_it_completes_at_once(
    fresh_database: Callable[[str], str], processes: Processes, simulator: Simulator, broker: Broker,
    django_db_blocker: Any,
) -> None:  # fmt: skip
    with Stage(fresh_database("postgresql"), django_db_blocker).entered() as stage:
        assert measure(stage, processes, simulator, "worker", "sweeper", CELERY_BROKER_URL=broker.url) < 1.0


def test_without_a_broker_it_completes_within_a_few_sweeps(
    fresh_database: Callable[[str], str], processes: Processes, simulator: Simulator, django_db_blocker: Any
) -> None:
    with Stage(fresh_database("postgresql"), django_db_blocker).entered() as stage:
        assert measure(stage, processes, simulator, "sweeper", CELERY_BROKER_URL="none") < 1.5
