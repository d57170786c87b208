"""POST /serviceOrder (docs/conformance.md 1.1)."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ordering.models import ServiceOrder, ServiceOrderItem
from ordering.services import order_submit
from tests.helpers import client_of
from tests.ordering.documents import PATH, Json, item, order, relation, typical
from tests.unchanged import nothing_happens
from tmf.actors import Actor
from tmf.models import Event

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def post(client: Client, document: Any) -> Any:
    return client.post(PATH, document, "application/json")


def nested(count: int) -> Json:
    """An order of `count` items in three levels."""
    leaves = [item(f"leaf {n}") for n in range(count - 4)]
    middle = [item(f"middle {n}", serviceOrderItem=leaves[n::3]) for n in range(3)]
    return order(item("root", serviceOrderItem=middle))


def test_it_answers_the_whole_order_with_its_defaults(bss: Client) -> None:
    answer = post(bss, order(item("1", serviceOrderItem=[item("1.1")]), item("2", quantity=3)))
    shown = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == shown["href"] == f"http://testserver{PATH}/{shown['id']}"
    assert (shown["state"], shown["priority"], shown["@type"]) == ("acknowledged", "4", "ServiceOrder")
    assert STAMP.fullmatch(shown["orderDate"])
    assert shown["note"] == [
        {"author": "Harvey Poupon", "text": "Call before installation", "date": shown["orderDate"]}
    ]
    first, second = shown["serviceOrderItem"]
    assert [i["state"] for i in (first, second, first["serviceOrderItem"][0])] == ["acknowledged"] * 3
    assert (first["quantity"], second["quantity"]) == (1, 3)
    for absent in ("startDate", "completionDate", "expectedCompletionDate", "errorMessage", "cancellationDate"):
        assert absent not in shown


def test_it_keeps_what_was_sent_and_shows_it_again(bss: Client) -> None:
    sent = order(
        item("1", "modify", appointment={"id": "a7"}, colour="blue"),
        item("2", serviceOrderItemRelationship=[{"relationshipType": "reliesOn", "orderItem": {"id": "1"}}]),
        priority="0",
        orderRelationship=[{"id": "o1", "relationshipType": "dependsOn"}],
        externalReference=[{"name": "BSS ticket"}],
        **{"@type": "MyOrder", "@baseType": "ServiceOrder", "shoeSize": 43.5},
    )
    shown = post(bss, sent).json()
    assert shown == bss.get(f"{PATH}/{shown['id']}").json()
    for name in sent.keys() - {"note", "serviceOrderItem", "requestedCompletionDate"}:
        assert shown[name] == sent[name]
    assert shown["requestedCompletionDate"] == "2026-12-24T12:00:00.000Z"
    for before, after in zip(sent["serviceOrderItem"], shown["serviceOrderItem"], strict=True):
        assert after == {**before, "state": "acknowledged", "quantity": 1}


def test_it_keeps_a_note_s_own_date(bss: Client) -> None:
    shown = post(bss, order(note=[{"text": "t", "date": "2020-01-01T00:00:00Z"}])).json()
    assert shown["note"] == [{"text": "t", "date": "2020-01-01T00:00:00Z"}]


def test_it_tells_of_the_order_once(bss: Client) -> None:
    shown = post(bss, order()).json()
    event = Event.objects.get()
    assert (event.api, event.type, event.sequence, event.party) == ("ordering", "ServiceOrderCreateEvent", 1, "acme")
    assert event.payload == {**shown, "href": f"{PATH}/{shown['id']}"}


def test_it_counts_what_each_level_contains(bss: Client) -> None:
    post(
        bss, order(item("1", serviceOrderItem=[item("1.1", serviceOrderItem=[item("1.1.1")]), item("1.2")]), item("2"))
    )
    rows = {row.item_id: row for row in ServiceOrderItem.objects.order_by("position")}
    assert [*rows] == ["1", "1.1", "1.1.1", "1.2", "2"]
    assert [row.n_acknowledged for row in rows.values()] == [3, 2, 1, 1, 1]
    assert [row.parent and row.parent.item_id for row in rows.values()] == [None, "1", "1.1", "1", None]
    assert ServiceOrder.objects.get().n_acknowledged == 2


def test_it_narrows_the_answer_to_fields(bss: Client) -> None:
    shown = bss.post(f"{PATH}?fields=state", order(), "application/json").json()
    assert shown.keys() == {"id", "href", "state"}


SERVER_SET: Json = {
    "id": "1",
    "href": "http://x/1",
    "state": "acknowledged",
    "orderDate": "2026-01-01T00:00:00Z",
    "startDate": "2026-01-01T00:00:00Z",
    "completionDate": "2026-01-01T00:00:00Z",
    "expectedCompletionDate": "2026-01-01T00:00:00Z",
    "errorMessage": [],
    "milestone": [],
    "jeopardyAlert": [],
}


@pytest.mark.parametrize("name", SERVER_SET)
def test_it_refuses_what_only_the_server_sets(bss: Client, name: str) -> None:
    with nothing_happens():
        answer = post(bss, order(**{name: SERVER_SET[name]}))
    assert answer.status_code == 400
    assert name in answer.json()["message"]


def without(document: Json, name: str) -> Json:
    return {key: value for key, value in document.items() if key != name}


def service(**more: Any) -> Json:
    return order(item(service={**item()["service"], **more}))


REFUSED: dict[str, tuple[Json, str]] = {
    "a new service's id with a slash": (service(id="a/b"), "serviceOrderItem[0].service.id"),
    "a new service's id with a question mark": (service(id="a?b"), "serviceOrderItem[0].service.id"),
    "a new service's id that is escaped": (service(id="%41"), "serviceOrderItem[0].service.id"),
    "a new service's id of dots": (service(id=".."), "serviceOrderItem[0].service.id"),
    "a new service's id that begins with a blank": (service(id=" a"), "serviceOrderItem[0].service.id"),
    "no items": (without(order(), "serviceOrderItem"), "serviceOrderItem"),
    "an empty list of items": ({**order(), "serviceOrderItem": []}, "serviceOrderItem"),
    "an item without id": (order(without(item(), "id")), "serviceOrderItem[0].id"),
    "an item without action": (order(without(item(), "action")), "serviceOrderItem[0].action"),
    "an item without service": (order(without(item(), "service")), "serviceOrderItem[0].service"),
    "an unknown action": (order(item(), item("2", "explode")), "serviceOrderItem[1].action"),
    "two items of one id": (order(item("7"), item("7")), "serviceOrderItem[1].id"),
    "a nested item of a known id": (
        order(item("7", serviceOrderItem=[item("7")])),
        "serviceOrderItem[0].serviceOrderItem[0].id",
    ),
    "an item's state": (order(item(state="acknowledged")), "serviceOrderItem[0].state"),
    "a nested item's state": (
        order(item(serviceOrderItem=[item("2", state="acknowledged")])),
        "serviceOrderItem[0].serviceOrderItem[0].state",
    ),
    "a nested item without service": (
        order(item(serviceOrderItem=[{"id": "2", "action": "add"}])),
        "serviceOrderItem[0].serviceOrderItem[0].service",
    ),
    "a modify without service id": (order({**item(), "action": "modify"}), "serviceOrderItem[0].service"),
    "a delete without service id": (order({**item(), "action": "delete"}), "serviceOrderItem[0].service"),
    "a noChange without service id": (order({**item(), "action": "noChange"}), "serviceOrderItem[0].service"),
    "an unknown related item": (
        order(item(serviceOrderItemRelationship=[relation("9")])),
        "serviceOrderItem[0].serviceOrderItemRelationship[0].orderItem.itemId",
    ),
    "an item related to itself": (order(item(serviceOrderItemRelationship=[relation("1")])), "serviceOrderItem"),
    "a cycle of items": (
        order(
            item("a", serviceOrderItemRelationship=[relation("b")]),
            item("b", serviceOrderItem=[item("c", serviceOrderItemRelationship=[relation("a")])],
                 serviceOrderItemRelationship=[relation("c")]),
        ),
        "serviceOrderItem",
    ),
    "an item relationship without type": (
        order(item(serviceOrderItemRelationship=[{"orderItem": {"itemId": "1"}}])),
        "serviceOrderItem[0].serviceOrderItemRelationship[0].relationshipType",
    ),
    "a specification without id": (
        service(serviceSpecification={"name": "x"}),
        "serviceOrderItem[0].service.serviceSpecification.id",
    ),
    "a characteristic without value": (
        service(serviceCharacteristic=[{"name": "x"}]),
        "serviceOrderItem[0].service.serviceCharacteristic[0].value",
    ),
    "a feature without characteristics": (
        service(feature=[{"name": "x", "featureCharacteristic": []}]),
        "serviceOrderItem[0].service.feature[0].featureCharacteristic",
    ),
    "a place without role": (service(place=[{"id": "4"}]), "serviceOrderItem[0].service.place[0].role"),
    "a supporting resource without id": (
        service(supportingResource=[{"name": "port"}]),
        "serviceOrderItem[0].service.supportingResource[0].id",
    ),
    "a service relationship without type": (
        service(serviceRelationship=[{"service": {"id": "1"}}]),
        "serviceOrderItem[0].service.serviceRelationship[0].relationshipType",
    ),
    "an appointment without id": (order(item(appointment={"href": "x"})), "serviceOrderItem[0].appointment.id"),
    "a party without id": (order(relatedParty=[{"@referredType": "Individual"}]), "relatedParty[0].id"),
    "a party without @referredType": (order(relatedParty=[{"id": "4"}]), "relatedParty[0].@referredType"),
    "a note without text": (order(note=[{"author": "me"}]), "note[0].text"),
    "an order relationship without type": (order(orderRelationship=[{"id": "1"}]), "orderRelationship[0]"),
    "an external reference without name": (order(externalReference=[{"id": "1"}]), "externalReference[0].name"),
    "a date that is none": (order(requestedStartDate="tomorrow"), "requestedStartDate"),
    "a priority that is no text": (order(priority=1), "priority"),
}  # fmt: skip


@pytest.mark.proves("POST: the attribute's path is named for every rule broken; nothing is made", of="serviceOrder")
@pytest.mark.parametrize("case", REFUSED)
def test_it_refuses_and_creates_nothing(bss: Client, case: str) -> None:
    document, path = REFUSED[case]
    with nothing_happens():
        answer = post(bss, document)
    assert answer.status_code == 400, answer.content
    assert answer.json()["message"].startswith(path), answer.json()


@pytest.mark.parametrize("body", ["[]", "{", '"order"', "null", ""])
def test_it_refuses_what_is_no_object(bss: Client, body: str) -> None:
    with nothing_happens():
        assert post(bss, body).status_code == 400


@pytest.mark.proves("POST: what must be looked up is not judged", of="serviceOrder")
def test_it_judges_nothing_that_must_be_looked_up(bss: Client) -> None:
    unknown = item("1", "modify")
    unknown["service"] |= {"id": "no such service", "serviceSpecification": {"id": "no such specification"}}
    assert post(bss, order(unknown)).json()["state"] == "acknowledged"


def test_it_takes_fifty_nested_items_and_shows_them_nested(bss: Client) -> None:
    answer = post(bss, nested(50))
    assert answer.status_code == 201
    assert ServiceOrderItem.objects.count() == 50
    [root] = answer.json()["serviceOrderItem"]
    assert [len(middle["serviceOrderItem"]) for middle in root["serviceOrderItem"]] == [16, 15, 15]
    assert answer.json() == bss.get(answer.json()["href"]).json()


def test_it_refuses_more_items_than_the_limit(bss: Client) -> None:
    items = [item(str(n), service={}) for n in range(settings.ENV.ORDER_MAX_ITEMS + 1)]
    with nothing_happens():
        answer = post(bss, order(*items))
    assert (answer.status_code, answer.json()["message"]) == (400, "serviceOrderItem: an order has at most 1000 items")
    assert post(bss, order(*items[1:])).status_code == 201


def test_it_refuses_deeper_items_than_the_limit(bss: Client) -> None:
    def deep(levels: int) -> Json:
        made = item(str(levels), service={})
        for level in range(levels - 1, 0, -1):
            made = item(str(level), service={}, serviceOrderItem=[made])
        return order(made)

    with nothing_happens():
        answer = post(bss, deep(settings.ENV.ORDER_MAX_DEPTH + 1))
    assert answer.status_code == 400
    assert "nest deeper than 16 levels" in answer.json()["message"]
    assert post(bss, deep(settings.ENV.ORDER_MAX_DEPTH)).status_code == 201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("document", "statements"), [(typical(), 5), (nested(50), 6)], ids=["flat", "nested"])
def test_it_writes_an_order_in_as_few_statements_as_there_are_tables(document: Json, statements: int) -> None:
    """BEGIN, order, items, event, COMMIT; one more links nested items to their parents."""
    actor = Actor("bss", "acme")
    order_submit(actor=actor, document=document)
    with CaptureQueriesContext(connection) as queries:
        order_submit(actor=actor, document=document)
    assert len(queries) == statements, [query["sql"][:100] for query in queries]


@pytest.mark.django_db(transaction=True)
def test_it_adds_one_statement_for_who_asks() -> None:
    client = client_of("acme")
    with CaptureQueriesContext(connection) as queries:
        assert post(client, typical()).status_code == 201
    assert len(queries) == 6, [query["sql"][:100] for query in queries]


def test_it_takes_what_clients_write_that_send_every_attribute_of_a_class(bss: Client) -> None:
    nulls = dict.fromkeys(("id", "href", "state", "orderDate", "completionDate", "description", "orderRelationship"))
    first = item("1", state=None, errorMessage=None, appointment=None, serviceOrderItem=None)
    first["service"] |= {"id": None, "relatedParty": None, "endDate": None}
    shown = post(bss, order(first, **nulls)).json()
    assert shown["state"] == "acknowledged"
    assert not {"description", "orderRelationship", "completionDate"} & shown.keys()
    assert not {"appointment", "serviceOrderItem", "errorMessage"} & shown["serviceOrderItem"][0].keys()
    assert None not in shown["serviceOrderItem"][0]["service"].values()


def test_it_takes_date_times_as_the_specifications_own_examples_write_them(bss: Client) -> None:
    shown = post(bss, order(requestedStartDate="2017-04-05T14:12", note=[{"text": "t", "date": "2017-04-05T14:12"}]))
    assert shown.json()["requestedStartDate"] == "2017-04-05T14:12:00.000Z"
    assert shown.json()["note"][0]["date"] == "2017-04-05T14:12:00Z"


def test_a_repeat_with_its_key_is_the_same_request_whatever_was_spelled_out(bss: Client) -> None:
    sent = order(description=None, requestedStartDate="2017-04-05T14:12")
    first, second = (bss.post(PATH, sent, "application/json", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
