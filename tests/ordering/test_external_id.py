"""Clients that may not repeat an externalId: the second order is refused, and told which is the first."""

from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as HttpClient

from ordering.models import ServiceOrder
from tests.helpers import client_of, http_client, token_of
from tests.ordering.documents import PATH, order
from tests.racing import at_once
from tests.rivals import rival_before
from tests.tmf.answers import assert_error, assert_ok
from tests.unchanged import nothing_happens
from tmf.models import Client

pytestmark = pytest.mark.django_db(transaction=True)


def strict(party: str = "acme") -> HttpClient:
    token = token_of(party, settings.BSS_SCOPES)
    Client.objects.filter(name=f"client of {party}").update(unique_external_id=True)
    return http_client(token)


def post(client: HttpClient, external_id: str | None = "e-1", **headers: str) -> Any:
    document = order(externalId=external_id)
    if external_id is None:
        del document["externalId"]
    return client.post(PATH, document, "application/json", headers=headers)


@pytest.mark.proves(
    "POST: an externalId may be kept unique for a client; many at once make one order", of="serviceOrder"
)
def test_it_refuses_a_repeated_external_id_and_names_the_first_order() -> None:
    client = strict()
    first = assert_ok(post(client), 201)
    with nothing_happens():
        assert_error(post(client), 409, "externalId", first["id"])
    assert_ok(post(client, "e-2"), 201)


def test_it_refuses_the_external_id_of_an_order_that_was_placed_before_the_setting() -> None:
    first = assert_ok(post(client_of("acme")), 201)
    with nothing_happens():
        assert_error(post(strict()), 409, first["id"])


def test_it_lets_other_parties_and_other_clients_repeat_it() -> None:
    assert_ok(post(strict()), 201)
    assert_ok(post(strict("other")), 201)
    for _ in range(2):
        assert_ok(post(client_of("third")), 201)


@pytest.mark.parametrize("external_id", [None, ""])
def test_it_lets_orders_without_an_external_id_be_many(external_id: str | None) -> None:
    client = strict()
    for _ in range(2):
        assert_ok(post(client, external_id), 201)


@pytest.mark.proves(
    "POST: an externalId may be kept unique for a client; many at once make one order", of="serviceOrder"
)
def test_it_makes_one_order_of_many_at_once() -> None:
    client = strict()
    answers = at_once(*[partial(post, client) for _ in range(10)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    first = ServiceOrder.objects.get()
    assert all(first.pk in answer.json()["message"] for answer in answers if answer.status_code == 409)


def test_it_names_the_rival_that_came_between() -> None:
    client, rival = strict(), strict()
    with rival_before("ordering.services.creation", partial(post, rival)):
        error = assert_error(post(client), 409, "externalId")
    assert ServiceOrder.objects.get().pk in error["message"]


def test_it_answers_a_repeat_with_a_key_by_the_first_order() -> None:
    client = strict()
    first = post(client, **{"idempotency-key": "k"})
    again = post(client, **{"idempotency-key": "k"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert_error(post(client, **{"idempotency-key": "l"}), 409, first.json()["id"])


def test_it_answers_many_with_a_key_at_once_by_the_first_order() -> None:
    client = strict()
    answers = at_once(*[partial(post, client, **{"idempotency-key": "k"}) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == ServiceOrder.objects.count() == 1


def test_it_refuses_a_patch_that_takes_anothers_external_id() -> None:
    client = strict()
    first = assert_ok(post(client), 201)
    second = assert_ok(post(client, "e-2"), 201)
    path = f"{PATH}/{second['id']}"
    with nothing_happens():
        assert_error(client.patch(path, {"externalId": "e-1"}, "application/json"), 409, first["id"])
    assert_ok(client.patch(path, {"externalId": "e-3"}, "application/json"))
    assert_ok(post(client, "e-2"), 201)
    assert_error(post(client, "e-3"), 409, second["id"])


def test_it_frees_the_external_id_that_a_patch_takes_away() -> None:
    client = strict()
    first = assert_ok(post(client), 201)
    assert_ok(client.patch(f"{PATH}/{first['id']}", {"externalId": None}, "application/json"))
    assert_ok(post(client), 201)


def test_it_sees_the_rival_of_a_patch() -> None:
    client, rival = strict(), strict()
    made = assert_ok(post(client, "e-2"), 201)
    with rival_before("ordering.services_patch._events", partial(post, rival, "e-1")):
        assert_error(client.patch(f"{PATH}/{made['id']}", {"externalId": "e-1"}, "application/json"), 409, "externalId")
    assert {*ServiceOrder.objects.values_list("external_id", flat=True)} == {"e-1", "e-2"}
