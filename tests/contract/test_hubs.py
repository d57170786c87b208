"""Every API's hub, by the example of its own document: listeners come and go (docs/conformance.md 0.6)."""

from typing import Any

import pytest
from django.conf import settings

from tests.helpers import anonymous, client_of
from tests.tmf.answers import assert_error, assert_ok
from tmf.models import Subscription
from tmf.openapi import document, published
from tmf.resources import Api, Json

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("api", published(), ids=lambda api: api.slug)]
JSON = "application/json"


def example(api: Api, **other: Any) -> Json:
    body = document(api)["paths"][f"{api.root}/hub"]["post"]["requestBody"]["content"][JSON]["example"]
    return {**body, **other}


def register(api: Api, **other: Any) -> Any:
    return client_of().post(f"{api.root}/hub", example(api, **other), JSON)


@pytest.mark.proves("POST: 201 and Location", of="hub")
def test_it_registers(api: Api) -> None:
    answer = register(api)
    body = assert_ok(answer, 201)
    assert body.items() >= example(api).items()
    assert answer["Location"] == f"http://testserver{api.root}/hub/{body['id']}"
    assert Subscription.objects.count() == 1


@pytest.mark.proves("POST: 400 for a callback that will never be called", of="hub")
@pytest.mark.parametrize("callback", [None, 7, "", "/events", "ftp://listener.example/", "http://169.254.169.254/"])
def test_it_refuses_a_callback_that_will_never_be_called(api: Api, callback: Any) -> None:
    assert_error(register(api, callback=callback), 400, "callback")
    assert Subscription.objects.count() == 0


@pytest.mark.proves("POST: 400 for a query that cannot be read", of="hub")
@pytest.mark.parametrize("query", [7, "$..[", "x" * 2001])
def test_it_refuses_a_query_that_cannot_be_read(api: Api, query: Any) -> None:
    assert_error(register(api, query=query), 400)
    assert Subscription.objects.count() == 0


@pytest.mark.proves("POST: 409 for the same listener again", of="hub")
def test_it_refuses_the_same_listener_twice(api: Api) -> None:
    assert_ok(register(api), 201)
    assert_error(register(api), 409)
    assert Subscription.objects.count() == 1


@pytest.mark.proves("POST: 401 and 403 without token or scope", of="hub")
def test_it_asks_for_token_and_scope(api: Api) -> None:
    needless = [scope for scope in settings.BSS_SCOPES if scope != f"{api.name}:read"]
    assert_error(anonymous().post(f"{api.root}/hub", example(api), JSON), 401)
    assert_error(client_of(scopes=needless).post(f"{api.root}/hub", example(api), JSON), 403, f"{api.name}:read")
    assert Subscription.objects.count() == 0


@pytest.mark.proves("DELETE: 204, then 404", of="hub")
def test_it_forgets(api: Api) -> None:
    path = f"{api.root}/hub/{register(api).json()['id']}"
    assert client_of().delete(path).status_code == 204
    assert_error(client_of().delete(path), 404)
    assert Subscription.objects.count() == 0


@pytest.mark.proves("DELETE: 404 for another party's", of="hub")
def test_it_forgets_only_what_is_the_partys_own(api: Api) -> None:
    assert_error(client_of("stranger").delete(f"{api.root}/hub/{register(api).json()['id']}"), 404)
    assert Subscription.objects.count() == 1


@pytest.mark.proves("listeners of one API are none of another's", of="hub")
def test_it_is_no_other_apis_hub(api: Api) -> None:
    identifier = register(api).json()["id"]
    for other in published():
        if other.name != api.name:
            assert_error(client_of().delete(f"{other.root}/hub/{identifier}"), 404)
    assert Subscription.objects.count() == 1


@pytest.mark.proves("405 with Allow for what is not offered", of="hub")
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("GET", "/x"), ("PUT", "/x")])
def test_it_offers_nothing_else(api: Api, method: str, path: str) -> None:
    answer = client_of().generic(method, f"{api.root}/hub{path}", "{}", JSON)
    assert_error(answer, 405)
    assert {*answer["Allow"].split(", ")} - {"HEAD", "OPTIONS"} == {"DELETE" if path else "POST"}
