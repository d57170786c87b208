"""The hub: listeners come and go (docs/conformance.md 0.6)."""

from typing import Any

import pytest
from django.test import Client

from catalog.resources import API
from tests.helpers import admin_client, anonymous, client_of
from tests.tmf.answers import assert_error, assert_ok
from tmf.models import Subscription

pytestmark = pytest.mark.django_db
HUB = f"{API.root}/hub"
CALLBACK = "https://listener.example/events?x=1"


def register(client: Client | None = None, path: str = HUB, **more: Any) -> Any:
    return (client or client_of()).post(path, {"callback": CALLBACK, **more}, "application/json")


@pytest.mark.parametrize("path", [HUB, HUB + "/"])
def test_it_registers(path: str) -> None:
    answer = register(path=path, query="eventType=ServiceSpecificationCreateEvent")
    body = assert_ok(answer, 201)
    kept = Subscription.objects.get()
    assert body == {"id": kept.pk, "callback": CALLBACK, "query": "eventType=ServiceSpecificationCreateEvent"}
    assert answer["Location"] == f"http://testserver{HUB}/{kept.pk}"
    assert (kept.api, kept.party, kept.sees_all, kept.base_url) == ("catalog", "acme", False, "http://testserver")


def test_it_registers_without_a_query() -> None:
    assert assert_ok(register(), 201).keys() == {"id", "callback"}


def test_a_query_that_is_null_is_none() -> None:
    assert assert_ok(register(query=None), 201).keys() == {"id", "callback"}
    assert_error(register(), 409)


def test_it_lets_an_administrator_hear_everything() -> None:
    assert_ok(register(admin_client()), 201)
    kept = Subscription.objects.get()
    assert (kept.party, kept.sees_all) == ("", True)


@pytest.mark.parametrize(
    "callback",
    [
        None, 7, "", "x", "/events", "ftp://listener.example/", "https://", "https:///events", "//listener.example/",
        "https://user:secret@listener.example/", "https://listener.example/#part", "https://listener.example/#",
        "https://listener.example/a b", "https://listener.example:99999/", "http://10.0.0.1/", "http://169.254.169.254/",
        "http://[::ffff:10.0.0.1]/", "http://0x7f.1/", "https://listener.example/" + "x" * 2000,
    ],
)  # fmt: skip
def test_it_refuses_a_callback_that_will_never_be_called(callback: Any) -> None:
    assert_error(register(callback=callback), 400, "callback")
    assert Subscription.objects.count() == 0


def test_it_refuses_a_body_without_a_callback() -> None:
    assert_error(client_of().post(HUB, {"query": ""}, "application/json"), 400, "callback")
    assert_error(client_of().post(HUB, [], "application/json"), 400)


@pytest.mark.parametrize("query", [7, "$..[", "x" * 2001])
def test_it_refuses_a_query_that_cannot_be_read(query: Any) -> None:
    assert_error(register(query=query), 400)
    assert Subscription.objects.count() == 0


def test_it_refuses_an_id_of_the_clients() -> None:
    assert_error(register(id="mine"), 400, "id")


def test_it_refuses_the_same_listener_twice() -> None:
    assert_ok(register(query="eventType=A"), 201)
    assert_error(register(query="eventType=A"), 409)
    assert Subscription.objects.count() == 1
    assert_ok(register(query="eventType=B"), 201)
    assert_ok(register(client_of("other"), query="eventType=A"), 201)


def test_it_takes_the_longest_callback_and_query() -> None:
    callback = "https://listener.example/" + "".join(map(str, range(1000)))[:1975]
    query = "eventType=" + "".join(map(str, range(999, 0, -1)))[:1990]
    assert (len(callback), len(query)) == (2000, 2000)
    assert_ok(register(callback=callback, query=query), 201)
    assert_error(register(callback=callback, query=query), 409)
    assert Subscription.objects.count() == 1


def test_it_forgets() -> None:
    made = register().json()
    for path in (f"{HUB}/{made['id']}/", f"{HUB}/{register(query='eventType=A').json()['id']}"):
        answer = client_of().delete(path)
        assert (answer.status_code, answer.content) == (204, b"")
        assert_error(client_of().delete(path), 404)
    assert Subscription.objects.count() == 0


def test_it_forgets_only_what_is_the_partys_own() -> None:
    path = f"{HUB}/{register().json()['id']}"
    assert_error(client_of("other").delete(path), 404)
    assert Subscription.objects.count() == 1
    assert admin_client().delete(path).status_code == 204


@pytest.mark.parametrize("identifier", ["nothing", "%00"])
def test_it_tells_that_a_listener_is_unknown(identifier: str) -> None:
    assert_error(client_of().delete(f"{HUB}/{identifier}"), 404)


def test_it_keeps_the_hubs_of_the_apis_apart() -> None:
    identifier = register().json()["id"]
    other = HUB.replace("serviceCatalogManagement", "serviceOrdering")
    assert_error(client_of().delete(f"{other}/{identifier}"), 404)
    assert Subscription.objects.count() == 1


def test_it_asks_for_the_scope_to_read() -> None:
    assert_error(register(anonymous()), 401)
    assert_error(register(client_of(scopes=["ordering:read"])), 403, "catalog:read")
    assert_ok(register(client_of(scopes=["catalog:read"])), 201)


@pytest.mark.parametrize(("method", "path"), [("GET", HUB), ("PATCH", HUB), ("GET", f"{HUB}/x"), ("PUT", f"{HUB}/x")])
def test_it_offers_nothing_else(method: str, path: str) -> None:
    assert_error(client_of().generic(method, path, "{}", "application/json"), 405)
