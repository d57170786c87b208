"""Taking back that fails: the order is held, somebody is asked, a repair brings the cancellation to its end."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now
from django.test import Client

from orchestrator.cancel import cancel_due
from orchestrator.connectors.base import Absent, Accepted, Done, OutcomeUnknown, Permanent, Transient
from orchestrator.fallout import fallout_retry
from orchestrator.models import Attempt, Fallout, FulfilmentItem, Plan, Step, Target
from ordering.models import CancelServiceOrder, ServiceOrderItem
from tests.orchestrator.cancelling import ask, cancel_of, go_on, line, states_told, step, types_told
from tests.orchestrator.conftest import ORDERS, item, place, shown, work
from tests.orchestrator.recorder import Behaviour, Ledger
from tests.orchestrator.test_cancel_verdict import cancelled
from tests.orchestrator.test_failures import pass_time, raises
from tmf.errors import Conflict

pytestmark = pytest.mark.django_db(transaction=True)
RETRY = {"attempts": 2, "backoff": 3600}


def begun(bss: Client, ledger: Ledger, *undoings: Behaviour, items: int = 1) -> tuple[str, str]:
    """An order whose step `a` is done and to be taken back, which goes as told; order and request."""
    line(step("a", retry=RETRY), step("b", after="a"))
    ledger.scripts["b"] = [raises(Permanent("no"))] * items
    ledger.scripts["una"] = [*undoings]
    order_id = place(bss, *(item(str(n + 1), "Line") for n in range(items)))
    work()
    task_id = ask(bss, order_id)
    go_on()
    return order_id, task_id


def live() -> Fallout:
    return Fallout.objects.get(state="open")


@pytest.mark.proves("event: InformationRequired", of="cancelServiceOrder")
def test_it_holds_the_order_and_asks_once(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id, task_id = begun(bss, ledger, raises(Permanent("it is locked", code="locked")), items=2)
    fallout = live()
    assert (fallout.category, fallout.code, fallout.message) == ("compensation", "locked", "it is locked")
    order = shown(bss, order_id)
    assert order["state"] == "held"
    told = sorted(one["errorMessage"][0]["code"] for one in order["serviceOrderItem"])
    assert told == ["compensation", "locked"]
    assert {one["state"] for one in order["serviceOrderItem"]} == {"held"}
    assert cancel_of(bss, task_id)["state"] == "inProgress"
    asked = [kind for kind in types_told(task_id) if "InformationRequired" in kind]
    assert asked == ["CancelServiceOrderInformationRequiredEvent"]
    assert states_told(order_id)[-2:] == ["pendingCancellation", "held"]


def test_it_ends_well_after_an_operator_s_retry(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id, task_id = begun(bss, ledger, raises(Permanent("it is locked")))
    fallout_retry(fallout_id=live().pk, actor="olga", reason="unlocked")
    assert shown(bss, order_id)["state"] == "held"
    go_on()
    order = cancelled(bss, order_id, task_id)
    assert "errorMessage" not in order["serviceOrderItem"][0]
    assert ledger.names() == ["a", "una"]
    assert states_told(order_id)[-3:] == ["pendingCancellation", "held", "cancelled"]
    first, second = Attempt.objects.filter(verb="undo").order_by("id")
    assert first.operation_key != second.operation_key  # a refusal is asked anew


def test_it_waits_until_all_is_repaired(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id, task_id = begun(bss, ledger, *[raises(Permanent("it is locked"))] * 2, items=2)
    first, second = Fallout.objects.filter(state="open").order_by("id")
    fallout_retry(fallout_id=first.pk, actor="olga", reason="")
    go_on()
    order = shown(bss, order_id)
    assert (order["state"], cancel_of(bss, task_id)["state"]) == ("held", "inProgress")
    assert all("errorMessage" in one for one in order["serviceOrderItem"])
    fallout_retry(fallout_id=second.pk, actor="olga", reason="")
    go_on()
    cancelled(bss, order_id, task_id)
    assert len([kind for kind in types_told(task_id) if "InformationRequired" in kind]) == 1


def test_it_tries_again_by_itself_what_passes(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id, task_id = begun(bss, ledger, raises(Transient("busy")))
    assert shown(bss, order_id)["state"] == "pendingCancellation"
    pass_time()
    go_on()
    cancelled(bss, order_id, task_id)


def test_the_consumer_can_neither_hold_nor_resume_nor_ask_again(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id, _ = begun(bss, ledger, raises(Transient("busy")), raises(Permanent("it is locked")))
    hold = bss.patch(f"{ORDERS}/{order_id}", {"state": "held"}, "application/json")
    assert hold.status_code == 409
    pass_time()
    go_on()
    assert shown(bss, order_id)["state"] == "held"
    resume = bss.patch(f"{ORDERS}/{order_id}", {"state": "inProgress"}, "application/json")
    assert resume.status_code == 409
    assert CancelServiceOrder.objects.count() == 1


def test_the_fallout_of_what_is_given_up_cannot_be_retried(target: Target, bss: Client, ledger: Ledger) -> None:
    begun(bss, ledger, raises(Permanent("it is locked")))
    given_up = Fallout.objects.get(state="cancelled")
    with pytest.raises(Conflict):
        fallout_retry(fallout_id=given_up.pk, actor="olga", reason="")
    assert Step.objects.get(key="b").state == "cancelled"
    assert ServiceOrderItem.objects.get().own == "held"


# -- lost outcomes of the taking back itself -----------------------------------------------


def test_an_idempotent_target_is_asked_again_to_take_back(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id, task_id = begun(bss, ledger, raises(OutcomeUnknown("lost")))
    pass_time()
    go_on()
    cancelled(bss, order_id, task_id)
    assert (ledger.names(), ledger.looked_up) == (["a", "una"], [])


@pytest.mark.parametrize("known", [True, False])
def test_a_queryable_target_is_asked_whether_it_was_taken_back(
    target: Target, bss: Client, ledger: Ledger, known: bool
) -> None:
    Target.objects.update(delivery="queryable")
    asked: list[bool] = []

    def look(task: object) -> Done | Accepted | Absent:
        asked.append(task.undoing)  # type: ignore[attr-defined]
        return Done({}) if known else Absent()

    ledger.looks = [look]
    order_id, task_id = begun(bss, ledger, raises(OutcomeUnknown("lost")))
    pass_time()
    go_on()
    cancelled(bss, order_id, task_id)
    assert asked == [True]
    assert ledger.looked_up == [Step.objects.get(mode="undo").operation_key]
    assert ledger.names() == (["a"] if known else ["a", "una"])


def test_a_person_says_whether_an_at_most_once_target_has_taken_it_back(
    target: Target, bss: Client, ledger: Ledger
) -> None:
    Target.objects.update(delivery="at_most_once")
    order_id, task_id = begun(bss, ledger, raises(OutcomeUnknown("lost")))
    assert live().category == "compensation"
    assert shown(bss, order_id)["state"] == "held"
    fallout_retry(fallout_id=live().pk, actor="olga", reason="it has not")
    go_on()
    cancelled(bss, order_id, task_id)
    assert len({*Attempt.objects.filter(verb="undo").values_list("operation_key", flat=True)}) == 1


# -- our own faults ------------------------------------------------------------------------


def test_a_cancellation_that_cannot_end_is_seen_and_retried(
    target: Target, bss: Client, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("oops")

    with monkeypatch.context() as broken:
        broken.setattr("orchestrator.cancel._terminate", fail)
        order_id, task_id = begun(bss, ledger)
        for _ in range(5):
            CancelServiceOrder.objects.update(due_at=Now())
            assert cancel_due() == 0
    assert (Plan.objects.get().state, FulfilmentItem.objects.get().state) == ("cancelling", "open")
    fallout = live()
    assert (fallout.category, fallout.code, fallout.step_id) == ("compensation", "cancelling", None)
    fallout_retry(fallout_id=fallout.pk, actor="olga", reason="mended")
    go_on()
    cancelled(bss, order_id, task_id)
