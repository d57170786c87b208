"""What the listeners of each version hear of a service, whoever changes it (docs/conformance.md 0.6, 2.1)."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from inventory.fulfilment import ServiceChange, services_fulfil
from inventory.models import Service
from inventory.resources import SERVICE_V5
from tests.inventory import documents_v5 as v5
from tests.inventory.documents import PATH as PATH_V4
from tests.inventory.documents import Json
from tests.inventory.documents_v5 import HUB, PATH, WHOLE, service
from tests.tmf.answers import assert_error, assert_ok
from tests.tmf.listener import Listener, listening
from tmf.deliver import deliver_due
from tmf.dispatch import dispatch_due
from tmf.models import Delivery, Event, Subscription

pytestmark = pytest.mark.django_db(transaction=True)
HUB_V4 = HUB.replace("/v5/", "/v4/")
ROOT = "http://testserver"


@pytest.fixture(autouse=True)
def _no_handlers(settings: Any) -> None:
    settings.EVENT_HANDLERS = {}


def told(listener: Listener) -> list[Json]:
    """All that the listener has heard once everything owed is delivered."""
    while dispatch_due():
        pass
    while Delivery.objects.filter(state="pending").exists():
        deliver_due()
    return listener.heard


def registered(client: Client, hub: str, url: str, **more: Any) -> Any:
    typed = {"@type": "Hub"} if hub == HUB else {}
    return assert_ok(client.post(hub, {"callback": url, **typed, **more}, "application/json"), 201)


@pytest.fixture
def everything(bss: Client) -> list[tuple[str, Json]]:
    """A service's life, driven through both versions; what each step changes."""
    made = assert_ok(bss.post(PATH, {**WHOLE, "id": "s1"}, "application/json"), 201)
    for root, change in (
        (PATH, {"operatingStatus": "degraded"}),
        (PATH, {"intent": None, "name": "new", "state": "suspended"}),
        (PATH, {"externalIdentifier": [{"id": "x-2", "@type": "ExternalIdentifier"}]}),
        (PATH, {"state": "inactive"}),
        (PATH_V4, {"state": "active", "description": None}),
        (PATH_V4, {"relatedParty": [{"id": "1", "role": "user", "@referredType": "Individual"}]}),
    ):
        assert_ok(bss.patch(f"{root}/{made['id']}", change, "application/json"))
    assert bss.delete(f"{PATH_V4}/{made['id']}").status_code == 204
    return []


ALWAYS = {"id": "s1", "href": f"{ROOT}{PATH}/s1", "@type": "Service"}


def test_a_v5_listener_hears_every_change_in_v5s_form(bss: Client, request: pytest.FixtureRequest) -> None:
    with listening() as listener:
        registered(bss, HUB, listener.url)
        request.getfixturevalue("everything")
        heard = told(listener)
    services = [each["event"]["service"] for each in heard]
    assert [each["eventType"].removeprefix("Service").removesuffix("Event") for each in heard] == [
        "Create", "OperatingStatusChange", "AttributeValueChange", "StateChange", "AttributeValueChange", "StateChange",
        "AttributeValueChange", "StateChange", "AttributeValueChange", "Delete",
    ]  # fmt: skip
    assert services[0].items() >= {**WHOLE, **ALWAYS}.items()
    party = {"id": "1", "@referredType": "Individual", "@type": "PartyRef"}
    assert services[1:] == [
        {**ALWAYS, "operatingStatus": "degraded"},
        {**ALWAYS, "name": "new"},
        {**ALWAYS, "state": "suspended"},
        {**ALWAYS, "externalIdentifier": [{"id": "x-2", "@type": "ExternalIdentifier"}]},
        {**ALWAYS, "state": "inactive"},
        ALWAYS,
        {**ALWAYS, "state": "active"},
        {**ALWAYS, "relatedParty": [{**v5.PARTY, "partyOrPartyRole": party}]},
        ALWAYS,
    ]
    assert [each.get("fieldPath") for each in heard if "fieldPath" in each] == [
        "intent,name", "externalIdentifier", "description", "relatedParty",
    ]  # fmt: skip


def test_a_v4_listener_hears_what_v4_can_see_in_v4s_form(bss: Client, request: pytest.FixtureRequest) -> None:
    with listening() as listener:
        registered(bss, HUB_V4, listener.url)
        request.getfixturevalue("everything")
        heard = told(listener)
    services = [each["event"]["service"] for each in heard]
    assert [(each["eventType"], each.get("fieldPath")) for each in heard] == [
        ("ServiceCreateEvent", None),
        ("ServiceAttributeValueChangeEvent", "name"),
        ("ServiceStateChangeEvent", None),
        ("ServiceAttributeValueChangeEvent", "description"),
        ("ServiceStateChangeEvent", None),
        ("ServiceAttributeValueChangeEvent", "relatedParty"),
        ("ServiceDeleteEvent", None),
    ]
    assert [each["state"] for each in services] == [
        "active", "inactive", "inactive", "active", "active", "active", "active",
    ]  # fmt: skip
    assert {each["href"] for each in services} == {f"{ROOT}{PATH_V4}/s1"}
    for words in map(str, heard):
        assert not any(word in words for word in ("partyOrPartyRole", "operatingStatus", "suspended", "IntentRef"))


def test_the_envelope_says_its_class(bss: Client) -> None:
    with listening() as listener:
        registered(bss, HUB, listener.url)
        assert_ok(bss.post(PATH, service(), "application/json"), 201)
        (heard,) = told(listener)
    event = Event.objects.get()
    assert {name: value for name, value in heard.items() if name not in ("event", "eventTime", "timeOccurred")} == {
        "eventId": str(event.event_id),
        "eventType": "ServiceCreateEvent",
        "@type": "ServiceCreateEvent",
        "@baseType": "Event",
        "domain": "inventory",
        "title": "Service create",
        "description": f"Service create: service {event.resource_id}",
        "priority": "4",
    }
    assert heard["eventTime"] == heard["timeOccurred"]


def test_both_hear_of_what_an_order_makes(bss: Client) -> None:
    party = {"id": "1", "role": "user", "@referredType": "Individual"}
    document = {
        "name": "line",
        "serviceSpecification": {"id": "12"},
        "serviceCharacteristic": [{"name": "speed", "value": 100}],
        "relatedParty": [party],
    }
    reference = {"serviceOrderId": "o1", "itemId": "1", "itemAction": "add"}

    def fulfil(action: Any, document: Json) -> None:
        with transaction.atomic():
            change = ServiceChange("s1", action, document, "acme", "o1", {**reference, "itemAction": action})
            services_fulfil(changes=[change], actor="engine")

    with listening() as new, listening() as old:
        registered(bss, HUB, new.url)
        registered(bss, HUB_V4, old.url)
        fulfil("add", document)
        fulfil("modify", {"serviceCharacteristic": [{"name": "speed", "value": 2.5}]})
        fulfil("delete", {})
        heard, heard_old = told(new), told(old)
    assert [each["eventType"] for each in heard] == [each["eventType"] for each in heard_old]
    first, second, third = (each["event"]["service"] for each in heard)
    assert first["serviceCharacteristic"] == [v5.characteristic("speed", "Integer", 100)]
    assert first["relatedParty"][0]["partyOrPartyRole"] == {
        "id": "1", "@referredType": "Individual", "@type": "PartyRef",
    }  # fmt: skip
    assert first["serviceOrderItem"] == [{**reference, "@type": "RelatedServiceOrderItem"}]
    assert second["serviceCharacteristic"] == [v5.characteristic("speed", "Number", 2.5)]
    assert third == {**ALWAYS, "state": "terminated"}
    assert heard_old[0]["event"]["service"]["relatedParty"] == [party]


def test_what_v5_said_outlives_a_change_by_an_order(bss: Client) -> None:
    made = assert_ok(bss.post(PATH, {**WHOLE, "id": "s1"}, "application/json"), 201)
    changed = {"serviceCharacteristic": [{"name": "cap", "value": 9}, {"name": "loss", "value": "none"}]}
    with transaction.atomic():
        change = ServiceChange("s1", "modify", changed, "acme", "o1", {"serviceOrderId": "o1", "itemId": "1"})
        services_fulfil(changes=[change], actor="engine")
    shown = bss.get(f"{PATH}/s1").json()
    values = {c["name"]: c for c in shown["serviceCharacteristic"]}
    assert values["cap"] == v5.characteristic("cap", "Number", 9)
    assert values["loss"] == v5.characteristic("loss", "String", "none")
    rest = {name for name in made if made[name] != shown[name]}
    assert rest == {"serviceCharacteristic", "serviceOrderItem"}
    assert [values[c["name"]] for c in v5.CHARACTERISTICS if c["name"] not in ("cap", "loss")] == [
        c for c in v5.CHARACTERISTICS if c["name"] not in ("cap", "loss")
    ]


def test_a_suspended_service_may_be_ended_by_an_order(bss: Client) -> None:
    assert_ok(bss.post(PATH, service("suspended", id="s1"), "application/json"), 201)
    with transaction.atomic():
        change = ServiceChange("s1", "delete", {}, "acme", "o1", {"serviceOrderId": "o1", "itemId": "1"})
        services_fulfil(changes=[change], actor="engine")
    assert Service.objects.get().state == "terminated"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("eventType=ServiceOperatingStatusChangeEvent", 1),
        ("event.service.state=suspended", 1),
        ("event.service.relatedParty.partyOrPartyRole.id=1", 1),
        ("event.service.relatedParty.id=1", 0),
        ("@type=ServiceDeleteEvent", 1),
    ],
)
def test_a_v5_listeners_query_is_about_v5s_form(
    bss: Client, request: pytest.FixtureRequest, query: str, count: int
) -> None:
    with listening() as listener:
        registered(bss, HUB, listener.url, query=query)
        request.getfixturevalue("everything")
        assert len(told(listener)) == count


def test_fields_narrow_a_notification_to_typed_objects(bss: Client) -> None:
    with listening() as listener:
        registered(bss, HUB, listener.url, query="fields=relatedParty.role")
        assert_ok(bss.post(PATH, {**WHOLE, "id": "s1"}, "application/json"), 201)
        (heard,) = told(listener)
    party = {"role": "user", "@type": "RelatedPartyRefOrPartyRoleRef"}
    assert heard["event"]["service"] == {**ALWAYS, "relatedParty": [party]}


# -- the hub ----------------------------------------------------------------------------------
CALLBACK = "https://listener.example/events"


def test_the_hub_says_its_class(bss: Client) -> None:
    answer = bss.post(HUB, {"@type": "Hub", "callback": CALLBACK, "query": "state=x"}, "application/json")
    shown = assert_ok(answer, 201)
    assert shown == {
        "id": shown["id"], "href": answer["Location"], "@type": "Hub", "callback": CALLBACK, "query": "state=x",
    }  # fmt: skip
    assert answer["Location"] == f"{ROOT}{HUB}/{shown['id']}"
    assert bss.delete(f"{HUB}/{shown['id']}").status_code == 204
    assert Subscription.objects.count() == 0


def test_the_hub_wants_a_class(bss: Client) -> None:
    assert_error(bss.post(HUB, {"callback": CALLBACK}, "application/json"), 400, "@type")
    assert_error(bss.post(HUB, {"@type": "Hub"}, "application/json"), 400, "callback")
    assert Subscription.objects.count() == 0


def test_each_version_has_listeners_of_its_own(bss: Client, stranger: Client) -> None:
    new = registered(bss, HUB, CALLBACK)
    old = registered(bss, HUB_V4, CALLBACK)
    assert_error(bss.post(HUB, {"@type": "Hub", "callback": CALLBACK}, "application/json"), 409)
    assert_error(bss.delete(f"{HUB_V4}/{new['id']}"), 404)
    assert_error(bss.delete(f"{HUB}/{old['id']}"), 404)
    assert_error(stranger.delete(f"{HUB}/{new['id']}"), 404)
    assert_error(bss.get(HUB), 405)
    assert Subscription.objects.count() == 2


def test_it_declares_the_events_that_it_raises(bss: Client, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("everything")
    assert {*Event.objects.values_list("type", flat=True)} == {*SERVICE_V5.events}
