"""Two writers of one order: both changes are kept, or one writer is told."""

from functools import partial

import pytest
from django.conf import settings
from django.test import Client

from ordering.models import ServiceOrder, ServiceOrderItem
from tests.helpers import client_of, http_client, token_of
from tests.ordering.documents import PATH, Json, item, order
from tests.racing import at_once
from tests.rivals import rival_before
from tmf.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def placed(client: Client) -> str:
    return f"{PATH}/{client.post(PATH, order(), 'application/json').json()['id']}"


def test_it_keeps_all_of_three_patches_at_once() -> None:
    clients = [http_client(token) for token in [token_of("acme", settings.BSS_SCOPES)] * 3]
    path = placed(clients[0])
    for turn in range(5):
        contents: list[Json] = [{"description": f"d{turn}"}, {"externalId": f"x{turn}"}, {"priority": f"p{turn}"}]
        calls = [partial(c.patch, path, what, "application/json") for c, what in zip(clients, contents, strict=True)]
        assert [answer.status_code for answer in at_once(*calls)] == [200] * 3
        shown = clients[0].get(path).json()
        assert {name: shown[name] for content in contents for name in content} == contents[0] | contents[1] | contents[
            2
        ]
    assert [*Event.objects.order_by("sequence").values_list("sequence", flat=True)] == [*range(1, 17)]
    assert ServiceOrder.objects.get().revision == 16


def test_it_begins_again_when_a_rival_writes_between_read_and_write() -> None:
    client = client_of("acme")
    path = placed(client)
    rival = partial(client.patch, path, {"description": "the rival's"}, "application/json")
    with rival_before("tmf.views.differing", rival):
        answer = client.patch(path, {"externalId": "mine"}, "application/json")
    assert answer.status_code == 200
    assert (answer.json()["description"], answer.json()["externalId"]) == ("the rival's", "mine")
    assert Event.objects.count() == ServiceOrder.objects.get().revision == 3


def test_it_judges_again_after_the_rival() -> None:
    """The order begins between the read and the write: what was legal then is refused now."""
    client = client_of("acme")
    path = placed(client)

    def begin() -> None:
        ServiceOrder.objects.update(state="inProgress", revision=2)

    with rival_before("tmf.views.differing", begin):
        answer = client.patch(path, {"serviceOrderItem": [item("9")]}, "application/json")
    assert answer.status_code == 409
    assert [*ServiceOrderItem.objects.values_list("item_id", flat=True)] == ["1"]
    assert Event.objects.count() == 1


def test_it_gives_a_hold_to_one_of_two() -> None:
    clients = [http_client(token) for token in [token_of("acme", settings.BSS_SCOPES)] * 2]
    path = placed(clients[0])
    calls = [partial(client.patch, path, {"state": "held"}, "application/json") for client in clients]
    assert [answer.status_code for answer in at_once(*calls)] == [200, 200]
    assert Event.objects.filter(type="ServiceOrderStateChangeEvent").count() == 1


def test_it_heeds_if_match() -> None:
    client = client_of("acme")
    path = placed(client)
    tag = client.get(path).headers["ETag"]
    first, second = (
        client.patch(path, {"description": text}, "application/json", headers={"If-Match": tag}) for text in "ab"
    )
    assert (first.status_code, second.status_code) == (200, 412)
    assert client.get(path).json()["description"] == "a"
