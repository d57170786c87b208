"""POST /service (docs/conformance.md 2)."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import Service, ServiceState
from inventory.services import service_create
from tests.inventory.documents import PATH, Json, service
from tests.unchanged import nothing_happens
from tmf.actors import Actor
from tmf.models import Event, JournalEntry


def post(client: Client, document: Any) -> Any:
    return client.post(PATH, document, "application/json")


@pytest.mark.parametrize(
    ("state", "started"), [("feasibilityChecked", False), ("designed", False), ("inactive", False), ("active", True)]
)
def test_it_records_a_service_with_what_follows_from_its_state(bss: Client, state: str, started: bool) -> None:
    sent = service(state)
    answer = post(bss, sent)
    shown = answer.json()
    assert answer.status_code == 201
    assert shown.items() >= sent.items()
    assert shown["serviceDate"].endswith("Z")
    assert (shown["hasStarted"], shown["isServiceEnabled"]) == (started, started)
    assert shown.get("startDate") == (shown["serviceDate"] if started else None)
    assert "endDate" not in shown
    assert bss.get(shown["href"]).json() == shown


def test_it_tells_and_journals_the_creation(bss: Client) -> None:
    shown = post(bss, service()).json()
    event = Event.objects.get()
    assert (event.api, event.type, event.sequence, event.party) == ("inventory", "ServiceCreateEvent", 1, "acme")
    assert event.payload == {**shown, "href": f"{PATH}/{shown['id']}"}
    assert [*JournalEntry.objects.values_list("entity", "entity_id", "before", "after")] == [
        ("Service", shown["id"], "", "active")
    ]
    assert Service.objects.get().specification_id == "12"


def without(name: str) -> Json:
    return {key: value for key, value in service().items() if key != name}


REFUSED: dict[str, tuple[Json, str]] = {
    "no state": (without("state"), "state"),
    "no specification": (without("serviceSpecification"), "serviceSpecification"),
    "a specification without id": (service(serviceSpecification={"name": "x"}), "serviceSpecification.id"),
    "an unknown state": (service("asleep"), "state"),
    "a state of v5": (service("suspended"), "state"),
    "a note without date": (service(note=[{"author": "a", "text": "t"}]), "note[0].date"),
    "a note without author": (service(note=[{"date": "2026-01-01T00:00:00Z", "text": "t"}]), "note[0].author"),
    "a note without text": (service(note=[{"date": "2026-01-01T00:00:00Z", "author": "a"}]), "note[0].text"),
    "a feature without id": (service(feature=[{"name": "f", "featureCharacteristic": []}]), "feature[0]"),
    "a feature without characteristics": (
        service(feature=[{"id": "1", "name": "f"}]), "feature[0].featureCharacteristic",
    ),
    "a relationship without type": (service(serviceRelationship=[{"service": {"id": "1"}}]), "serviceRelationship[0]"),
    "a relationship without service": (
        service(serviceRelationship=[{"relationshipType": "r"}]), "serviceRelationship[0].service",
    ),
    "a supporting service without id": (service(supportingService=[{"name": "x"}]), "supportingService[0].id"),
    "a supporting resource without id": (service(supportingResource=[{"name": "x"}]), "supportingResource[0].id"),
    "a party without id": (service(relatedParty=[{"@referredType": "Individual"}]), "relatedParty[0].id"),
    "a party without @referredType": (service(relatedParty=[{"id": "1"}]), "relatedParty[0].@referredType"),
    "an order item without order": (service(serviceOrderItem=[{"itemId": "1"}]), "serviceOrderItem[0].serviceOrderId"),
    "an order item without item": (service(serviceOrderItem=[{"serviceOrderId": "1"}]), "serviceOrderItem[0].itemId"),
    "a place without role": (service(place=[{"id": "1"}]), "place[0].role"),
    "an entity without role": (service(relatedEntity=[{"id": "1"}]), "relatedEntity[0].role"),
    "a characteristic without name": (service(serviceCharacteristic=[{"value": 1}]), "serviceCharacteristic[0].name"),
    "a characteristic without value": (
        service(serviceCharacteristic=[{"name": "c"}]), "serviceCharacteristic[0].value",
    ),
    "its own id": (service(id="mine"), "id"),
    "its own serviceDate": (service(serviceDate="2026-01-01T00:00:00Z"), "serviceDate"),
    "started though designed": (service("designed", hasStarted=True), "hasStarted"),
    "disabled though active": (service(isServiceEnabled=False), "isServiceEnabled"),
    "an end before the start": (
        service("designed", startDate="2026-02-01T00:00:00Z", endDate="2026-01-01T00:00:00Z"), "endDate",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_it_refuses_and_creates_nothing(bss: Client, case: str) -> None:
    document, path = REFUSED[case]
    with nothing_happens():
        answer = post(bss, document)
    assert answer.status_code == 400, answer.content
    assert answer.json()["message"].startswith(path), answer.json()


def test_it_refuses_a_service_that_begins_terminated(bss: Client) -> None:
    with nothing_happens():
        assert post(bss, service(ServiceState.TERMINATED.value)).status_code == 409


def test_it_keeps_the_types_of_values(bss: Client) -> None:
    values = [False, 0, 0.5, "", {"a": [1, {"b": None}]}, [], None]
    sent = [{"name": str(n), "value": value} for n, value in enumerate(values)]
    shown = post(bss, service(serviceCharacteristic=sent)).json()["serviceCharacteristic"]
    assert [(type(c["value"]), c["value"]) for c in shown] == [(type(value), value) for value in values]


@pytest.mark.django_db(transaction=True)
def test_it_writes_a_service_in_as_few_statements_as_there_are_tables() -> None:
    actor = Actor("bss", "acme")
    service_create(actor=actor, document=service())
    with CaptureQueriesContext(connection) as queries:
        service_create(actor=actor, document=service())
    assert len(queries) == 5, "BEGIN, service, journal, event, COMMIT"


def test_it_takes_dates_and_flags_that_agree_with_the_state(bss: Client) -> None:
    dates = {"startDate": "2018-01-15T12:26:11.747Z", "endDate": "2038-01-15T12:26:11.747Z"}
    shown = post(bss, service(**dates, hasStarted=True, isServiceEnabled=True)).json()
    assert shown.items() >= {**dates, "hasStarted": True, "isServiceEnabled": True}.items()
    assert post(bss, service("designed", **dates, hasStarted=False)).json().items() >= dates.items()
