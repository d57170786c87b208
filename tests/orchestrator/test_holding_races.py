"""Two who move the same order item at once: each waits for the other, and both are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client

from orchestrator import execute
from orchestrator.calls import Failure, Outcome
from orchestrator.claim import claim_due
from orchestrator.fallout import fallout_retry
from orchestrator.intake import decompose_due
from orchestrator.models import Fallout, Target
from orchestrator.settle import settle
from tests.orchestrator.conftest import definition, item, place, shown, specification
from tests.storms.invariants import violations
from tests.waiting import wait_until
from tmf.dispatch import dispatch_due

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def refusals(target: Target, bss: Client) -> list[Outcome]:
    """Two steps of one item were called and refused; nobody has settled that yet."""
    specification("Line")
    definition("Line", *({"key": key, "target": "lab", "request": {"name": key}} for key in ("a", "b")))
    place(bss, item("1", "Line"))
    dispatch_due()
    decompose_due()
    failure = Failure(Fallout.Category.REFUSED, "no", "no such port")
    return [Outcome(claimed, failure=failure) for claimed in claim_due(10)]


@contextmanager
def uncommitted(act: Callable[[], Any]) -> Iterator[None]:
    """Another connection has done it, and commits when the block ends."""
    done, leave = threading.Event(), threading.Event()

    def run() -> None:
        with transaction.atomic():
            act()
            done.set()
            assert leave.wait(20)
        connections.close_all()

    rival = threading.Thread(target=run)
    rival.start()
    assert done.wait(20)
    try:
        yield
    finally:
        leave.set()
        rival.join()


def meanwhile(act: Callable[[], Any]) -> threading.Thread:
    """Begins it in a thread of its own and comes back once it waits for a lock."""

    def run() -> None:
        act()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(somebody_waits, 20, "it waits for the other one's lock")
    return thread


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.postgresql
def test_both_of_two_steps_that_fall_out_at_once_say_why(refusals: list[Outcome], bss: Client) -> None:
    first, second = refusals
    with uncommitted(lambda: settle.__wrapped__([first])):  # type: ignore[attr-defined]
        thread = meanwhile(lambda: execute._settle([second]))
    thread.join()
    assert [*Fallout.objects.values_list("category", "state")] == [("refused", "open")] * 2
    assert [*violations(only=("tallies", "achieved", "fallouts", "steps"))] == []


@pytest.mark.postgresql
def test_an_item_that_is_let_go_stays_held_when_another_step_falls_out_meanwhile(
    refusals: list[Outcome], bss: Client
) -> None:
    first, second = refusals
    settle([first])
    repaired = Fallout.objects.get().pk
    with uncommitted(lambda: settle.__wrapped__([second])):  # type: ignore[attr-defined]
        thread = meanwhile(lambda: fallout_retry(fallout_id=repaired, actor="olga", reason="port added"))
    thread.join()
    assert shown(bss, refusals[0].claimed.order_id)["state"] == "held"
    assert [*violations(only=("tallies", "achieved", "fallouts"))] == []
