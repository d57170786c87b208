"""One service in two forms: nothing is lost on the way, whichever version writes, and filters mean the same of both."""

from typing import Any

import pytest
from hypothesis import given, settings

from inventory.kinds import SERVICE, V5_ONLY
from inventory.questions import of_the_body
from inventory.representation_v5 import changed, settled, shown, to_v4, to_v5
from tests.inventory.generated import bodies, documents, questions
from tmf.patching import differing
from tmf.query.tree import Condition, Some

Json = dict[str, Any]
MANY = settings(max_examples=150, deadline=None)


def stored(document: Json) -> tuple[Json, Json]:
    return changed({}, {}, document, document.keys())


@MANY
@given(documents)
def test_what_v5_writes_it_reads_again(document: Json) -> None:
    body, body_v5 = stored(document)
    assert differing(shown(body, body_v5), document) == set()


@MANY
@given(bodies, documents)
def test_what_v5_changes_it_reads_again_and_v4_keeps_the_rest(body: Json, document: Json) -> None:
    body_v5 = settled({}, {}, body)
    before = shown(body, body_v5)
    after = {**before, **document}
    after.pop("note", None)
    names = differing(before, after)
    now, now_v5 = changed(body, body_v5, after, names)
    assert differing(shown(now, now_v5), after) == set()
    assert differing(now, body) <= names - V5_ONLY


@MANY
@given(documents, bodies)
def test_what_v4_changes_leaves_v5_the_rest(document: Json, patch: Json) -> None:
    body, body_v5 = stored(document)
    before, after = shown(body, body_v5), {**body, **patch}
    kept = settled(body_v5, body, after)
    assert differing(before, shown(after, kept)) <= differing(body, after)
    assert {name: kept[name] for name in V5_ONLY & kept.keys()} == {
        name: document[name] for name in V5_ONLY & document.keys()
    }


@MANY
@given(documents, bodies)
def test_what_v5_writes_back_as_it_read_it_changes_nothing(document: Json, patch: Json) -> None:
    body, body_v5 = stored(document)
    after = {**body, **patch}
    kept = settled(body_v5, body, after)
    read = shown(after, kept)
    now, now_v5 = changed(after, kept, read, SERVICE.parts.keys() | V5_ONLY)
    assert differing(now, after) | differing(now_v5, kept) == set()


@MANY
@given(documents)
def test_an_element_that_v4_adds_to_a_list_costs_the_others_nothing(document: Json) -> None:
    body, body_v5 = stored(document)
    for name in body.keys() & {"relatedParty", "place", "serviceCharacteristic", "note", "supportingService"}:
        after = {**body, name: [{"id": "new", "name": "new", "value": 1}, *body[name]]}
        grown = shown(after, settled(body_v5, body, after))[name]
        assert grown[1:] == document[name]
        assert grown[0]["@type"]


@MANY
@given(bodies)
def test_every_object_has_a_type_that_came_without_one(body: Json) -> None:
    made = shown(body, settled({}, {}, body))
    assert all(untyped(SERVICE.parts[name], value) == [] for name, value in made.items() if name in SERVICE.parts)
    assert made["@type"] == body.get("@type", "Service")


def untyped(kind: Any, value: Any) -> list[Any]:
    if isinstance(value, list):
        return [found for element in value for found in untyped(kind, element)]
    parts = dict([kind.wrapped] if kind.wrapped else kind.parts)
    within = [found for name, part in parts.items() if name in value for found in untyped(part, value[name])]
    return within + ([] if isinstance(value.get("@type"), str) else [value])


@settings(max_examples=600, deadline=None)
@given(bodies | documents.map(lambda document: stored(document)[0]), questions)
def test_a_question_about_v5_is_answered_from_the_body(body: Json, question: Condition | Some) -> None:
    body_v5 = settled({}, {}, body)
    name = question.path[0]
    if name not in SERVICE.parts and name != "@type":
        return
    answered = question.matches(body_v5) if name in body_v5 else of_the_body(question).matches(body)
    assert answered is question.matches(shown(body, body_v5))


V4_PARTY = {"id": "456", "role": "user", "name": "Jo", "@referredType": "Individual"}
V5_PARTY = {
    "role": "user",
    "partyOrPartyRole": {"id": "456", "name": "Jo", "@referredType": "Individual", "@type": "PartyRef"},
    "@type": "RelatedPartyRefOrPartyRoleRef",
}


@pytest.mark.parametrize(
    ("name", "flat", "typed"),
    [
        ("relatedParty", V4_PARTY, V5_PARTY),
        ("place", {"id": "1", "role": "site", "@referredType": "GeographicSite"},
         {"role": "site", "place": {"id": "1", "@referredType": "GeographicSite", "@type": "PlaceRef"},
          "@type": "RelatedPlaceRefOrValue"}),
        ("place", {"role": "site", "city": "Rome", "@type": "GeographicAddress"},
         {"role": "site", "place": {"city": "Rome", "@type": "GeographicAddress"}, "@type": "RelatedPlaceRefOrValue"}),
        ("relatedEntity", {"id": "1", "role": "meter"},
         {"role": "meter", "entity": {"id": "1", "@type": "EntityRef"}, "@type": "RelatedEntityRefOrValue"}),
        ("supportingService", {"id": "1"}, {"id": "1", "@type": "ServiceRef"}),
        ("supportingService", {"id": "1", "state": "active"}, {"id": "1", "state": "active", "@type": "Service"}),
        ("serviceRelationship", {"relationshipType": "needs", "service": {"id": "1"}},
         {"relationshipType": "needs", "service": {"id": "1", "@type": "ServiceRef"}, "@type": "ServiceRelationship"}),
        ("serviceOrderItem", {"serviceOrderId": "1", "itemId": "2"},
         {"serviceOrderId": "1", "itemId": "2", "@type": "RelatedServiceOrderItem"}),
        ("note", {"text": "x"}, {"text": "x", "@type": "Note"}),
        ("supportingResource", {"id": "1"}, {"id": "1", "@type": "ResourceRef"}),
        ("feature", {"id": "1", "name": "f", "featureCharacteristic": [{"name": "on", "value": True}]},
         {"id": "1", "name": "f", "@type": "Feature",
          "featureCharacteristic": [{"name": "on", "value": True, "@type": "BooleanCharacteristic"}]}),
    ],
)  # fmt: skip
def test_both_forms_of_a_part_lead_to_each_other(name: str, flat: Json, typed: Json) -> None:
    assert to_v5(SERVICE.parts[name], [flat]) == [typed]
    assert to_v4(SERVICE.parts[name], [typed]) == [flat]
    assert stored({name: [typed], "@type": "Service"}) == ({name: [flat]}, {}) or "@type" in flat or "state" in flat


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", "String"), ("", "String"), (1, "Integer"), (1.0, "Integer"), (2**70, "Integer"), (1.5, "Number"),
        (True, "Boolean"), (False, "Boolean"), ({}, "Object"), ({"a": 1}, "Object"), (["x"], "StringArray"),
        ([], "StringArray"), ([1, 2], "IntegerArray"), ([1, 2.5], "NumberArray"), ([True], "BooleanArray"),
        ([{}], "ObjectArray"), ([1, "x"], ""), ([[1]], ""), (None, ""), ([None], ""),
    ],
)  # fmt: skip
def test_a_characteristic_is_of_the_narrowest_class_that_takes_its_value(value: Any, kind: str) -> None:
    made = to_v5(SERVICE.parts["serviceCharacteristic"], {"name": "n", "value": value})
    assert made == {"name": "n", "value": value, "@type": f"{kind}Characteristic"}


def test_a_characteristic_keeps_the_class_it_was_given_while_it_takes_the_value() -> None:
    speed = {"name": "speed", "value": 100, "@type": "NumberCharacteristic"}
    body, body_v5 = stored({"serviceCharacteristic": [speed], "@type": "Service"})
    assert body == {"serviceCharacteristic": [{"name": "speed", "value": 100}]}
    for value, kind in ((200, "Number"), (2.5, "Number"), ("fast", "String")):
        after = {"serviceCharacteristic": [{"name": "speed", "value": value}]}
        (made,) = shown(after, settled(body_v5, body, after))["serviceCharacteristic"]
        assert (made["value"], made["@type"]) == (value, f"{kind}Characteristic")


def test_a_party_that_v4_renames_keeps_what_only_v5_says() -> None:
    role: Json = {
        "role": "seller",
        "partyOrPartyRole": {"id": "7", "partyId": "8", "@type": "PartyRoleRef"},
        "@type": "Mine",
    }
    body, body_v5 = stored({"relatedParty": [V5_PARTY, role], "@type": "Service"})
    seller = {"id": "7", "partyId": "8", "role": "seller", "@referredType": "PartyRole"}
    assert body["relatedParty"] == [V4_PARTY, seller]
    after = {"relatedParty": [{**seller, "name": "Bo"}]}
    made = shown(after, settled(body_v5, body, after))["relatedParty"]
    assert made == [{**role, "partyOrPartyRole": {**role["partyOrPartyRole"], "name": "Bo"}}]


def test_nothing_is_kept_twice_that_follows_from_the_body() -> None:
    document = {"relatedParty": [V5_PARTY], "x": 1, "@type": "Service", "intent": {"id": "1", "@type": "IntentRef"}}
    assert stored(document) == ({"relatedParty": [V4_PARTY], "x": 1}, {"intent": document["intent"]})
