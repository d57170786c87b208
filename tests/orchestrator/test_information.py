"""An order that lacks something and is right otherwise waits for its client (CONFORMANCE 1.3, 1.5)."""

from __future__ import annotations

import pytest
from django.test import Client

from orchestrator.connectors.base import Done
from orchestrator.models import Plan, Step, Target
from ordering.models import ServiceOrder, ServiceOrderItem
from tests.orchestrator.cancelling import ask, go_on, states_told, types_told
from tests.orchestrator.conftest import ORDERS, Json, definition, item, place, shown, specification, work
from tests.orchestrator.recorder import Ledger
from tests.rivals import rival_before
from tests.storms.invariants import violations
from tmf.models import Event, JournalEntry

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = "ServiceOrderInformationRequiredEvent"
SPEED = {"name": "speed", "minCardinality": 1, "valueType": "integer"}


@pytest.fixture(autouse=True)
def _catalogue(target: Target) -> None:
    specification("Line", specCharacteristic=[SPEED, {"name": "vlan", "minCardinality": 1}])
    specification("Voice")
    for name in ("Line", "Voice"):
        definition(name, {"key": "a", "target": "lab", "request": {"name": name}})


def supply(bss: Client, order_id: str, *items: Json, **more: object) -> int:
    body = {"serviceOrderItem": [*items], **more}
    return int(bss.patch(f"{ORDERS}/{order_id}", body, "application/json").status_code)


COMPLETE = {"speed": 1, "vlan": 7}


@pytest.mark.proves("event: InformationRequired", of="serviceOrder")
def test_it_asks_for_what_is_missing_and_begins_nothing(bss: Client, ledger: Ledger) -> None:
    order_id = place(bss, item("1", "Voice"), item("2", "Line", values={"speed": 5}))
    work()
    order = shown(bss, order_id)
    assert order["state"] == "pending"
    assert [one["state"] for one in order["serviceOrderItem"]] == ["acknowledged", "pending"]
    [error] = order["serviceOrderItem"][1]["errorMessage"]
    path = "serviceOrderItem[1].service.serviceCharacteristic[vlan]"
    assert (error["code"], error["message"]) == (
        "characteristicMissing",
        f"{path}: characteristic 'vlan' of 'Line': is mandatory",
    )
    assert "errorMessage" not in order
    event = Event.objects.get(type=ASKED)
    assert (event.field_path, event.payload["state"]) == (path, "pending")
    assert (ledger.applied, Step.objects.count(), Plan.objects.get().state) == ([], 0, "pending")
    assert states_told(order_id) == ["acknowledged", "pending", "pending"]
    assert [*violations()] == []


def test_it_goes_on_when_the_client_supplies_it(bss: Client, ledger: Ledger) -> None:
    order_id = place(bss, item("1", "Voice"), item("2", "Line"))
    work()
    assert Event.objects.get(type=ASKED).field_path.count("serviceCharacteristic[") == 2
    assert supply(bss, order_id, item("1", "Voice"), item("2", "Line", values=COMPLETE)) == 200
    assert shown(bss, order_id)["state"] == "pending"
    work()
    order = shown(bss, order_id)
    assert order["state"] == "completed"
    assert not any("errorMessage" in one for one in order["serviceOrderItem"])
    assert sorted(ledger.names()) == ["Line", "Voice"]
    assert states_told(order_id)[-3:] == ["pending", "inProgress", "completed"]
    plan = JournalEntry.objects.filter(entity="Plan").order_by("id")
    assert [*plan.values_list("after", flat=True)] == ["pending", "owed", "active", "done"]
    assert "startDate" in order


def test_it_asks_again_for_what_is_still_missing(bss: Client, ledger: Ledger) -> None:
    order_id = place(bss, item("1", "Line"))
    work()
    assert supply(bss, order_id, item("1", "Line", values={"speed": 1})) == 200
    work()
    assert shown(bss, order_id)["state"] == "pending"
    last = Event.objects.filter(type=ASKED).latest("sequence")
    assert last.field_path == "serviceOrderItem[0].service.serviceCharacteristic[vlan]"
    assert supply(bss, order_id, item("1", "Line", values=COMPLETE)) == 200
    work()
    assert shown(bss, order_id)["state"] == "completed"
    assert types_told(order_id).count(ASKED) == 2


def test_whoever_only_says_so_is_asked_again(bss: Client, ledger: Ledger) -> None:
    order_id = place(bss, item("1", "Line"))
    work()
    assert bss.patch(f"{ORDERS}/{order_id}", {"state": "inProgress"}, "application/json").status_code == 200
    work()
    assert shown(bss, order_id)["state"] == "pending"
    assert types_told(order_id).count(ASKED) == 2
    work()
    assert types_told(order_id).count(ASKED) == 2


def test_what_does_not_supply_it_asks_nobody(bss: Client) -> None:
    order_id = place(bss, item("1", "Line"))
    work()
    assert bss.patch(f"{ORDERS}/{order_id}", {"description": "x"}, "application/json").status_code == 200
    work()
    assert (shown(bss, order_id)["state"], types_told(order_id).count(ASKED)) == ("pending", 1)


def test_what_is_wrong_besides_refuses_the_order(bss: Client, ledger: Ledger) -> None:
    order_id = place(bss, item("1", "Line", values={"speed": "fast"}))
    work()
    order = shown(bss, order_id)
    assert order["state"] == "rejected"
    codes = sorted(error["code"] for error in order["serviceOrderItem"][0]["errorMessage"])
    assert codes == ["characteristicMissing", "invalidCharacteristic"]
    assert not Event.objects.filter(type=ASKED).exists()


def test_what_is_supplied_wrong_fails_the_order(bss: Client, ledger: Ledger) -> None:
    """Rejected is only what has just come."""
    order_id = place(bss, item("1", "Line"))
    work()
    assert supply(bss, order_id, item("1", "Nix")) == 200
    work()
    assert shown(bss, order_id)["state"] == "failed"
    assert ledger.applied == []


def test_the_items_may_change_wholly_while_it_waits(bss: Client, ledger: Ledger) -> None:
    order_id = place(bss, item("1", "Line"), item("2", "Voice"))
    work()
    assert supply(bss, order_id, item("9", "Voice"), requestedCompletionDate="2030-01-01T00:00:00Z") == 200
    work()
    assert shown(bss, order_id)["state"] == "completed"
    assert [*ServiceOrderItem.objects.values_list("item_id", flat=True)] == ["9"]


def test_it_can_be_cancelled_while_it_waits(bss: Client, ledger: Ledger) -> None:
    order_id = place(bss, item("1", "Line"), item("2", "Voice"))
    work()
    ask(bss, order_id)
    go_on()
    order = shown(bss, order_id)
    assert {order["state"], *(one["state"] for one in order["serviceOrderItem"])} == {"cancelled"}
    assert Plan.objects.get().state == "cancelled"
    assert [*violations()] == []


def test_the_client_may_be_faster_than_the_judgement(bss: Client, ledger: Ledger) -> None:
    """The PATCH is read before the order is judged, and written after."""
    order_id = place(bss, item("1", "Line"))
    with rival_before("ordering.services_patch._is_unbegun", work):
        assert supply(bss, order_id, item("1", "Line", values=COMPLETE)) == 200
    work()
    assert shown(bss, order_id)["state"] == "completed"


def test_an_order_under_way_takes_no_other_items(bss: Client, ledger: Ledger) -> None:
    ledger.scripts["Voice"] = [lambda task: Done({})]
    order_id = place(bss, item("1", "Voice"))
    work()
    ServiceOrder.objects.update(state="pending")
    assert supply(bss, order_id, item("1", "Line", values=COMPLETE)) == 409
