"""Sweepers as real processes: everything completes without a broker, and whatever fails is survived."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import OperationalError

from tests.broker import Broker, Door
from tests.processes import Processes
from tests.tmf.listener import listening, slowly
from tests.tmf.test_worker import chat, flows, told
from tests.waiting import wait_until
from tmf import processes as own_process
from tmf import sweeper
from tmf.models import Process

Fresh = Callable[[str], str]


def count(processes: Processes, database: str, what: str) -> str:
    """An expression over tmf.models in that database, evaluated in a process of its own."""
    script = f"import django; django.setup(); from tmf.models import *; print('answer', {what})"
    asked = processes.start([sys.executable, "-c", script], DATABASE_URL=database)
    assert asked.wait(30) == 0
    return asked.output().partition("answer ")[2].strip()


def test_it_completes_everything_without_a_broker(processes: Processes, database: str) -> None:
    with listening() as listener:
        sweeper_process = processes.manage("sweeper", database=database)
        chatter = chat(processes, database, 15, listener.url)
        assert chatter.wait(60) == 0
        wait_until(lambda: len(listener.accepted) == 15, 20)
        flowing = [owed for _, owed, _ in told(chatter)]
        assert max(flowing[-8:]) <= 6  # events are 0.1 s apart, sweeps 0.25 s
        assert sweeper_process.stop() == 0
    assert len(listener.heard) == 15
    assert count(processes, database, "Process.objects.count()") == "0"


def test_once_it_ends_when_nothing_is_due(processes: Processes, fresh_database: Fresh) -> None:
    database = fresh_database("sqlite")
    with listening() as listener:
        assert chat(processes, database, 3, listener.url).wait(60) == 0
        once = processes.manage("sweeper", "--once", database=database)
        assert once.wait(60) == 0
    assert "6 settled" in once.output()  # three events, three deliveries
    assert len(listener.heard) == 3


@pytest.mark.redis
@pytest.mark.parametrize("verb", ["sweeper", "worker"])
def test_told_to_end_it_finishes_what_is_under_way_and_begins_nothing(
    verb: str, processes: Processes, broker: Broker, fresh_database: Fresh
) -> None:
    database = fresh_database("postgresql")
    with listening(slowly(1.5)) as listener:
        process = processes.manage(verb, database=database, CELERY_BROKER_URL=broker.url)
        chat(processes, database, 300, listener.url, CELERY_BROKER_URL=broker.url)
        wait_until(lambda: listener.heard, 40)
        process.signal(signal.SIGTERM)
        assert process.wait(15) == 0
        heard = len(listener.heard)
        assert len(listener.accepted) == heard
    assert count(processes, database, "Delivery.objects.filter(state='delivered').count()") == str(heard)
    assert count(processes, database, "Delivery.objects.exclude(lease_until=None).count()") == "0"


@pytest.mark.redis
def test_sweepers_and_workers_together_deliver_everything_once(
    processes: Processes, broker: Broker, fresh_database: Fresh
) -> None:
    database = fresh_database("postgresql")
    with listening() as listener:
        for verb in ("sweeper", "worker", "sweeper", "worker"):
            processes.manage(verb, database=database, CELERY_BROKER_URL=broker.url)
        chatter = chat(processes, database, 40, listener.url, CELERY_BROKER_URL=broker.url)
        assert chatter.wait(90) == 0
        wait_until(lambda: len(listener.accepted) >= 40, 20)
    assert len(listener.heard) == 40


def test_it_survives_an_outage_of_the_database(processes: Processes, fresh_database: Fresh) -> None:
    database = fresh_database("postgresql")
    parts = urlsplit(database)
    door = Door(parts.hostname or "", parts.port or 5432)
    login = parts.netloc.rpartition("@")[0]
    through = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{door.port}"))
    sweeping = processes.manage("sweeper", database=through)
    chatter = chat(processes, database, 2000)
    flows(chatter, 60)
    door.close()
    wait_until(lambda: told(chatter)[-1][1] > 10, 30)
    wait_until(lambda: "sweeper.database_failed" in sweeping.output(), 30)
    door.open()
    flows(chatter)
    assert sweeping.stop() == 0
    door.close()


# -- inside ------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_verb_that_fails_harms_no_other(settings: Any) -> None:
    done: list[str] = []

    def works(patience: float) -> int:
        done.append("works")
        return 1 if len(done) == 1 else 0

    def fails(patience: float) -> int:
        raise OperationalError("gone")

    sweeps = [sweeper.Sweep("fails", fails), sweeper.Sweep("works", works)]
    assert [sweep.work(0.0) for sweep in sweeps] == [0, 1]


@pytest.mark.django_db
def test_it_is_patient_only_with_a_broker_and_a_live_worker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "ASK_SECONDS", -1.0)
    assert sweeper.patience() == 0.0
    settings.BROKER_URL = "redis://"
    assert sweeper.patience() == 0.0
    Process.objects.create(id="w", kind="worker")
    assert sweeper.patience() == sweeper.HEAD_START_SECONDS


@pytest.mark.django_db(transaction=True)
def test_a_process_shows_that_it_lives_and_takes_its_row_away() -> None:
    with own_process.alive("worker"):
        wait_until(lambda: Process.objects.filter(pk=own_process.own_id(), kind="worker").exists())
        assert own_process.is_alive("worker")
        assert not own_process.is_alive("sweeper")
    assert not Process.objects.exists()
