"""Cancellations that cross whatever else happens to the order at that moment; rivals have their own connections."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import OperationalError
from django.test import Client

from inventory.models import Service
from orchestrator.cancel import cancel_due
from orchestrator.connectors.base import Permanent
from orchestrator.execute import drive_due
from orchestrator.fallout import fallout_retry
from orchestrator.intake import decompose_due
from orchestrator.models import Fallout, Plan, Step, Target
from tests.orchestrator.cancelling import ask, cancel_of, go_on, line, states_told, step, types_told
from tests.orchestrator.conftest import ORDERS, item, place, shown, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_cancel_verdict import cancelled
from tests.orchestrator.test_failures import accepts, raises
from tests.racing import at_once
from tests.rivals import rival_before
from tests.storms.invariants import violations
from tmf.dispatch import dispatch_due
from tmf.errors import Conflict

pytestmark = pytest.mark.django_db(transaction=True)


def ended(bss: Client, order_id: str, task_id: str) -> None:
    cancelled(bss, order_id, task_id)
    assert states_told(task_id) == ["accepted", "inProgress", "done"]


def test_two_workers_cancel_once(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a"))
    ledger.scripts["b"] = [raises(Permanent("no"))] * 3
    tasks = []
    for _ in range(3):
        order_id = place(bss, item("1", "Line"))
        work()
        tasks.append((order_id, ask(bss, order_id)))
    dispatch_due()
    for _ in range(6):
        at_once(cancel_due, cancel_due, cancel_due)
        drive_due()
    for order_id, task_id in tasks:
        ended(bss, order_id, task_id)
        assert types_told(order_id).count("ServiceOrderStateChangeEvent") == len(states_told(order_id)) - 1
    assert sorted(ledger.names()) == ["a"] * 3 + ["una"] * 3
    assert Step.objects.filter(mode="undo").count() == 3


@pytest.mark.parametrize("first", ["cancel", "plan"])
def test_it_crosses_the_planning(target: Target, bss: Client, ledger: Ledger, first: str) -> None:
    line(step("a"))
    order_id = place(bss, item("1", "Line"))
    dispatch_due()
    task_id = ask(bss, order_id)
    moment = "orchestrator.intake._make_together" if first == "cancel" else "orchestrator.cancel._pass"
    verb, rival = (decompose_due, cancel_due) if first == "cancel" else (cancel_due, decompose_due)
    with rival_before(moment, partial(at_once, rival)):
        verb()
    ended_at_once = cancel_of(bss, task_id)["state"] == "done"
    assert ended_at_once
    ended(bss, order_id, task_id)
    assert Step.objects.count() == (0 if first == "cancel" else 1)
    go_on()
    assert ledger.applied == []


def test_planning_and_cancelling_at_once(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"))
    for _ in range(5):
        order_id = place(bss, item("1", "Line"))
        dispatch_due()
        task_id = ask(bss, order_id)
        at_once(decompose_due, cancel_due)
        go_on()
        assert cancel_of(bss, task_id)["state"] == "done"
        assert shown(bss, order_id)["state"] in ("cancelled", "completed")


def test_it_is_judged_again_when_its_steps_are_being_written(target: Target, bss: Client, ledger: Ledger) -> None:
    """Whoever settles a step at this moment is not waited for: nothing of the judgement remains."""
    line(step("a"))
    Target.objects.update(state="paused")
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)

    def busy() -> None:
        raise OperationalError("could not obtain lock")

    with rival_before("orchestrator.cancel._held", busy):
        assert cancel_due() == 0
    assert cancel_of(bss, task_id)["state"] == "accepted"
    assert shown(bss, order_id)["state"] == "inProgress"
    go_on()
    ended(bss, order_id, task_id)


def test_a_claim_that_comes_first_is_waited_for(target: Target, bss: Client, ledger: Ledger) -> None:
    """The step is claimed, and its target called, just before the order is judged."""
    line(step("a"), step("b", after="a"))
    ledger.scripts["a"] = [accepts]
    order_id = place(bss, item("1", "Line"))
    dispatch_due()
    decompose_due()
    task_id = ask(bss, order_id)
    with rival_before("orchestrator.cancel._pass", partial(at_once, drive_due)):
        cancel_due()
    assert shown(bss, order_id)["state"] == "pendingCancellation"
    Plan.objects.update(grace_until="2020-01-01T00:00:00Z")
    go_on()
    ended(bss, order_id, task_id)
    assert ledger.names() == ["a", "una"]


@pytest.mark.postgresql  # on SQLite the claim already holds the one writer's place
def test_a_claim_that_comes_after_finds_nothing(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"))
    order_id = place(bss, item("1", "Line"))
    dispatch_due()
    decompose_due()
    task_id = ask(bss, order_id)
    with rival_before("orchestrator.claim._won", partial(at_once, cancel_due)):
        drive_due()
    ended(bss, order_id, task_id)
    assert ledger.applied == []


def test_claims_and_cancellations_at_once(target: Target, bss: Client, ledger: Ledger) -> None:
    """Whatever wins: what was done is taken back, or the order had ended."""
    line(step("a"), step("b", after="a"))
    orders = []
    for _ in range(4):
        order_id = place(bss, item("1", "Line"))
        dispatch_due()
        decompose_due()
        task_id = ask(bss, order_id)
        at_once(drive_due, cancel_due)
        go_on()
        orders.append(order_id)
        assert cancel_of(bss, task_id)["state"] == "done"
    for order_id in orders:
        mine = [t for t in ledger.applied if t.operation_key.startswith(order_id)]
        done, undone = [t for t in mine if not t.undoing], [t for t in mine if t.undoing]
        if shown(bss, order_id)["state"] == "completed":
            assert (len(done), len(undone)) == (2, 0)
            assert Service.objects.filter(order_id=order_id, state="active").count() == 1
        else:
            assert shown(bss, order_id)["state"] == "cancelled"
            assert len(done) == len(undone)
            assert not Service.objects.filter(order_id=order_id).exists()


def test_many_steps_end_while_it_is_judged(target: Target, bss: Client, ledger: Ledger) -> None:
    """A whole row of steps that wake each other, and cancellations in between: nobody is left locked out."""
    keys = [f"s{number}" for number in range(30)]
    line(*(step(key, after=" ".join(keys[max(0, n - 3) : n])) for n, key in enumerate(keys)))
    order_id = place(bss, item("1", "Line"))
    dispatch_due()
    decompose_due()
    task_id = ask(bss, order_id)
    at_once(drive_due, cancel_due, cancel_due)
    go_on()
    assert cancel_of(bss, task_id)["state"] == "done"
    done = [name for name in ledger.names() if not name.startswith("un")]
    undone = [name[2:] for name in ledger.names() if name.startswith("un")]
    if shown(bss, order_id)["state"] == "cancelled":
        assert undone == done[::-1]
    else:
        assert (len(done), undone) == (30, [])
    assert [*violations()] == []


@pytest.mark.parametrize("first", [pytest.param("cancel", marks=pytest.mark.postgresql), "hold"])
def test_it_crosses_the_consumer_s_hold(target: Target, bss: Client, ledger: Ledger, first: str) -> None:
    line(step("a"), step("b", after="a"))
    ledger.scripts["a"] = [accepts]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)

    def hold() -> int:
        return int(bss.patch(f"{ORDERS}/{order_id}", {"state": "held"}, "application/json").status_code)

    if first == "hold":
        assert hold() == 200
        cancel_due()
        dispatch_due()  # the hold is heard of now, and pauses nothing any more
    else:
        with rival_before("ordering.services_patch.advance", partial(at_once, cancel_due)):
            assert hold() == 409
    Plan.objects.update(grace_until="2020-01-01T00:00:00Z")
    go_on()
    ended(bss, order_id, task_id)
    assert ledger.names() == ["a", "una"]


def test_it_crosses_an_operator_s_retry(target: Target, bss: Client, ledger: Ledger) -> None:
    """The repair comes while the order is judged: whoever is second finds what the first has done."""
    line(step("a"))
    ledger.scripts["a"] = [raises(Permanent("no"))]
    order_id = place(bss, item("1", "Line"))
    work()
    fallout_id = Fallout.objects.get().pk
    task_id = ask(bss, order_id)

    def retry() -> str:
        try:
            fallout_retry(fallout_id=fallout_id, actor="olga", reason="")
        except Conflict:
            return "too late"
        return "retried"

    at_once(cancel_due, retry)
    go_on()
    assert cancel_of(bss, task_id)["state"] == "done"
    assert shown(bss, order_id)["state"] in ("cancelled", "completed")
    assert Fallout.objects.get().state in ("cancelled", "resolved")
