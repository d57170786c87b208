"""PATCH /serviceOrder/{id} (docs/conformance.md 1.2)."""

from itertools import product
from typing import Any

import pytest
from django.test import Client

from ordering.models import OrderState, ServiceOrder, ServiceOrderItem
from tests.ordering.conftest import Place
from tests.ordering.documents import PATH, Json, item, order, relation
from tests.unchanged import nothing_happens
from tmf.models import Event, JournalEntry

MERGE, JSON_PATCH = "application/merge-patch+json", "application/json-patch+json"
CREATED, CHANGED, MOVED = (f"ServiceOrder{kind}Event" for kind in ("Create", "AttributeValueChange", "StateChange"))


def patch(client: Client, row: ServiceOrder, content: Any, kind: str = MERGE) -> Any:
    return client.patch(f"{PATH}/{row.pk}", content, kind)


def shown(client: Client, row: ServiceOrder) -> Json:
    document: Json = client.get(f"{PATH}/{row.pk}").json()
    return document


def events() -> list[tuple[str, int, str]]:
    return [*Event.objects.order_by("sequence").values_list("type", "sequence", "field_path")]


ALLOWED: Json = {
    "description": "Another one",
    "externalId": "X-2",
    "externalReference": [{"name": "ticket", "externalReferenceType": "BSS"}],
    "notificationContact": "noc@example.com",
    "priority": "0",
    "requestedStartDate": "2027-01-01T00:00:00.000Z",
    "requestedCompletionDate": "2027-02-01T00:00:00.000Z",
    "expectedCompletionDate": "2027-03-01T00:00:00.000Z",
    "note": [{"text": "new", "date": "2027-01-01T00:00:00Z"}],
    "orderRelationship": [{"id": "o2", "relationshipType": "dependsOn"}],
    "relatedParty": [{"id": "p2", "@referredType": "Organization"}],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_it_changes_what_may_be_changed(bss: Client, placed: Place, name: str) -> None:
    row = placed()
    before = shown(bss, row)
    answer = patch(bss, row, {name: ALLOWED[name]})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {**before, name: ALLOWED[name]} == shown(bss, row)
    assert events() == [(CREATED, 1, ""), (CHANGED, 2, name)]
    assert Event.objects.get(sequence=2).payload[name] == ALLOWED[name]


@pytest.mark.parametrize("name", ["description", "externalId", "note", "relatedParty", "requestedCompletionDate"])
def test_it_removes_what_is_patched_to_null(bss: Client, placed: Place, name: str) -> None:
    row = placed()
    assert name not in patch(bss, row, {name: None}).json()


def test_it_falls_back_to_the_default_priority(bss: Client, placed: Place) -> None:
    assert patch(bss, placed(order(priority="0")), {"priority": None}).json()["priority"] == "4"


def test_it_dates_a_new_note(bss: Client, placed: Place) -> None:
    [note] = patch(bss, placed(), {"note": [{"text": "new"}]}).json()["note"]
    assert note.keys() == {"text", "date"}


@pytest.mark.parametrize("content", [{}, {"priority": "4"}, {"priority": None}, {"state": "acknowledged"}])
def test_it_tells_nobody_of_a_change_that_is_none(bss: Client, placed: Place, content: Json) -> None:
    row = placed()
    with nothing_happens():
        answer = patch(bss, row, content)
    assert (answer.status_code, answer.json()) == (200, shown(bss, row))


FIXED = {
    "id": "x", "href": "http://x", "orderDate": "2026-01-01T00:00:00Z", "startDate": "2026-01-01T00:00:00Z",
    "completionDate": "2026-01-01T00:00:00Z", "errorMessage": [], "milestone": [], "jeopardyAlert": [],
    "category": "x", "cancellationDate": "2026-01-01T00:00:00Z", "cancellationReason": "x", "shoeSize": 43,
}  # fmt: skip


@pytest.mark.parametrize("name", FIXED)
def test_it_refuses_any_other_attribute_and_applies_nothing(bss: Client, placed: Place, name: str) -> None:
    row = placed()
    with nothing_happens():
        answer = patch(bss, row, {name: FIXED[name], "description": "applied?"})
    assert answer.status_code == 400
    assert name in answer.json()["message"]


BROKEN: dict[str, tuple[Json, str]] = {
    "a state's unknown word": ({"state": "paused"}, "state"),
    "no state": ({"state": None}, "state"),
    "a party without @referredType": ({"relatedParty": [{"id": "1"}]}, "relatedParty[0].@referredType"),
    "a note without text": ({"note": [{}]}, "note[0].text"),
    "no items": ({"serviceOrderItem": []}, "serviceOrderItem"),
    "items removed": ({"serviceOrderItem": None}, "serviceOrderItem"),
    "an item without service": ({"serviceOrderItem": [{"id": "1", "action": "add"}]}, "serviceOrderItem[0].service"),
    "two items of one id": ({"serviceOrderItem": [item("7"), item("7")]}, "serviceOrderItem[1].id"),
    "an item's own state": ({"serviceOrderItem": [item(state="completed")]}, "serviceOrderItem[0].state"),
    "a new item's state": ({"serviceOrderItem": [item("9", state="acknowledged")]}, "serviceOrderItem[0].state"),
    "a cycle": ({"serviceOrderItem": [item(serviceOrderItemRelationship=[relation("1")])]}, "serviceOrderItem"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_it_refuses_what_a_post_would_refuse(bss: Client, placed: Place, case: str) -> None:
    content, path = BROKEN[case]
    row = placed()
    with nothing_happens():
        answer = patch(bss, row, content)
    assert answer.status_code == 400, answer.content
    assert answer.json()["message"].startswith(path), answer.json()


def test_it_replaces_the_items_while_nothing_has_begun(bss: Client, placed: Place) -> None:
    row = placed(order(item("1"), item("2")))
    new = [item("2", "modify", serviceOrderItem=[item("2.1")]), item("3"), item("4")]
    answer = patch(bss, row, {"serviceOrderItem": new})
    assert answer.status_code == 200, answer.content
    assert [i["id"] for i in answer.json()["serviceOrderItem"]] == ["2", "3", "4"]
    assert answer.json() == shown(bss, row)
    assert [*ServiceOrderItem.objects.order_by("position").values_list("item_id", "n_acknowledged")] == [
        ("2", 2), ("2.1", 1), ("3", 1), ("4", 1),
    ]  # fmt: skip
    assert ServiceOrder.objects.get().n_acknowledged == 3
    assert events() == [(CREATED, 1, ""), (CHANGED, 2, "serviceOrderItem")]


def test_it_changes_one_item_by_json_patch(bss: Client, placed: Place) -> None:
    row = placed(order(item("1"), item("2")))
    operation = {"op": "replace", "path": "/serviceOrderItem/1/service/name", "value": "renamed"}
    answer = patch(bss, row, [operation], JSON_PATCH)
    assert answer.status_code == 200, answer.content
    assert [i["service"]["name"] for i in answer.json()["serviceOrderItem"]] == ["access line 1", "renamed"]


@pytest.mark.parametrize("state", OrderState.values)
def test_it_takes_back_the_items_it_has_shown_as_no_change(bss: Client, placed: Place, state: str) -> None:
    row = placed(order(item("1", serviceOrderItem=[item("1.1")]), item("2")), state=state)
    ServiceOrderItem.objects.update(service_id="s1", errors=[{"message": "late"}])
    items = shown(bss, row)["serviceOrderItem"]
    with nothing_happens():
        assert patch(bss, row, {"serviceOrderItem": items}).status_code == 200


def test_it_lets_the_plain_items_be_sent_again(bss: Client, placed: Place) -> None:
    document = order(item("1", "modify"), item("2"))
    row = placed(document, state="inProgress")
    with nothing_happens():
        assert patch(bss, row, {"serviceOrderItem": document["serviceOrderItem"]}).status_code == 200


def test_it_replaces_the_items_of_an_order_that_waits_for_them(bss: Client, placed: Place) -> None:
    row = placed(state="pending", n_acknowledged=0, n_pending=1)
    ServiceOrderItem.objects.update(own="pending", state="pending", errors=[{"code": "x"}])
    answer = patch(bss, row, {"serviceOrderItem": [item("1"), item("2")]})
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    assert [one["state"] for one in answer.json()["serviceOrderItem"]] == ["acknowledged"] * 2
    assert "errorMessage" not in answer.json()["serviceOrderItem"][0]
    assert [*ServiceOrder.objects.values_list("n_acknowledged", "n_pending")] == [(2, 0)]


AMENDING: Json = {
    "serviceOrderItem": [item("1"), item("2")],
    "requestedStartDate": "2027-01-01T00:00:00Z",
    "requestedCompletionDate": "2027-02-01T00:00:00Z",
    "relatedParty": [{"id": "p2", "@referredType": "Organization"}],
}


@pytest.mark.parametrize(("name", "state"), [*product(AMENDING, sorted({*OrderState.values} - {"acknowledged"}))])
def test_it_refuses_to_amend_an_order_that_has_begun(bss: Client, placed: Place, name: str, state: str) -> None:
    row = placed(state=state)
    ServiceOrderItem.objects.update(own="inProgress")
    with nothing_happens():
        answer = patch(bss, row, {name: AMENDING[name], "description": "applied?"})
    assert answer.status_code == 409
    assert "amendment of a running order is not available yet" in answer.json()["message"]


LEGAL = {("acknowledged", "held"), ("inProgress", "held"), ("held", "inProgress"), ("pending", "inProgress")}


@pytest.mark.parametrize(
    ("before", "after"), [pair for pair in product(OrderState.values, repeat=2) if len({*pair}) > 1]
)
def test_it_lets_the_consumer_hold_and_resume_and_nothing_else(
    bss: Client, placed: Place, before: str, after: str
) -> None:
    row = placed(state=before, on_hold=before == "held")
    if (before, after) in LEGAL:
        answer = patch(bss, row, {"state": after})
        assert (answer.status_code, answer.json()["state"]) == (200, after)
        row.refresh_from_db()
        assert (row.state, row.on_hold) == (after, after == "held")
        return
    with nothing_happens():
        assert patch(bss, row, {"state": after}).status_code == 409


def test_it_tells_and_journals_a_hold(bss: Client, placed: Place) -> None:
    row = placed()
    patch(bss, row, {"state": "held"})
    assert events() == [(CREATED, 1, ""), (MOVED, 2, "")]
    assert Event.objects.get(sequence=2).payload["state"] == "held"
    assert [*JournalEntry.objects.values_list("entity", "entity_id", "order_id", "before", "after", "reason")] == [
        ("ServiceOrder", row.pk, row.pk, "acknowledged", "held", "put on hold by the consumer")
    ]


def test_it_starts_an_order_that_is_resumed_before_anything_began(bss: Client, placed: Place) -> None:
    row = placed()
    patch(bss, row, {"state": "held"})
    assert "startDate" in patch(bss, row, {"state": "inProgress"}).json()


def test_it_does_not_resume_what_the_provider_holds(bss: Client, placed: Place) -> None:
    row = placed(state="held", n_held=1)
    with nothing_happens():
        answer = patch(bss, row, {"state": "inProgress"})
    assert (answer.status_code, "held by the provider" in answer.json()["message"]) == (409, True)


@pytest.mark.proves("event: StateChange", of="serviceOrder")
def test_it_tells_both_kinds_of_change(bss: Client, placed: Place) -> None:
    patch(bss, placed(), {"state": "held", "priority": "1", "description": "wait"})
    assert [event[:2] for event in events()] == [(CREATED, 1), (CHANGED, 2), (MOVED, 3)]
    changed, moved = (event.payload for event in Event.objects.filter(sequence__gt=1))
    assert changed == moved


def test_it_refuses_everything_when_the_state_is_refused(bss: Client, placed: Place) -> None:
    row = placed()
    with nothing_happens():
        assert patch(bss, row, {"state": "completed", "priority": "1"}).status_code == 409
