"""Tokens: who is let in, as whom, and what the token endpoint gives out."""

import base64
from typing import Any

import pytest
from django.test import Client as HttpClient
from oauth2_provider.models import AccessToken

from catalog.resources import SERVICE_SPECIFICATION
from tests.helpers import anonymous, client_of, http_client, token_of
from tests.tmf.answers import assert_error, assert_ok
from tmf.auth import actor_of
from tmf.errors import NotAuthenticated
from tmf.models import Client

pytestmark = pytest.mark.django_db
PATH = SERVICE_SPECIFICATION.path()
READ = ["catalog:read"]


def test_it_knows_the_party_and_the_scopes() -> None:
    actor = actor_of(token_of("acme", ["catalog:read", "ordering:write"]))
    assert (actor.name, actor.party, actor.is_admin) == ("client of acme", "acme", False)
    assert actor.scopes == {"catalog:read", "ordering:write"}


def test_it_asks_the_database_once(django_assert_num_queries: Any) -> None:
    token = token_of("acme", READ)
    with django_assert_num_queries(1):
        actor_of(token)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer nosuch", "Bearer a b", "Bearer ü"])
def test_it_refuses_anything_but_a_known_token(header: str) -> None:
    token_of("acme", READ)
    answer = anonymous().get(PATH, headers={"authorization": header})
    assert_error(answer, 401)
    assert answer["WWW-Authenticate"].startswith('Bearer realm="')


def test_it_says_that_a_token_is_invalid() -> None:
    answer = http_client("nosuch").get(PATH)
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_it_refuses_an_expired_token() -> None:
    assert_error(http_client(token_of("acme", READ, seconds=-1)).get(PATH), 401)


def test_it_refuses_a_token_of_no_client() -> None:
    token = token_of("acme", READ)
    AccessToken.objects.update(application=None)
    with pytest.raises(NotAuthenticated):
        actor_of(token)


def test_it_refuses_the_token_of_a_deleted_client() -> None:
    token = token_of("acme", READ)
    Client.objects.all().delete()
    with pytest.raises(NotAuthenticated):
        actor_of(token)


def test_it_minds_no_case_in_the_scheme() -> None:
    assert_ok(HttpClient(headers={"authorization": f"bEARER {token_of('acme', READ)}"}).get(PATH))


def test_it_lets_an_administrator_do_everything_without_a_party() -> None:
    assert_ok(client_of("", ["admin"]).get(PATH))


def test_it_takes_no_token_from_the_query() -> None:
    assert_error(anonymous().get(f"{PATH}?access_token={token_of('acme', READ)}"), 401)


# -- the token endpoint -----------------------------------------------------------------------


def registered(**more: Any) -> None:
    Client.objects.create(
        name="bss", party="acme", client_id="bss", client_secret="secret", client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS, **more,
    )  # fmt: skip


def asked(secret: str = "secret", path: str = "/oauth2/token", **form: str) -> Any:
    basic = base64.b64encode(f"bss:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials", **form}
    return anonymous().post(path, form, headers={"authorization": f"Basic {basic}"})


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/token/"])
def test_it_gives_a_token_for_client_credentials(path: str) -> None:
    registered()
    given = asked(path=path).json()
    assert given["token_type"] == "Bearer"
    assert "admin" not in given["scope"].split()
    assert_ok(http_client(given["access_token"]).get(PATH))


def test_it_keeps_only_the_checksum_of_a_token() -> None:
    registered()
    token = asked().json()["access_token"]
    kept = AccessToken.objects.get()
    assert token not in (kept.token, kept.token_checksum)


def test_it_gives_the_scopes_asked_for() -> None:
    registered()
    assert asked(scope="catalog:read").json()["scope"] == "catalog:read"


@pytest.mark.parametrize("scope", ["admin", "catalog:read admin", "nosuch"])
def test_it_gives_no_scope_that_the_client_may_not_have(scope: str) -> None:
    registered()
    answer = asked(scope=scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert AccessToken.objects.count() == 0


def test_it_gives_a_client_no_more_than_its_own_scopes() -> None:
    registered(scopes="catalog:read")
    assert asked().json()["scope"] == "catalog:read"
    assert asked(scope="ordering:write").json()["error"] == "invalid_scope"


def test_it_gives_admin_to_whom_it_was_granted_and_only_when_asked() -> None:
    registered(scopes="admin catalog:read")
    assert asked().json()["scope"] == "catalog:read"
    assert asked(scope="admin").json()["scope"] == "admin"


def test_it_refuses_a_wrong_secret() -> None:
    registered()
    answer = asked(secret="guess")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert AccessToken.objects.count() == 0


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "implicit", ""])
def test_it_offers_no_other_grant(grant: str) -> None:
    registered()
    answer = asked(grant_type=grant)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("path", ["/oauth2/authorize/", "/oauth2/applications/", "/oauth2/introspect/"])
def test_it_offers_none_of_the_other_pages(path: str) -> None:
    assert_error(anonymous().get(path), 404)
