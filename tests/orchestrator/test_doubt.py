"""A call that may have been made stays in doubt until its target or a person has told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from orchestrator import bulkheads
from orchestrator.connectors.base import Done, Misconfigured, OutcomeUnknown, Permanent
from orchestrator.fallout import fallout_retry
from orchestrator.models import Attempt, Fallout, Step, Target
from tests.orchestrator.conftest import item, place, shown, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_failures import one_step, raises, work_through_time

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def mended() -> None:
    """An operator has put the target right, and lets the only live fallout's step go on."""
    Target.objects.update(credentials="")
    bulkheads._mine.clear()
    fallout_retry(fallout_id=Fallout.objects.get(state="open").pk, actor="olga", reason="mended")
    work_through_time()


def lose_its_worker() -> None:
    """As if the worker that called it had been killed."""
    Step.objects.update(state="running", lease_until=LONG_AGO, fence=1)


def test_it_asks_again_when_the_look_up_was_refused(target: Target, bss: Client, ledger: Ledger) -> None:
    Target.objects.update(delivery="queryable")
    one_step()
    ledger.scripts["a"] = [raises(OutcomeUnknown("connection lost"))]
    ledger.looks = [raises(Misconfigured("no token")), lambda task: Done({})]
    order_id = place(bss, item("1", "Line"))
    work_through_time()
    assert Fallout.objects.get().category == "configuration"
    mended()
    assert shown(bss, order_id)["state"] == "completed"
    assert (len(ledger.looked_up), ledger.applied) == (2, [])


def test_it_asks_a_person_when_an_unusable_target_may_have_acted(target: Target, bss: Client, ledger: Ledger) -> None:
    Target.objects.update(delivery="at_most_once", state="paused")
    one_step()
    place(bss, item("1", "Line"))
    work()
    lose_its_worker()
    Target.objects.update(state="open", credentials="env:NO_SUCH_SECRET")
    bulkheads._mine.clear()
    work()
    assert [*Fallout.objects.values_list("category", "state")] == [("configuration", "open")]
    mended()
    assert Fallout.objects.get(state="open").category == "unknown_outcome"
    assert ledger.applied == []
    mended()
    assert (Step.objects.get().state, len(ledger.applied)) == ("done", 1)


def test_a_repaired_request_keeps_its_key(target: Target, bss: Client, ledger: Ledger) -> None:
    """Nobody was asked: there is no refusal that the target could remember, and a lost call of that key might be."""
    one_step(request={"name": "${service.characteristics.speed}"})
    place(bss, item("1", "Line"))
    work()
    assert Fallout.objects.get().category == "data"
    before = Step.objects.get().operation_key
    fallout_retry(fallout_id=Fallout.objects.get().pk, actor="olga", reason="")
    assert Step.objects.get().operation_key == before


def test_a_refusal_after_a_lost_call_keeps_the_key(target: Target, bss: Client, ledger: Ledger) -> None:
    """Whoever refused may not be whoever acted: a gateway's 403 says nothing of the call before."""
    one_step()
    ledger.scripts["a"] = [raises(OutcomeUnknown("connection lost")), raises(Permanent("forbidden"))]
    order_id = place(bss, item("1", "Line"))
    work_through_time()
    assert (Fallout.objects.get().category, Step.objects.get().in_doubt) == ("refused", True)
    mended()
    assert shown(bss, order_id)["state"] == "completed"
    assert len({*Attempt.objects.values_list("operation_key", flat=True)}) == 1
