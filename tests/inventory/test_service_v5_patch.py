"""PATCH /service/{id} of v5, and what a change through either version leaves to the other (docs/conformance.md 2.1)."""

from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import pytest
from django.test import Client

from inventory.models import OperatingStatus, Service, ServiceState
from tests.inventory import documents_v5 as v5
from tests.inventory.documents import PATH as PATH_V4
from tests.inventory.documents import Json
from tests.inventory.documents_v5 import MERGE, OPERATIONS, PATH, QUERY, WHOLE, service
from tests.tmf.answers import assert_error, assert_ok
from tests.unchanged import nothing_happens
from tmf.models import Event, JournalEntry

Make = Callable[..., Json]


@pytest.fixture
def made(bss: Client) -> Make:
    """`made(document, state=…)`: a service of acme's as v5 shows it."""

    def make(document: Any = None, **columns: Any) -> Json:
        shown: Json = assert_ok(bss.post(PATH, document or service(), "application/json"), 201)
        Service.objects.filter(pk=shown["id"]).update(**columns) if columns else None
        read: Json = bss.get(f"{PATH}/{shown['id']}").json()
        return read

    return make


def patch(client: Client, shown: Json, change: Any, media_type: str = "application/json", query: str = "") -> Any:
    return client.patch(f"{PATH}/{shown['id']}{query}", change, media_type)


def types() -> list[str]:
    return [*Event.objects.order_by("sequence").values_list("type", flat=True)][1:]


@pytest.mark.parametrize("media_type", ["application/json", MERGE])
def test_it_merges_with_and_without_saying_the_class(bss: Client, made: Make, media_type: str) -> None:
    shown = made(WHOLE)
    first = assert_ok(patch(bss, shown, {"@type": "Service", "name": "new"}, media_type))
    assert first == {**shown, "name": "new"}
    second = assert_ok(patch(bss, shown, {"description": None, "intent": {"name": "B"}}, media_type))
    expected = {**first, "intent": {**shown["intent"], "name": "B"}}
    del expected["description"]
    assert second == expected


def test_it_narrows_the_answer(bss: Client, made: Make) -> None:
    shown = made()
    answer = assert_ok(patch(bss, shown, {"name": "new"}, query="?fields=name"))
    assert answer == {"id": shown["id"], "href": shown["href"], "@type": "Service", "name": "new"}


@pytest.mark.proves("PATCH: JSON Patch Query", of="serviceInventory-v5 service")
@pytest.mark.parametrize(
    ("media_type", "operations"),
    [
        (OPERATIONS, [{"op": "replace", "path": "/note/0/author", "value": "N. Bene"}]),
        (OPERATIONS, [{"op": "replace", "path": "note/0/author", "value": "N. Bene"}]),
        (QUERY, [{"op": "replace", "path": "/note/author?note.id=77456", "value": "N. Bene"}]),
        (QUERY, [{"op": "replace", "path": "/note/0/author", "value": "N. Bene"}]),
        (QUERY, [{"op": "replace", "path": "$.note[?(@.id=='77456')].author", "value": "N. Bene"}]),
        (QUERY, [{"op": "test", "path": "/note/text?note.id=77456", "value": "fine"},
                 {"op": "add", "path": "note/author?note.id=77456", "value": "N. Bene"}]),
    ],
)  # fmt: skip
def test_it_changes_one_of_several_by_a_patch(bss: Client, made: Make, media_type: str, operations: list[Json]) -> None:
    other = {"id": "2", "author": "A", "text": "b", "@type": "Note"}
    shown = made(service(note=[v5.NOTE, other]))
    after = assert_ok(patch(bss, shown, operations, media_type))
    assert after == {**shown, "note": [{**v5.NOTE, "author": "N. Bene"}, other]}
    assert types() == ["ServiceAttributeValueChangeEvent"]


def test_it_refuses_a_patch_query_that_finds_nothing(bss: Client, made: Make) -> None:
    shown = made(WHOLE)
    with nothing_happens():
        operation = {"op": "replace", "path": "/note/author?note.id=7", "value": "x"}
        assert_error(patch(bss, shown, [operation], QUERY), 400, "[0]", "nothing is found")
        assert_error(patch(bss, shown, [{**operation, "op": "test"}], QUERY), 409)
        assert_error(patch(bss, shown, [{**operation, "path": "/id?id=1"}], QUERY), 400, "id")
        assert_error(patch(bss, shown, [{**operation, "path": "$.note[?("}], QUERY), 400)


def test_v4_takes_no_patch_query(bss: Client, made: Make) -> None:
    shown = made()
    assert_error(bss.patch(f"{PATH_V4}/{shown['id']}", [], QUERY), 415)


MOVES = {
    *product(["feasibilityChecked"], ["designed", "reserved", "inactive", "active"]),
    *product(["designed"], ["reserved", "inactive"]),
    *product(["reserved"], ["designed", "inactive", "active"]),
    *product(["inactive"], ["active", "terminated"]),
    *product(["active"], ["inactive", "terminated", "suspended"]),
    *product(["suspended"], ["active", "inactive", "terminated"]),
    ("terminated", "active"),
}


@pytest.mark.proves(
    "state machine: all pairs of states, legal ones move, others are 409",
    "event: StateChange",
    of="serviceInventory-v5 service",
)
@pytest.mark.parametrize(("before", "after"), [*permutations(ServiceState.values, 2)])
def test_it_moves_as_the_table_has_it(bss: Client, made: Make, before: str, after: str) -> None:
    shown = made(state=before)
    answer = patch(bss, shown, {"state": after})
    if (before, after) in MOVES:
        assert assert_ok(answer)["state"] == after
        assert types() == ["ServiceStateChangeEvent"]
        assert JournalEntry.objects.filter(before=before, after=after).count() == 1
    else:
        assert_error(answer, 409, "state")
        assert types() == []


@pytest.mark.proves("event: OperatingStatusChange", of="serviceInventory-v5 service")
@pytest.mark.parametrize("state", ServiceState.values)
def test_its_operating_status_is_free_of_its_state(bss: Client, made: Make, state: str) -> None:
    shown = made(state=state)
    for status in OperatingStatus.values:
        assert assert_ok(patch(bss, shown, {"operatingStatus": status}))["operatingStatus"] == status
    assert "operatingStatus" not in assert_ok(patch(bss, shown, {"operatingStatus": None}))
    assert types() == ["ServiceOperatingStatusChangeEvent"] * (len(OperatingStatus) + 1)


def test_it_tells_of_state_status_and_the_rest_by_an_event_each(bss: Client, made: Make) -> None:
    shown = made()
    assert_ok(patch(bss, shown, {"state": "suspended", "operatingStatus": "stopped", "name": "new"}))
    assert types() == [
        "ServiceAttributeValueChangeEvent", "ServiceStateChangeEvent", "ServiceOperatingStatusChangeEvent",
    ]  # fmt: skip


REFUSED: dict[str, tuple[Json, str]] = {
    "an id": ({"id": "7"}, "id"),
    "an href": ({"href": "http://x"}, "href"),
    "a serviceDate": ({"serviceDate": "2020-01-01T00:00:00Z"}, "serviceDate"),
    "no state": ({"state": None}, "state"),
    "no specification": ({"serviceSpecification": None}, "serviceSpecification"),
    "no class": ({"@type": None}, "@type"),
    "an unknown state": ({"state": "asleep"}, "state"),
    "an unknown status": ({"operatingStatus": "dancing"}, "operatingStatus"),
    "an untyped note": ({"note": [{"text": "x"}]}, "note[0].@type"),
    "a party without a role": (
        {"relatedParty": [v5.PARTY, {"@type": "RelatedPartyRefOrPartyRoleRef"}]}, "relatedParty[1].role"),
    "a party in v4's form": ({"relatedParty": [{"id": "1", "@referredType": "Individual"}]}, "relatedParty[0].@type"),
    "a characteristic of another type": (
        {"serviceCharacteristic": [v5.characteristic("n", "Integer", "x")]}, "serviceCharacteristic[0].value"),
    "a characteristic without a name": (
        {"serviceCharacteristic": [{"@type": "IntegerCharacteristic", "value": 1}]}, "serviceCharacteristic[0].name"),
    "a flag that contradicts the state": ({"isServiceEnabled": False}, "isServiceEnabled"),
    "an end before the start": (
        {"startDate": "2021-01-01T00:00:00Z", "endDate": "2020-01-01T00:00:00Z"}, "endDate"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_what_breaks_a_rule_and_changes_nothing(bss: Client, made: Make, change: Json, path: str) -> None:
    shown = made(WHOLE)
    with nothing_happens():
        assert_error(patch(bss, shown, {**change, "name": "new"}), 400, path)


@pytest.mark.parametrize("name", [name for name, value in WHOLE.items() if isinstance(value, list | dict)])
def test_it_replaces_every_part(bss: Client, made: Make, name: str) -> None:
    shown = made()
    assert assert_ok(patch(bss, shown, {name: WHOLE[name]})) == {**shown, name: WHOLE[name]}
    gone = assert_ok(patch(bss, made(WHOLE), {name: None})) if name != "serviceSpecification" else {}
    assert name not in gone


def test_it_leaves_what_v4_made_with_less_than_a_post_of_v5_needs(bss: Client) -> None:
    sent = {
        "state": "active",
        "serviceSpecification": {"id": "12"},
        "relatedParty": [{"id": "1", "@referredType": "Individual"}],
    }
    old = assert_ok(bss.post(PATH_V4, sent, "application/json"), 201)
    add = [{"op": "add", "path": "/relatedParty/-", "value": v5.PARTY}]
    assert len(assert_ok(patch(bss, old, add, OPERATIONS))["relatedParty"]) == 2
    add = [{"op": "add", "path": "/relatedParty/-", "value": {k: v for k, v in v5.PARTY.items() if k != "role"}}]
    assert_error(patch(bss, old, add, OPERATIONS), 400, "relatedParty[2].role")


# -- each version leaves the other what it cannot say ------------------------------------------
def test_a_v4_patch_leaves_all_that_only_v5_says(bss: Client, made: Make) -> None:
    shown = made(WHOLE, state="suspended")
    path = f"{PATH_V4}/{shown['id']}"
    assert_ok(bss.patch(path, {"name": "new", "note": bss.get(path).json()["note"]}, "application/json"))
    assert bss.get(f"{PATH}/{shown['id']}").json() == {**shown, "name": "new"}


def test_a_v4_patch_of_a_list_leaves_the_other_elements(bss: Client, made: Make) -> None:
    role: Json = {
        "role": "seller",
        "partyOrPartyRole": {"id": "9", "partyId": "8", "@type": "PartyRoleRef"},
        "@type": "RelatedPartyRefOrPartyRoleRef",
        "@baseType": "RelatedParty",
    }
    shown = made(service(relatedParty=[role, v5.PARTY]))
    path = f"{PATH_V4}/{shown['id']}"
    (seller, user) = bss.get(path).json()["relatedParty"]
    assert seller == {"id": "9", "partyId": "8", "role": "seller", "@referredType": "PartyRole"}
    added = {"id": "10", "role": "owner", "@referredType": "Organization"}
    assert_ok(bss.patch(path, {"relatedParty": [user, added, {**seller, "name": "Bo"}]}, "application/json"))
    parties = bss.get(f"{PATH}/{shown['id']}").json()["relatedParty"]
    assert parties[0] == v5.PARTY
    assert parties[1]["partyOrPartyRole"] == {"id": "10", "@referredType": "Organization", "@type": "PartyRef"}
    assert parties[2] == {**role, "partyOrPartyRole": {**role["partyOrPartyRole"], "name": "Bo"}}


def test_a_v5_patch_leaves_all_that_only_v4_says(bss: Client) -> None:
    sent = {
        "state": "active",
        "serviceSpecification": {"id": "12"},
        "relatedParty": [{"id": "1", "role": "user", "@referredType": "Individual", "@type": "RelatedParty"}],
        "intent": "a word of v4's client",
        "operatingStatus": 7,
    }
    old = assert_ok(bss.post(PATH_V4, sent, "application/json"), 201)
    path = f"{PATH}/{old['id']}"
    parties = [*bss.get(path).json()["relatedParty"], v5.PARTY]
    assert_ok(bss.patch(path, {"relatedParty": parties, "intent": {"id": "1", "@type": "IntentRef"}}, MERGE))
    assert_ok(bss.patch(path, {"operatingStatus": "running"}, MERGE))
    new = bss.get(f"{PATH_V4}/{old['id']}").json()
    party = {"id": "456", "name": "Jo Doe", "role": "user", "@referredType": "Individual"}
    assert new == {**old, "relatedParty": [*old["relatedParty"], party]}
    assert bss.get(path).json()["relatedParty"] == parties


def test_what_v4_has_no_word_for_it_calls_inactive(bss: Client, made: Make) -> None:
    shown = made(state="suspended")
    path = f"{PATH_V4}/{shown['id']}"
    assert bss.get(path).json()["state"] == "inactive"
    assert [each["id"] for each in bss.get(f"{PATH_V4}?state=inactive").json()] == [shown["id"]]
    assert bss.get(f"{PATH_V4}?state=suspended").json() == []
    with nothing_happens():
        assert_ok(bss.patch(path, {"state": "inactive"}, "application/json"))
        assert_error(bss.patch(path, {"state": "suspended"}, "application/json"), 400, "state")
    assert bss.get(f"{PATH}/{shown['id']}").json()["state"] == "suspended"
    assert_ok(bss.patch(path, {"state": "active"}, "application/json"))
    assert bss.get(f"{PATH}/{shown['id']}").json()["state"] == "active"


def test_both_versions_have_one_etag(bss: Client, made: Make) -> None:
    shown = made()
    tag = bss.get(f"{PATH_V4}/{shown['id']}")["ETag"]
    assert bss.get(f"{PATH}/{shown['id']}")["ETag"] == tag
    assert_ok(patch(bss, shown, {"name": "new"}))
    stale = {"if-match": tag}
    assert_error(bss.patch(f"{PATH_V4}/{shown['id']}", {"name": "x"}, "application/json", headers=stale), 412)


def test_another_party_sees_it_in_neither_version(stranger: Client, made: Make) -> None:
    shown = made(WHOLE)
    for root in (PATH, PATH_V4):
        assert stranger.get(root).json() == []
        assert_error(stranger.get(f"{root}/{shown['id']}"), 404)
        assert_error(stranger.patch(f"{root}/{shown['id']}", {"name": "x"}, "application/json"), 404)
        assert_error(stranger.delete(f"{root}/{shown['id']}"), 404)
