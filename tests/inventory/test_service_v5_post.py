"""POST /service of v5 (docs/conformance.md 2.1)."""

from typing import Any

import pytest
from django.test import Client

from inventory.models import OperatingStatus, Service, ServiceState
from tests.inventory import documents_v5 as v5
from tests.inventory.documents import PATH as PATH_V4
from tests.inventory.documents import Json
from tests.inventory.documents_v5 import PATH, WHOLE, characteristic, service
from tests.tmf.answers import assert_error, assert_ok
from tests.unchanged import nothing_happens
from tmf.models import Event


def post(client: Client, document: Any, query: str = "") -> Any:
    return client.post(PATH + query, document, "application/json")


def test_it_answers_all_that_it_was_given(bss: Client) -> None:
    shown = assert_ok(post(bss, WHOLE), 201)
    assert shown.items() >= WHOLE.items()
    made = {"id", "href", "serviceDate", "startDate", "hasStarted", "isServiceEnabled"}
    assert shown.keys() - WHOLE.keys() == made
    assert shown["href"].endswith(f"{PATH}/{shown['id']}")
    assert bss.get(shown["href"]).json() == shown
    assert bss.get(PATH).json() == [shown]


@pytest.mark.proves("neither version shows the other's form", of="serviceInventory-v5 service")
def test_v4_shows_it_in_its_own_words_and_nothing_of_v5(bss: Client) -> None:
    shown = assert_ok(post(bss, WHOLE), 201)
    old = bss.get(f"{PATH_V4}/{shown['id']}").json()
    assert old["href"].endswith(f"{PATH_V4}/{shown['id']}")
    assert not old.keys() & {"externalIdentifier", "intent", "operatingStatus", "@type"}
    assert old["relatedParty"] == [{"id": "456", "name": "Jo Doe", "role": "user", "@referredType": "Individual"}]
    place = {"id": "2435", "name": "home", "role": "InstallationAddress", "@referredType": "GeographicAddress"}
    assert old["place"] == [place]
    assert old["relatedEntity"] == [{"id": "e1", "role": "meter", "@referredType": "Meter"}]
    assert [(c["name"], c["value"]) for c in old["serviceCharacteristic"]] == [
        (c["name"], c["value"]) for c in v5.CHARACTERISTICS
    ]
    assert not any("@type" in c for c in old["serviceCharacteristic"])
    assert old["supportingService"][1]["state"] == "inactive"
    assert "intent" not in old["supportingService"][1]
    assert "partyOrPartyRole" not in str(old)


@pytest.mark.proves("neither version shows the other's form", of="serviceInventory-v5 service")
def test_v5_shows_what_v4_made_with_a_class_for_every_object(bss: Client) -> None:
    sent = {
        "state": "active",
        "serviceSpecification": {"id": "12"},
        "relatedParty": [{"id": "1", "role": "user", "@referredType": "Individual"}],
        "serviceCharacteristic": [{"name": "speed", "value": 100}],
        "operatingStatus": "a word of the client's",
        "intent": 7,
    }
    made = assert_ok(bss.post(PATH_V4, sent, "application/json"), 201)
    assert (made["operatingStatus"], made["intent"]) == ("a word of the client's", 7)
    shown = assert_ok(bss.get(f"{PATH}/{made['id']}"))
    assert shown == {
        "id": made["id"],
        "href": made["href"].replace("/v4/", "/v5/"),
        "@type": "Service",
        "state": "active",
        "serviceDate": made["serviceDate"],
        "startDate": made["startDate"],
        "hasStarted": True,
        "isServiceEnabled": True,
        "serviceSpecification": {"id": "12", "@type": "ServiceSpecificationRef"},
        "relatedParty": [
            {
                "role": "user",
                "partyOrPartyRole": {"id": "1", "@referredType": "Individual", "@type": "PartyRef"},
                "@type": "RelatedPartyRefOrPartyRoleRef",
            }
        ],
        "serviceCharacteristic": [{"name": "speed", "value": 100, "@type": "IntegerCharacteristic"}],
    }


@pytest.mark.proves("POST: the client's id is taken, 409 when it is held", of="serviceInventory-v5 service")
@pytest.mark.parametrize("own", ["5351", "urn:uuid:6ba7b810", "a.b_c~d-e@f", "x" * 100])
def test_it_takes_the_clients_id(bss: Client, own: str) -> None:
    answer = post(bss, service(id=own))
    assert assert_ok(answer, 201)["id"] == own
    assert answer["Location"].endswith(f"{PATH}/{own}")
    assert bss.get(f"{PATH}/{own}").status_code == 200


@pytest.mark.proves("POST: the client's id is taken, 409 when it is held", of="serviceInventory-v5 service")
def test_it_refuses_an_id_that_is_taken_by_anybody(bss: Client, stranger: Client) -> None:
    assert_ok(post(bss, service(id="5351")), 201)
    with nothing_happens():
        assert_error(post(bss, service(id="5351", name="again")), 409, "id", "5351")
        assert_error(post(stranger, service(id="5351")), 409, "id")
    assert stranger.get(f"{PATH}/5351").status_code == 404


@pytest.mark.parametrize("state", [state for state in ServiceState if state != "terminated"])
def test_it_begins_in_any_state_but_the_last(bss: Client, state: str) -> None:
    shown = assert_ok(post(bss, service(state)), 201)
    assert shown["state"] == state
    assert shown["hasStarted"] is (state in ("active", "suspended"))
    assert shown["isServiceEnabled"] is (state == "active")


@pytest.mark.parametrize("status", OperatingStatus.values)
def test_it_runs_in_any_status_whatever_its_state(bss: Client, status: str) -> None:
    shown = assert_ok(post(bss, service("designed", operatingStatus=status)), 201)
    assert shown["operatingStatus"] == status


def test_it_takes_flags_and_dates_that_agree_with_the_state(bss: Client) -> None:
    begun = "2020-01-01T00:00:00.000Z"
    shown = assert_ok(post(bss, service(startDate=begun, hasStarted=True, isServiceEnabled=True)), 201)
    assert shown["startDate"] == begun


def test_it_narrows_the_answer(bss: Client) -> None:
    shown = assert_ok(post(bss, WHOLE, "?fields=relatedParty.partyOrPartyRole.name"), 201)
    party = {
        "partyOrPartyRole": {"name": "Jo Doe", "@type": "PartyRef"},
        "@type": "RelatedPartyRefOrPartyRoleRef",
    }
    assert shown == {"id": shown["id"], "href": shown["href"], "@type": "Service", "relatedParty": [party]}


def untyped(attribute: str, *within: str) -> tuple[Json, str]:
    """A service where one object within the attribute lacks its class, and the path of what is missing."""
    value = WHOLE[attribute]
    is_list = isinstance(value, list)
    made = _without(value[0] if is_list else value, within)
    names = [f"{name}[0]" if name.endswith("Characteristic") else name for name in within]
    path = ".".join([f"{attribute}[0]" if is_list else attribute, *names, "@type"])
    return {**service(), attribute: [made] if is_list else made}, path


def _without(element: Json, within: tuple[str, ...]) -> Json:
    if not within:
        return {name: value for name, value in element.items() if name != "@type"}
    inner = element[within[0]]
    made = [_without(inner[0], within[1:])] if isinstance(inner, list) else _without(inner, within[1:])
    return {**element, within[0]: made}


OBJECTS = [
    ("serviceSpecification",), ("feature",), ("feature", "featureCharacteristic"), ("serviceCharacteristic",),
    ("serviceRelationship",), ("serviceRelationship", "service"),
    ("serviceRelationship", "serviceRelationshipCharacteristic"), ("supportingService",), ("supportingResource",),
    ("relatedParty",), ("relatedParty", "partyOrPartyRole"), ("relatedEntity",), ("relatedEntity", "entity"),
    ("place",), ("place", "place"), ("serviceOrderItem",), ("note",), ("externalIdentifier",), ("intent",),
]  # fmt: skip


@pytest.mark.proves(
    "POST: @type mandatory on every object, values as their class allows", of="serviceInventory-v5 service"
)
@pytest.mark.parametrize("place", OBJECTS, ids=".".join)
def test_it_wants_a_class_of_every_object(bss: Client, place: tuple[str, ...]) -> None:
    document, path = untyped(*place)
    with nothing_happens():
        assert_error(post(bss, document), 400, f"{path}: is missing")


def related(**party: Any) -> Json:
    return {"role": "user", "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole": party}


CHARACTERISTIC = "serviceCharacteristic"
REFUSED: dict[str, tuple[Json, str]] = {
    "no state": ({k: v for k, v in service().items() if k != "state"}, "state"),
    "no specification": ({k: v for k, v in service().items() if k != "serviceSpecification"}, "serviceSpecification"),
    "a specification without id": (
        service(serviceSpecification={"@type": "ServiceSpecificationRef"}), "serviceSpecification.id"),
    "an unknown state": (service("asleep"), "state"),
    "an unknown operating status": (service(operatingStatus="dancing"), "operatingStatus"),
    "an href": (service(href="http://x"), "href"),
    "a serviceDate": (service(serviceDate="2020-01-01T00:00:00Z"), "serviceDate"),
    "a flag that contradicts the state": (service("designed", hasStarted=True), "hasStarted"),
    "an end before the start": (
        service(startDate="2021-01-01T00:00:00Z", endDate="2020-01-01T00:00:00Z"), "endDate"),
    "an empty id": (service(id=""), "id"),
    "an id with a slash": (service(id="a/b"), "id"),
    "an id of dots": (service(id=".."), "id"),
    "an id that is too long": (service(id="x" * 101), "id"),
    "an id that is no text": (service(id=7), "id"),
    "a party without a role": (
        service(relatedParty=[{k: v for k, v in v5.PARTY.items() if k != "role"}]), "relatedParty[0].role"),
    "a party reference without id": (
        service(relatedParty=[related(**{"@type": "PartyRef"})]), "relatedParty[0].partyOrPartyRole.id"),
    "a party in v4's form": (
        service(relatedParty=[{"id": "1", "role": "u", "@referredType": "Individual"}]), "relatedParty[0].@type"),
    "a place without a role": (
        service(place=[{k: v for k, v in v5.PLACE.items() if k != "role"}]), "place[0].role"),
    "a place without the place": (
        service(place=[{k: v for k, v in v5.PLACE.items() if k != "place"}]), "place[0].place"),
    "a place reference without id": (
        service(place=[{**v5.PLACE, "place": {"@type": "PlaceRef"}}]), "place[0].place.id"),
    "an entity without a role": (
        service(relatedEntity=[{k: v for k, v in v5.ENTITY.items() if k != "role"}]), "relatedEntity[0].role"),
    "an entity without the entity": (
        service(relatedEntity=[{k: v for k, v in v5.ENTITY.items() if k != "entity"}]), "relatedEntity[0].entity"),
    "an external identifier without id": (
        service(externalIdentifier=[{"@type": "ExternalIdentifier"}]), "externalIdentifier[0].id"),
    "an intent reference without id": (service(intent={"@type": "IntentRef"}), "intent.id"),
    "an intent without a name": (service(intent={"@type": "Intent"}), "intent.name"),
    "a feature without a name": (service(feature=[{"@type": "Feature"}]), "feature[0].name"),
    "an unknown feature relationship": (
        service(feature=[{"@type": "Feature", "name": "f",
                          "featureRelationship": [{"name": "g", "relationshipType": "likes"}]}]),
        "feature[0].featureRelationship[0].relationshipType"),
    "a relationship without its type": (
        service(serviceRelationship=[{"@type": "ServiceRelationship"}]), "serviceRelationship[0].relationshipType"),
    "a related service by reference without id": (
        service(serviceRelationship=[{"@type": "ServiceRelationship", "relationshipType": "needs",
                                      "service": {"@type": "ServiceRef"}}]), "serviceRelationship[0].service.id"),
    "a supporting service by reference without id": (
        service(supportingService=[{"@type": "ServiceRef"}]), "supportingService[0].id"),
    "a resource without id": (service(supportingResource=[{"@type": "ResourceRef"}]), "supportingResource[0].id"),
    "an unknown item action": (
        service(serviceOrderItem=[{"@type": "RelatedServiceOrderItem", "itemAction": "eat"}]),
        "serviceOrderItem[0].itemAction"),
    "a characteristic without a name": (
        service(serviceCharacteristic=[{"@type": "StringCharacteristic", "value": "x"}]), f"{CHARACTERISTIC}[0].name"),
    "a characteristic without a value": (
        service(serviceCharacteristic=[{"@type": "StringCharacteristic", "name": "n"}]), f"{CHARACTERISTIC}[0].value"),
    "a class that is no text": ({**service(), "@type": 7}, "@type"),
    "a specification id that is too long": (
        service(serviceSpecification={"@type": "ServiceSpecificationRef", "id": "x" * 201}), "serviceSpecification.id"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_it_refuses_what_breaks_a_rule(bss: Client, document: Json, path: str) -> None:
    with nothing_happens():
        assert_error(post(bss, document), 400, path)


def test_it_refuses_to_record_what_has_ended(bss: Client) -> None:
    with nothing_happens():
        assert_error(post(bss, service("terminated")), 409, "state")


VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "String": (["", "x"], [1, True, None, {}, ["x"]]),
    "Integer": ([0, -1, 2.0, 10**20], ["1", 1.5, True, None, [1]]),
    "Number": ([0, 1.5], ["1.5", False, None]),
    "Boolean": ([True, False], ["true", 0, None]),
    "Object": ([{}, {"a": [1]}], ["x", [], None]),
    "StringArray": ([[], ["x"]], ["x", [1], [None]]),
    "IntegerArray": ([[1, 2]], [1, [1.5], ["1"]]),
    "NumberArray": ([[1, 2.5]], [2.5, ["2"]]),
    "BooleanArray": ([[True]], [True, [0]]),
    "ObjectArray": ([[{}]], [{}, [[]]]),
}


@pytest.mark.proves(
    "POST: @type mandatory on every object, values as their class allows", of="serviceInventory-v5 service"
)
@pytest.mark.parametrize("kind", VALUES)
def test_it_takes_only_values_that_the_class_allows(bss: Client, kind: str) -> None:
    good, bad = VALUES[kind]
    for value in good:
        sent = [characteristic("n", kind, value)]
        shown = assert_ok(post(bss, service(serviceCharacteristic=sent)), 201)
        assert repr(shown["serviceCharacteristic"]) == repr(sent)
    with nothing_happens():
        for value in bad:
            refused = post(bss, service(serviceCharacteristic=[characteristic("n", kind, value)]))
            assert_error(refused, 400, "serviceCharacteristic[0].value")


@pytest.mark.parametrize("value", ["x", 1, None, [1, "x"], {"a": 1}])
@pytest.mark.parametrize("kind", ["Characteristic", "SpeedCharacteristic"])
def test_it_takes_any_value_for_a_class_that_is_not_typed(bss: Client, kind: str, value: Any) -> None:
    sent = [{"name": "n", "value": value, "@type": kind}]
    shown = assert_ok(post(bss, service(serviceCharacteristic=sent)), 201)
    assert shown["serviceCharacteristic"] == sent


def test_it_stores_nothing_twice(bss: Client) -> None:
    """What follows from the v4 form is not kept beside it."""
    assert_ok(post(bss, service(relatedParty=[v5.PARTY], place=[v5.PLACE])), 201)
    assert Service.objects.get().body_v5 == {}


def test_it_tells_of_it_once(bss: Client) -> None:
    shown = assert_ok(post(bss, WHOLE), 201)
    event = Event.objects.get()
    assert (event.api, event.type, event.resource_id) == ("inventory", "ServiceCreateEvent", shown["id"])
