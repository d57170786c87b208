"""What an order tells of besides its state: milestones that it reaches, dates that it misses (CONFORMANCE 1.5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orchestrator.connectors.base import Permanent
from orchestrator.execute import drive_due
from orchestrator.jeopardy import jeopardy_due
from orchestrator.models import Target
from tests.orchestrator.cancelling import ask, go_on, line, plain, step, types_told
from tests.orchestrator.conftest import ORDERS, item, place, shown, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_failures import accepts, raises
from tests.racing import at_once
from tmf.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
MILESTONE, JEOPARDY = "ServiceOrderMilestoneEvent", "ServiceOrderJeopardyEvent"


@pytest.mark.proves("event: Milestone", of="serviceOrder")
def test_it_tells_of_each_milestone_when_its_step_is_done(target: Target, bss: Client, ledger: Ledger) -> None:
    line(plain("a", milestone="reserved"), plain("b", after="a"), plain("c", after="b", milestone="active"))
    ledger.scripts["c"] = [accepts]
    order_id = place(bss, item("7", "Line"))
    work()
    [milestone] = shown(bss, order_id)["milestone"]
    assert (milestone["name"], milestone["status"]) == ("reserved", "reached")
    assert milestone["serviceOrderItem"] == [{"itemId": "7"}]
    assert milestone["milestoneDate"] >= shown(bss, order_id)["startDate"]
    event = Event.objects.get(type=MILESTONE)
    assert (event.resource_id, event.payload["milestone"]) == (order_id, [milestone])


def test_it_tells_of_two_at_once_and_of_the_last(target: Target, bss: Client, ledger: Ledger) -> None:
    line(plain("a", milestone="half"), plain("b", milestone="half"), plain("c", after="a b", milestone="all"))
    order_id = place(bss, item("1", "Line"))
    work()
    order = shown(bss, order_id)
    assert order["state"] == "completed"
    assert [one["name"] for one in order["milestone"]] == ["half", "half", "all"]
    assert len({one["id"] for one in order["milestone"]}) == 3
    assert types_told(order_id).count(MILESTONE) == 3


def test_a_step_that_is_not_done_is_no_milestone(target: Target, bss: Client, ledger: Ledger) -> None:
    line(plain("a", milestone="reserved"))
    ledger.scripts["a"] = [raises(Permanent("no"))]
    order_id = place(bss, item("1", "Line"))
    work()
    assert "milestone" not in shown(bss, order_id)


def test_taking_back_is_no_milestone(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a", milestone="reserved"), step("b", after="a", milestone="active"))
    ledger.scripts["b"] = [raises(Permanent("no"))]
    order_id = place(bss, item("1", "Line"))
    work()
    ask(bss, order_id)
    go_on()
    assert shown(bss, order_id)["state"] == "cancelled"
    assert types_told(order_id).count(MILESTONE) == 1


def test_the_client_can_neither_set_nor_lose_one(target: Target, bss: Client, ledger: Ledger) -> None:
    line(plain("a", milestone="reserved"), plain("b", after="a"))
    ledger.scripts["b"] = [accepts]
    order_id = place(bss, item("1", "Line"))
    work()
    before = shown(bss, order_id)["milestone"]
    assert bss.patch(f"{ORDERS}/{order_id}", {"milestone": []}, "application/json").status_code == 400
    assert bss.patch(f"{ORDERS}/{order_id}", {"description": "x"}, "application/json").status_code == 200
    assert shown(bss, order_id)["milestone"] == before


# -- dates ---------------------------------------------------------------------------------


def ago(**time: float) -> str:
    return (timezone.now() - timedelta(**time)).isoformat()


def waiting(bss: Client, ledger: Ledger, wanted: str) -> str:
    line(plain("a"))
    ledger.scripts["a"] = [accepts]
    order_id = place(bss, item("1", "Line"), requestedCompletionDate=wanted)
    work()
    return order_id


@pytest.mark.proves("event: Jeopardy", of="serviceOrder")
def test_it_warns_once_of_an_order_that_is_late(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id = waiting(bss, ledger, ago(minutes=1))
    assert (jeopardy_due(), jeopardy_due()) == (1, 0)
    [alert] = shown(bss, order_id)["jeopardyAlert"]
    assert (alert["name"], alert["jeopardyType"]) == ("requestedCompletionDate", "late")
    assert "is inProgress" in alert["message"]
    event = Event.objects.get(type=JEOPARDY)
    assert event.payload["jeopardyAlert"] == [alert]


def test_it_warns_of_none_that_is_in_time_or_has_ended(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id = waiting(bss, ledger, ago(minutes=-1))
    line(plain("b"), name="Voice")
    done = place(bss, item("1", "Voice"), requestedCompletionDate=ago(minutes=1))
    place(bss, item("1", "Voice"))
    work()
    assert shown(bss, done)["state"] == "completed"
    assert jeopardy_due() == 0
    assert "jeopardyAlert" not in shown(bss, order_id)


def test_it_leaves_time_before_it_warns(target: Target, bss: Client, ledger: Ledger) -> None:
    waiting(bss, ledger, ago(minutes=1))
    assert jeopardy_due(3600) == 0


def test_a_new_date_may_be_missed_again(target: Target, bss: Client) -> None:
    line(plain("a"))
    order_id = place(bss, item("1", "Line"), requestedCompletionDate=ago(minutes=1))
    assert jeopardy_due() == 1
    change = {"requestedCompletionDate": ago(seconds=30)}
    assert bss.patch(f"{ORDERS}/{order_id}", change, "application/json").status_code == 200
    assert (jeopardy_due(), jeopardy_due()) == (1, 0)
    assert len(shown(bss, order_id)["jeopardyAlert"]) == 2


def test_many_who_look_at_once_warn_once(target: Target, bss: Client, ledger: Ledger) -> None:
    order_id = waiting(bss, ledger, ago(minutes=1))
    assert sorted(at_once(jeopardy_due, jeopardy_due, jeopardy_due)) == [0, 0, 1]
    assert types_told(order_id).count(JEOPARDY) == 1
    assert drive_due() == 0
