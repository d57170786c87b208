"""The probes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client

from tests.processes import Processes
from tmf.models import Process

pytestmark = pytest.mark.django_db


def test_it_is_healthy_whoever_asks(client: Client) -> None:
    answer = client.get("/healthz", headers={"host": "10.1.2.3"})
    assert answer.status_code == 200


def test_it_is_not_ready_without_anybody_who_works(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["worker or sweeper"]
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", ["worker", "sweeper"])
def test_it_is_ready_with_one_of_them(client: Client, kind: str) -> None:
    Process.objects.create(id="one", kind=kind)
    assert client.get("/readyz").status_code == 200


def test_a_signal_grows_old(client: Client) -> None:
    Process.objects.create(id="one", kind="worker")
    Process.objects.update(seen_at=Now() - timedelta(seconds=60))
    assert client.get("/readyz").status_code == 503


def test_it_says_that_the_database_is_missing(processes: Processes) -> None:
    script = "import django; django.setup(); from tmf.health import readiness; print(readiness())"
    running = processes.start([sys.executable, "-c", script], DATABASE_URL="postgres://nobody@127.0.0.1:1/x")
    assert running.wait() == 0, running.output()
    assert "'database': False" in running.output()


def test_it_reads_signals_on_sqlite_too(fresh_database: Callable[[str], str], processes: Processes) -> None:
    script = (
        "import django; django.setup(); from tmf.models import Process; from tmf.health import readiness;"
        "Process.objects.create(id='1', kind='worker'); print(readiness());"
        "from django.db.models.functions import Now; from datetime import timedelta;"
        "Process.objects.update(seen_at=Now() - timedelta(seconds=60)); print(readiness())"
    )
    running = processes.start([sys.executable, "-c", script], DATABASE_URL=fresh_database("sqlite"))
    assert running.wait() == 0, running.output()
    assert [line.count("True") for line in running.output().splitlines()] == [3, 2]
