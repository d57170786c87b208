"""What fulfilled items do to services (docs/conformance.md 1.6), in batches."""

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory.fulfilment import ServiceChange, services_fulfil
from inventory.models import Service
from inventory.resources import SERVICE
from inventory.selectors import services_by_id
from inventory.states import FULFILMENT
from tests.inventory.documents import Json, service
from tests.unchanged import nothing_happens
from tmf.errors import Conflict
from tmf.models import Event, JournalEntry

pytestmark = pytest.mark.django_db
CREATED, CHANGED, MOVED = (f"Service{kind}Event" for kind in ("Create", "AttributeValueChange", "StateChange"))


def document(**more: Any) -> Json:
    made = service(**more)
    if "state" not in more:
        del made["state"]
    return made


def change(service_id: str = "s1", action: Any = "add", item: str = "1", **more: Any) -> ServiceChange:
    order = more.pop("order_id", "o1")
    reference = {"serviceOrderId": order, "itemId": item, "itemAction": action, "role": "fulfils"}
    values: Json = {"document": document() if action == "add" else {}, "party": "acme", **more}
    return ServiceChange(service_id=service_id, action=action, order_id=order, item_ref=reference, **values)


def fulfil(*changes: ServiceChange) -> None:
    with transaction.atomic():
        services_fulfil(changes=changes, actor="engine")


def shown(service_id: str = "s1") -> Json:
    return SERVICE.represent(Service.objects.get(pk=service_id))


def events(service_id: str = "s1") -> list[tuple[str, int]]:
    return [*Event.objects.filter(resource_id=service_id).order_by("sequence").values_list("type", "sequence")]


def entries() -> list[tuple[str, str, str, str]]:
    return [*JournalEntry.objects.order_by("id").values_list("entity_id", "order_id", "before", "after")]


def test_it_makes_a_service_active_unless_told_otherwise() -> None:
    fulfil(change())
    made = shown()
    assert made.items() >= document().items()
    assert (made["state"], made["hasStarted"], made["startDate"]) == ("active", True, made["serviceDate"])
    assert made["serviceOrderItem"] == [{"serviceOrderId": "o1", "itemId": "1", "itemAction": "add", "role": "fulfils"}]
    row = Service.objects.get()
    assert (row.party, row.order_id, row.specification_id, row.revision) == ("acme", "o1", "12", 1)
    assert events() == [(CREATED, 1)]
    assert Event.objects.get().payload == made
    assert entries() == [("s1", "o1", "", "active")]


def test_it_makes_what_the_service_is_built_on_visible() -> None:
    supporting: Sequence[Json] = [{"id": "s2", "href": "/s2"}]
    fulfil(change("s1", supporting=supporting, supporting_resources=[{"id": "r1"}]), change("s2", item="1"))
    assert (shown()["supportingService"], shown()["supportingResource"]) == (supporting, [{"id": "r1"}])
    fulfil(change("s1", "modify", "2", supporting=[{"id": "s3"}, {"id": "s2", "name": "port"}]))
    assert shown()["supportingService"] == [{"id": "s2", "href": "/s2", "name": "port"}, {"id": "s3"}]


def test_it_ignores_what_an_order_cannot_set() -> None:
    claimed = {"id": "other", "href": "/x", "serviceDate": "2001-01-01T00:00:00Z", "hasStarted": False}
    fulfil(change(document=document(**claimed)))
    made = shown()
    assert (made["id"], made["hasStarted"], made["serviceDate"] > "2020") == ("s1", True, True)
    assert not claimed.keys() & Service.objects.get().body.keys()


def test_it_leaves_alone_what_the_same_order_has_added_before() -> None:
    fulfil(change())
    with nothing_happens():
        fulfil(change(document=document(name="another")))


def test_it_refuses_to_add_what_another_order_has_added() -> None:
    fulfil(change())
    with nothing_happens(), pytest.raises(Conflict, match="service s1 exists already"):
        fulfil(change(order_id="o2"))


def test_it_merges_a_modify() -> None:
    fulfil(change(document=document(place=[{"id": "p1", "role": "a"}], description="old")))
    new = {
        "serviceCharacteristic": [{"name": "bandwidth", "value": 200}, {"name": "vlan", "value": 7}],
        "place": [{"id": "p2", "role": "b"}],
        "serviceSpecification": {"id": "12", "version": "2.0"},
        "description": None,
    }
    fulfil(change(action="modify", item="2", document=new))
    made = shown()
    assert made["serviceCharacteristic"] == [
        {"name": "bandwidth", "valueType": "integer", "value": 200},
        {"name": "protected", "valueType": "boolean", "value": False},
        {"name": "vlan", "value": 7},
    ]
    assert made["place"] == [{"id": "p2", "role": "b"}]
    assert made["serviceSpecification"] == {"id": "12", "name": "AccessLine", "version": "2.0"}
    assert "description" not in made
    assert [item["itemId"] for item in made["serviceOrderItem"]] == ["1", "2"]
    assert events() == [(CREATED, 1), (CHANGED, 2)]
    assert entries() == [("s1", "o1", "", "active")]


def test_it_tells_both_when_a_modify_moves_the_service_too() -> None:
    fulfil(change())
    fulfil(change(action="modify", item="2", document={"state": "inactive", "name": "renamed"}))
    assert events() == [(CREATED, 1), (CHANGED, 2), (MOVED, 3)]
    assert entries()[1:] == [("s1", "o1", "active", "inactive")]
    assert Service.objects.get().revision == 3


def test_it_does_a_modify_twice_as_well_as_once() -> None:
    fulfil(change())
    again = change(action="modify", item="2", document={"name": "renamed"})
    fulfil(again)
    with nothing_happens():
        fulfil(again)


def test_it_terminates_on_delete() -> None:
    fulfil(change())
    fulfil(change(action="delete", item="9", order_id="o2", document={"name": "not told", "state": "active"}))
    made = shown()
    assert (made["state"], made["name"], made["isServiceEnabled"]) == ("terminated", "access line", False)
    assert made["endDate"] >= made["startDate"]
    assert [item["serviceOrderId"] for item in made["serviceOrderItem"]] == ["o1", "o2"]
    assert events() == [(CREATED, 1), (MOVED, 2)]
    assert entries()[1:] == [("s1", "o2", "active", "terminated")]


@pytest.mark.parametrize(
    ("before", "action", "wanted"),
    [
        (before, action, wanted)
        for action in ("modify", "delete")
        for before in ("designed", "reserved", "inactive", "active", "terminated")
        for wanted in ("designed", "reserved", "inactive", "active", "terminated")
        if not (action == "delete" and wanted == before != "terminated")
    ],
)
def test_it_does_what_is_legal_and_nothing_else(before: str, action: str, wanted: str) -> None:
    fulfil(change())
    Service.objects.update(state=before)
    asked = change(action=action, item="2", document={"state": wanted})
    if wanted in FULFILMENT[action].get(before, ()):
        fulfil(asked)
        assert Service.objects.get().state == wanted
        return
    with nothing_happens(), pytest.raises(Conflict, match="service s1: "):
        fulfil(asked)


@pytest.mark.parametrize("action", ["modify", "delete"])
def test_it_refuses_a_service_that_is_unknown_or_another_party_s(action: str) -> None:
    fulfil(change("s1", party="rival"))
    for service_id in ("s1", "s2"):
        with nothing_happens(), pytest.raises(Conflict, match=f"there is no service {service_id}"):
            fulfil(change(service_id, action))


def test_it_writes_nothing_of_a_batch_that_holds_something_illegal() -> None:
    fulfil(change())
    with nothing_happens(), pytest.raises(Conflict):
        fulfil(change("s2"), change("s1", "modify", document={"name": "x"}), change("s3", "modify"))


def test_it_folds_many_changes_of_one_service_into_one() -> None:
    fulfil(
        change(),
        change(action="modify", item="2", document={"name": "renamed"}),
        change(action="modify", item="3", document={"state": "inactive"}),
    )
    made = shown()
    assert (made["name"], made["state"], len(made["serviceOrderItem"])) == ("renamed", "inactive", 3)
    assert events() == [(CREATED, 1), (CHANGED, 2), (MOVED, 3)]
    assert Service.objects.get().revision == 3


def test_it_takes_as_many_statements_for_fifty_changes_as_for_three() -> None:
    def batch(count: int, start: str) -> list[ServiceChange]:
        fulfil(*(change(f"{start}{n}") for n in range(count * 2)))
        added = [change(f"{start}new{n}") for n in range(count)]
        modified = [change(f"{start}{n}", "modify", document={"name": "x"}) for n in range(count)]
        return [*added, *modified, *(change(f"{start}{n}", "delete") for n in range(count, count * 2))]

    counts = []
    for count, start in ((1, "a"), (17, "b")):
        changes = batch(count, start)
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            services_fulfil(changes=changes, actor="engine")
        counts.append(len(queries))
    assert counts == [5, 5], "read, INSERT, UPDATE, journal, events"


@pytest.mark.django_db(transaction=True)
def test_it_demands_the_caller_s_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        services_fulfil(changes=[change()], actor="engine")


def test_it_finds_a_party_s_services_only() -> None:
    fulfil(change("s1"), change("s2", party="rival"))
    assert services_by_id(["s1", "s2", "s3"], "acme").keys() == {"s1"}
