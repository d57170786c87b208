"""The pump among adversities: the end of its process, an outage, connectors that keep no deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from orchestrator import bulkheads, execute
from orchestrator.bulkheads import Held
from orchestrator.calls import Outcome, Route, perform
from orchestrator.claim import Claimed, claim_due
from orchestrator.connectors.base import Done, Task
from orchestrator.execute import Pump, drive_due
from orchestrator.intake import decompose_due
from orchestrator.models import Attempt, Fallout, FulfilmentItem, Step, Target
from orchestrator.settle import settle
from tests.orchestrator.conftest import definition, item, place, specification, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_failures import one_step
from tests.rivals import rival_before
from tests.storms.invariants import violations
from tests.waiting import wait_until
from tmf import processes
from tmf.clock import in_
from tmf.dispatch import dispatch_due
from tmf.models import JournalEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    event = threading.Event()
    monkeypatch.setattr(processes, "stopping", event)
    return event


@pytest.fixture
def open_end() -> Iterator[threading.Event]:
    """Lets go whoever still waits for it when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def planned(bss: Client) -> None:
    """An order whose steps are due and not yet claimed."""
    place(bss, item("1", "Line"))
    dispatch_due()
    decompose_due()


@pytest.mark.parametrize("delivery", ["idempotent", "at_most_once"])
def test_a_process_that_shall_end_gives_back_what_it_has_not_begun(
    target: Target, bss: Client, ledger: Ledger, stopping: threading.Event, delivery: str
) -> None:
    """Untouched: it counts as no attempt, and nobody is asked whether it was done."""
    Target.objects.update(delivery=delivery, concurrency=1)
    specification("Line")
    once = {"target": "lab", "retry": {"attempts": 1}}
    definition("Line", *({"key": k, "request": {"name": k}, **once} for k in ("a", "b", "c")))
    planned(bss)

    def told_to_end(task: Task) -> Done:
        stopping.set()
        return Done()

    ledger.scripts["a"] = [told_to_end]
    assert drive_due() == 3
    assert ledger.names() == ["a"]
    left = Step.objects.exclude(state="done")
    assert {*left.values_list("state", "attempts", "in_doubt", "claim")} == {("ready", 0, False, "")}
    stopping.clear()
    work()
    assert (sorted(ledger.names()), Fallout.objects.count()) == (["a", "b", "c"], 0)
    assert Attempt.objects.count() == 5


def test_what_a_call_brought_is_written_when_the_database_is_back(
    target: Target, bss: Client, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_step()
    planned(bss)
    away, original = threading.Event(), claim_due

    def claim(*args: Any, **more: Any) -> list[Claimed]:
        if bulkheads.bulkheads().held and not away.is_set():
            away.set()
            raise OperationalError("the connection is lost")
        return original(*args, **more)

    def outlasts(task: Task) -> Done:
        assert away.wait(10)
        return Done()

    ledger.scripts["a"] = [outlasts]
    monkeypatch.setattr(execute, "claim_due", claim)
    drive_due()
    assert [*Step.objects.values_list("state", "fence")] == [("done", 1)]


def test_an_outage_with_nothing_under_way_is_told_to_whoever_drives(
    target: Target, bss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim(*args: Any, **more: Any) -> list[Claimed]:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(execute, "claim_due", claim)
    with pytest.raises(OperationalError):
        drive_due()


def test_a_call_that_keeps_no_deadline_becomes_an_unknown_outcome(
    target: Target, bss: Client, ledger: Ledger, settings: Any, open_end: threading.Event
) -> None:
    """Otherwise its step would be held for as long as its process lives, and nobody told."""
    settings.ENV = settings.ENV.model_copy(update={"LEASE_MARGIN_SECONDS": 0.3})
    Target.objects.update(delivery="at_most_once")
    one_step(timeout=0.1, retry={"attempts": 2, "backoff": 0.001})
    planned(bss)

    def hangs(task: Task) -> Done:
        open_end.wait(10)
        return Done()

    ledger.scripts["a"] = [hangs]
    drive_due()
    wait_until(lambda: drive_due() or Fallout.objects.exists(), 5, "it is claimed again, in doubt")
    assert Attempt.objects.earliest("id").message.startswith("the connector did not come back")
    assert (Fallout.objects.get().category, ledger.applied) == ("unknown_outcome", [])
    open_end.set()
    wait_until(lambda: drive_due() == 0 and not bulkheads.bulkheads()._counts["lab"], 5, "its thread is free again")
    assert Step.objects.get().state == "held"


@pytest.mark.parametrize("end", [SystemExit, GeneratorExit])
def test_whatever_ends_a_connectors_thread_has_an_outcome(
    target: Target, bss: Client, ledger: Ledger, end: type[BaseException]
) -> None:
    def ends(task: Task) -> Done:
        raise end

    one_step()
    planned(bss)
    ledger.scripts["a"] = [ends]
    [claimed] = claim_due(1)
    route = Route(bulkheads.NOBODY)
    assert perform(claimed, route, "").reason.code == "bug"


def test_a_claim_that_waits_for_a_thread_of_its_target_is_renewed(
    target: Target, bss: Client, ledger: Ledger, settings: Any
) -> None:
    settings.ENV = settings.ENV.model_copy(update={"LEASE_MARGIN_SECONDS": 0.3})
    Target.objects.update(concurrency=1)
    specification("Line")
    definition("Line", *({"key": k, "target": "lab", "request": {"name": k}} for k in ("a", "b")))
    planned(bss)

    def outlasts(task: Task) -> Done:
        waiting = Step.objects.filter(key="b", state="running")
        before = waiting.get().lease_until
        wait_until(waiting.filter(lease_until__gt=before).exists, 5, "the other's lease has grown")
        connections.close_all()
        return Done()

    ledger.scripts["a"] = [outlasts]
    assert drive_due() == 2
    assert [*Step.objects.values_list("state", "fence")] == [("done", 1)] * 2


def test_a_lost_claim_costs_the_others_no_renewal(target: Target, bss: Client) -> None:
    specification("Line")
    definition("Line", *({"key": k, "target": "lab", "request": {"name": k}} for k in ("a", "b")))
    planned(bss)
    lost, kept = (Held(claimed, time.monotonic()) for claimed in claim_due(2))
    Step.objects.filter(pk=lost.claimed.id).update(fence=9)
    calls = bulkheads.Bulkheads()
    calls.held = {(each.claimed.id, each.claimed.fence): each for each in (lost, kept)}
    before, pump = Step.objects.get(pk=kept.claimed.id), Pump(calls, 0.0)
    pump._renewed = float("-inf")
    pump._renew()
    assert (lost.is_long_enough, kept.is_long_enough) == (False, True)
    assert Step.objects.filter(pk=kept.claimed.id, lease_until__gt=before.lease_until).exists()


@pytest.mark.postgresql
@pytest.mark.parametrize("moment", ["settle._write_attempts", "settle._finish_plans"])
def test_a_connection_that_breaks_while_outcomes_are_written_costs_nothing(
    target: Target, bss: Client, ledger: Ledger, moment: str
) -> None:
    def breaks() -> None:
        with connection.cursor() as cursor, suppress(OperationalError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    one_step()
    planned(bss)
    with rival_before(f"orchestrator.{moment}", breaks):
        assert drive_due() == 1
    assert [*Step.objects.values_list("state", "fence")] == [("done", 1)]
    assert (ledger.names(), Attempt.objects.get().outcome) == (["a"], "done")
    work()  # the events are handed on
    assert [*violations()] == []


def test_a_commit_whose_word_was_lost_is_not_written_again(
    target: Target, bss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was committed nobody can tell: it is tried again, and finds the claim gone."""
    said: list[str] = []

    def loses_the_word(outcomes: list[Outcome]) -> int:
        count = settle(outcomes)
        if not said:
            said.append("lost")
            raise OperationalError("the connection broke")
        return count

    specification("Line")
    definition("Line", *({"key": k, "target": "lab", "request": {"name": k}} for k in ("a", "b")))
    planned(bss)
    Step.objects.filter(key="b").update(due_at=in_(600))
    monkeypatch.setattr(execute, "settle", loses_the_word)
    drive_due()
    assert dict(Step.objects.values_list("key", "state")) == {"a": "done", "b": "ready"}
    assert FulfilmentItem.objects.get().steps_open == 1
    assert JournalEntry.objects.filter(entity="Step", after="discarded").count() == 1
