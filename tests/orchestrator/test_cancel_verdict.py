"""Which orders can still be cancelled, and what is said of those that cannot (CONFORMANCE 1.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from inventory.models import Service
from orchestrator.cancel import cancel_due
from orchestrator.connectors.base import Permanent
from orchestrator.intake import decompose_due
from orchestrator.models import Fallout, Plan, Step, Target
from ordering.models import CancelServiceOrder, ServiceOrder
from tests.orchestrator.cancelling import ask, cancel_of, go_on, line, only_cancel, states_told, step
from tests.orchestrator.conftest import ORDERS, definition, item, place, shown, specification, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_failures import accepts, raises
from tmf.dispatch import dispatch_due

pytestmark = pytest.mark.django_db(transaction=True)


def cancelled(bss: Client, order_id: str, task_id: str) -> dict[str, Any]:
    order, task = shown(bss, order_id), cancel_of(bss, task_id)
    assert (order["state"], task["state"]) == ("cancelled", "done"), (order, task)
    assert task["effectiveCancellationDate"] == order["cancellationDate"]
    assert {one["state"] for one in order["serviceOrderItem"]} == {"cancelled"}
    assert Plan.objects.get(order=order_id).state == "cancelled"
    return order


def refused(bss: Client, order_id: str, task_id: str, state: str) -> str:
    """The order is as it was; why."""
    task = cancel_of(bss, task_id)
    assert (task["state"], shown(bss, order_id)["state"]) == ("done", state)
    assert "effectiveCancellationDate" not in task
    assert not {"cancellationDate", "cancellationReason"} & shown(bss, order_id).keys()
    return str(task["completionMessage"])


# -- nothing has been done -----------------------------------------------------------------


def test_it_cancels_an_order_that_the_engine_has_not_heard_of(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"))
    order_id = place(bss, item("1", "Line"))
    task_id = ask(bss, order_id, cancellationReason="moved")
    assert cancel_due() == 1
    order = cancelled(bss, order_id, task_id)
    assert order["cancellationReason"] == "moved"
    assert "startDate" not in order
    go_on()  # the creation is heard of now, and makes no plan
    cancelled(bss, order_id, task_id)
    assert (ledger.applied, Step.objects.count()) == ([], 0)
    assert states_told(order_id) == ["acknowledged", "assessingCancellation", "cancelled"]
    assert states_told(task_id) == ["accepted", "inProgress", "done"]


@pytest.mark.parametrize("on_hold", [False, True])
def test_it_cancels_an_order_whose_plan_is_owed(target: Target, bss: Client, ledger: Ledger, on_hold: bool) -> None:
    line(step("a"))
    order_id = place(bss, item("1", "Line"), item("2", "Line"))
    if on_hold:
        assert bss.patch(f"{ORDERS}/{order_id}", {"state": "held"}, "application/json").status_code == 200
    dispatch_due()
    assert Plan.objects.get().state == "owed"
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    assert decompose_due() == 0
    assert ledger.applied == []


@pytest.mark.proves("judged: cancelled at once, or taken back, or refused with the reason", of="cancelServiceOrder")
def test_it_cancels_at_once_when_no_step_has_been_begun(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a"))
    Target.objects.update(state="paused")
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    assert cancel_due() == 1
    cancelled(bss, order_id, task_id)
    assert "nothing had been done" in cancel_of(bss, task_id)["completionMessage"]
    assert {*Step.objects.values_list("state", flat=True)} == {"cancelled"}
    Target.objects.update(state="open")
    go_on()
    assert ledger.applied == []
    assert states_told(order_id)[-2:] == ["assessingCancellation", "cancelled"]


def test_it_cancels_what_a_person_was_to_repair(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"))
    ledger.scripts["a"] = [raises(Permanent("no such port"))]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    order = cancelled(bss, order_id, task_id)
    assert "errorMessage" not in order["serviceOrderItem"][0]
    fallout = Fallout.objects.get()
    assert (fallout.state, fallout.resolution) == ("cancelled", "the order is being cancelled")
    assert Step.objects.get().state == "cancelled"


def test_it_cancels_an_order_whose_plan_could_not_be_made(bss: Client, target: Target) -> None:
    line(step("a"))
    order_id = place(bss, item("1", "Line"))
    dispatch_due()
    Plan.objects.update(error="bug", attempts=5)
    Fallout.objects.create(plan=Plan.objects.get(), order_id=order_id, category="bug", code="planning", message="bug")
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    assert Fallout.objects.get().state == "cancelled"


# -- time ----------------------------------------------------------------------------------


def test_it_waits_for_the_date_that_was_asked_for(target: Target, bss: Client) -> None:
    line(step("a"))
    Target.objects.update(state="paused")
    order_id = place(bss, item("1", "Line"))
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    task_id = ask(bss, order_id, requestedCancellationDate=later)
    go_on()
    assert cancel_of(bss, task_id)["state"] == "accepted"
    assert shown(bss, order_id)["state"] == "inProgress"
    CancelServiceOrder.objects.update(due_at=Now())
    go_on()
    cancelled(bss, order_id, task_id)


def test_it_takes_a_date_that_has_passed_for_now(target: Target, bss: Client) -> None:
    line(step("a"))
    order_id = place(bss, item("1", "Line"))
    ask(bss, order_id, requestedCancellationDate="2020-01-01T00:00:00Z")
    go_on()
    assert shown(bss, order_id)["state"] == "cancelled"


def test_it_leaves_the_workers_a_head_start(target: Target, bss: Client) -> None:
    line(step("a"))
    ask(bss, place(bss, item("1", "Line")))
    assert cancel_due(60) == 0
    assert only_cancel().state == "accepted"


# -- refusals ------------------------------------------------------------------------------


@pytest.mark.proves("judged: cancelled at once, or taken back, or refused with the reason", of="cancelServiceOrder")
def test_it_refuses_an_order_that_has_ended(target: Target, bss: Client) -> None:
    line(step("a"))
    order_id = place(bss, item("1", "Line"))
    work()
    revision = ServiceOrder.objects.get().revision
    task_id = ask(bss, order_id)
    go_on()
    assert "completed" in refused(bss, order_id, task_id, "completed")
    assert ServiceOrder.objects.get().revision == revision
    assert states_told(task_id) == ["accepted", "inProgress", "done"]


def test_it_refuses_an_order_with_an_item_that_is_completed(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"))
    line(step("b"), name="Voice")
    ledger.scripts["b"] = [accepts]
    order_id = place(bss, item("1", "Line"), item("2", "Voice"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    assert "item 1 is completed" in refused(bss, order_id, task_id, "inProgress")
    assert states_told(order_id)[-2:] == ["assessingCancellation", "inProgress"]
    assert Step.objects.get(key="b").state == "accepted"
    assert Plan.objects.get().state == "active"


@pytest.mark.parametrize(("action", "done"), [("modify", "changed"), ("delete", "taken away")])
def test_it_refuses_what_has_changed_a_service(
    target: Target, bss: Client, ledger: Ledger, action: str, done: str
) -> None:
    """The whole is taken away before its part, the part changed before the whole: one is done, the other not."""
    speed = [{"name": "speed", "valueType": "integer"}]
    specification("Port", specCharacteristic=speed)
    specification("Line", parts=("Port",), specCharacteristic=speed)
    for name in ("Port", "Line"):
        definition(name, step(f"make{name}"))
        definition(name, step(name), action=action)
    place(bss, item("1", "Line", values={"speed": 1}))
    work()
    ledger.scripts["Line" if action == "modify" else "Port"] = [accepts]
    line_id = Service.objects.get(specification_id="Line").pk
    order_id = place(bss, item("1", "Line", action, values={"speed": 2}, service={"id": line_id}))
    work()
    task_id = ask(bss, order_id)
    go_on()
    why = refused(bss, order_id, task_id, "inProgress")
    assert f"has been {done} already for item 1" in why


@pytest.mark.proves("judged: cancelled at once, or taken back, or refused with the reason", of="cancelServiceOrder")
def test_it_refuses_once_a_hard_point_of_no_return_has_begun(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a", pointOfNoReturn="hard"))
    ledger.scripts["b"] = [accepts]
    order_id = place(bss, item("7", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    assert "step b of item 7 has begun" in refused(bss, order_id, task_id, "inProgress")
    assert ledger.names() == ["a", "b"]


def test_it_goes_on_after_a_refusal(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a", pointOfNoReturn="hard"), step("b", after="a"))
    ledger.scripts["a"] = [raises(Permanent("no"))]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    refused(bss, order_id, task_id, "held")
    assert (Fallout.objects.get().state, Step.objects.get(key="b").state) == ("open", "waiting")
    assert "errorMessage" in shown(bss, order_id)["serviceOrderItem"][0]


def test_it_grants_before_a_hard_point_is_reached_and_names_a_soft_one(
    target: Target, bss: Client, ledger: Ledger
) -> None:
    line(step("a", pointOfNoReturn="soft"), step("b", after="a"), step("c", after="b", pointOfNoReturn="hard"))
    ledger.scripts["b"] = [raises(Permanent("no"))]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    assert "step a of item 1" in cancel_of(bss, task_id)["completionMessage"]


# -- our own faults ------------------------------------------------------------------------


@pytest.mark.proves("judged: terminatedWithError when it cannot be", of="cancelServiceOrder")
def test_it_gives_up_what_it_cannot_judge(target: Target, bss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise KeyError("oops")

    line(step("a"))
    Target.objects.update(state="paused")
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    monkeypatch.setattr("orchestrator.cancel.refusal", fail)
    for attempt in range(1, 6):
        assert cancel_of(bss, task_id)["state"] == "accepted"
        assert cancel_due() == 0
        assert cancel_due() == 0  # not before its time
        CancelServiceOrder.objects.filter(attempts=attempt).update(due_at=Now())
    task = cancel_of(bss, task_id)
    assert (task["state"], task["errorMessage"]["code"]) == ("terminatedWithError", "cancelling")
    assert states_told(task_id) == ["accepted", "terminatedWithError"]
    assert shown(bss, order_id)["state"] == "inProgress"
    assert Step.objects.get().state == "ready"
    ask(bss, order_id)  # another may be asked for
