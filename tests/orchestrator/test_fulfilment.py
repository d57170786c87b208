"""An order through the engine, from its POST to the inventory."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import Service
from orchestrator.calls import Outcome
from orchestrator.claim import claim_due
from orchestrator.connectors.base import Transient
from orchestrator.intake import decompose_due
from orchestrator.models import Attempt, FulfilmentItem, Plan, Step, Target
from orchestrator.settle import settle
from ordering.models import ServiceOrderItem
from tests.orchestrator.conftest import definition, item, place, shown, specification, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_failures import pass_time, raises
from tmf.dispatch import dispatch_due
from tmf.models import Event, JournalEntry

Fulfil = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db(transaction=True)


def test_it_fulfils_an_item_without_a_definition_at_the_default_target(
    target: Target, fulfil: Fulfil, ledger: Ledger
) -> None:
    specification("Line")
    order = fulfil(item("1", "Line", values={"speed": 100}))
    assert order["state"] == "completed"
    assert order["serviceOrderItem"][0]["state"] == "completed"
    [call] = ledger.applied
    assert call.request["method"] == "POST"
    assert call.request["service"]["serviceCharacteristic"] == [{"name": "speed", "value": 100}]
    service = Service.objects.get()
    assert (service.state, service.party, service.order_id) == ("active", "acme", order["id"])
    assert order["serviceOrderItem"][0]["service"]["id"] == service.pk


def test_it_fulfils_the_parts_before_the_whole_and_records_both(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    specification("RFS A")
    specification("RFS B")
    specification("CFS", parts=("RFS A", "RFS B"))
    assert fulfil(item("1", "CFS"))["state"] == "completed"
    names = [request["service"]["name"] for request in ledger.requests()]
    assert {*names[:2]} == {"RFS A", "RFS B"}
    assert names[2:] == ["CFS"]
    whole = Service.objects.get(name="CFS")
    assert {part["id"] for part in whole.body["supportingService"]} == {
        *Service.objects.exclude(pk=whole.pk).values_list("pk", flat=True)
    }


def test_it_drives_the_steps_of_a_definition_in_order_and_hands_outputs_on(
    target: Target, fulfil: Fulfil, ledger: Ledger
) -> None:
    specification("Line")
    lab = {"target": "lab"}
    design = {"request": {"name": "design", "port": 7}, "outputs": {"port": "answer.echo.port"}}
    left = {"request": {"name": "left", "port": "${outputs.design.port}"}, "after": ["design"]}
    text = "port ${outputs.design.port + 1} of ${item.id}"
    right = {"request": {"name": "right", "text": text}, "after": ["design"]}
    close = {
        "request": {"name": "close", "speed": "${service.characteristics.speed}"},
        "after": ["left", "right"],
        "outputs": {"handle": "'h' + string(answer.echo.speed)"},
        "characteristics": ["handle"],
    }
    steps: dict[str, dict[str, Any]] = {"design": design, "left": left, "right": right, "close": close}
    definition("Line", *({"key": key, **lab, **step} for key, step in steps.items()))
    order = fulfil(item("1", "Line", values={"speed": 100}))
    assert order["state"] == "completed"
    requests = ledger.requests()
    assert requests[0] == {"name": "design", "port": 7}
    assert {"name": "left", "port": 7} in requests[1:3]
    assert {"name": "right", "text": "port 8 of 1"} in requests[1:3]
    assert requests[3] == {"name": "close", "speed": 100}
    described = Service.objects.get().body["serviceCharacteristic"]
    assert described == [{"name": "speed", "value": 100}, {"name": "handle", "value": "h100"}]


def test_it_keeps_every_transition_and_every_attempt(target: Target, fulfil: Fulfil) -> None:
    specification("Line")
    order = fulfil(item("1", "Line"))
    story = JournalEntry.objects.filter(order_id=order["id"]).order_by("id")
    assert [(e.entity, e.before, e.after) for e in story if e.entity == "ServiceOrder"] == [
        ("ServiceOrder", "acknowledged", "inProgress"),
        ("ServiceOrder", "inProgress", "completed"),
    ]
    assert [(e.before, e.after) for e in story if e.entity == "Step"] == [("ready", "running"), ("running", "done")]
    [attempt] = Attempt.objects.all()
    assert (attempt.outcome, attempt.verb) == ("done", "apply")
    assert attempt.operation_key == Step.objects.get().operation_key
    assert Plan.objects.get().state == "done"
    assert FulfilmentItem.objects.get().state == "done"


def test_it_tells_what_happens_in_order(target: Target, fulfil: Fulfil) -> None:
    specification("Line")
    order = fulfil(item("1", "Line"))
    events = Event.objects.filter(resource_id=order["id"]).order_by("sequence")
    assert [(e.type, e.payload["state"]) for e in events] == [
        ("ServiceOrderCreateEvent", "acknowledged"),
        ("ServiceOrderStateChangeEvent", "inProgress"),
        ("ServiceOrderStateChangeEvent", "completed"),
    ]
    assert [e.type for e in Event.objects.filter(resource="service")] == ["ServiceCreateEvent"]


def test_it_runs_items_after_those_they_rely_on(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    specification("Line")
    relies = [{"relationshipType": "reliesOn", "orderItem": {"itemId": "2"}}]
    first = item("1", "Line", service={"name": "second"}, serviceOrderItemRelationship=relies)
    order = fulfil(first, item("2", "Line", service={"name": "first"}))
    assert order["state"] == "completed"
    assert [request["service"]["name"] for request in ledger.requests()] == ["first", "second"]


def test_it_fulfils_nested_items_before_the_one_around_them(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    specification("Whole")
    specification("Part")
    nested = [item("1.1", "Part", service={"name": "part"})]
    order = fulfil(item("1", "Whole", service={"name": "whole"}, serviceOrderItem=nested))
    assert order["state"] == "completed"
    assert order["serviceOrderItem"][0]["serviceOrderItem"][0]["state"] == "completed"
    assert [request["service"]["name"] for request in ledger.requests()] == ["part", "whole"]
    assert [s["name"] for s in Service.objects.get(name="whole").body["supportingService"]] == ["Part"]


def test_it_modifies_only_the_parts_that_a_change_touches(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    specification("Access", specCharacteristic=[{"name": "speed"}])
    specification("Mail", specCharacteristic=[{"name": "boxes"}])
    specification("CFS", parts=("Access", "Mail"), specCharacteristic=[{"name": "speed"}, {"name": "boxes"}])
    fulfil(item("1", "CFS", values={"speed": 100, "boxes": 5}))
    ledger.clear()
    whole = Service.objects.get(name="CFS")
    order = fulfil(item("1", "CFS", "modify", values={"speed": 200}, service={"id": whole.pk}))
    assert order["state"] == "completed"
    assert [request["method"] for request in ledger.requests()] == ["PATCH", "PATCH"]
    speeds = {s.name: {c["name"]: c["value"] for c in s.body["serviceCharacteristic"]} for s in Service.objects.all()}
    assert speeds == {"CFS": {"speed": 200, "boxes": 5}, "Access": {"speed": 200}, "Mail": {"boxes": 5}}


def test_it_deletes_the_whole_before_its_parts(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    specification("Access")
    specification("CFS", parts=("Access",))
    fulfil(item("1", "CFS"))
    ledger.clear()
    whole, part = Service.objects.get(name="CFS"), Service.objects.get(name="Access")
    assert fulfil(item("1", "CFS", "delete", service={"id": whole.pk}))["state"] == "completed"
    assert ledger.requests() == [{"method": "DELETE", "id": whole.pk}, {"method": "DELETE", "id": part.pk}]
    assert {*Service.objects.values_list("state", flat=True)} == {"terminated"}


def test_it_makes_a_no_change_item_visible_and_calls_nobody(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    specification("Line")
    fulfil(item("1", "Line"))
    ledger.clear()
    service = Service.objects.get()
    assert fulfil(item("1", "Line", "noChange", service={"id": service.pk}))["state"] == "completed"
    assert ledger.applied == []
    assert Service.objects.get().revision == service.revision


def test_it_pauses_an_order_on_hold_and_goes_on_when_resumed(target: Target, bss: Client, ledger: Ledger) -> None:
    specification("Line")
    order_id = place(bss, item("1", "Line"))
    url = f"/tmf-api/serviceOrdering/v4/serviceOrder/{order_id}"
    assert bss.patch(url, {"state": "held"}, "application/json").status_code == 200
    work()
    assert ledger.applied == []
    assert shown(bss, order_id)["state"] == "held"
    assert bss.patch(url, {"state": "inProgress"}, "application/json").status_code == 200
    work()
    assert shown(bss, order_id)["state"] == "completed"


def test_it_begins_no_step_of_a_plan_whose_order_is_put_on_hold(target: Target, bss: Client, ledger: Ledger) -> None:
    specification("Line")
    again = {"retry": {"attempts": 3, "backoff": 60}}
    definition("Line", {"key": "a", "target": "lab", "request": {"name": "a"}, **again})
    ledger.scripts["a"] = [raises(Transient("busy"))]
    order_id = place(bss, item("1", "Line"))
    work()
    url = f"/tmf-api/serviceOrdering/v4/serviceOrder/{order_id}"
    assert bss.patch(url, {"state": "held"}, "application/json").status_code == 200
    work()
    pass_time()
    work()
    assert (Step.objects.get().state, Attempt.objects.count()) == ("ready", 1)
    assert bss.patch(url, {"state": "inProgress"}, "application/json").status_code == 200
    work()
    assert shown(bss, order_id)["state"] == "completed"


def test_it_writes_what_many_items_achieved_with_the_statements_of_few(target: Target, bss: Client) -> None:
    specification("Line")

    def statements(items: int) -> int:
        place(bss, *(item(str(number), "Line") for number in range(items)))
        dispatch_due()
        decompose_due()
        outcomes = [Outcome(claimed, outputs={}) for claimed in claim_due(100)]
        assert len(outcomes) == items
        with CaptureQueriesContext(connection) as queries:
            settle(outcomes)
        assert Service.objects.count() == ServiceOrderItem.objects.exclude(service_id="").count()
        return len(queries)

    assert statements(2) == statements(40)
