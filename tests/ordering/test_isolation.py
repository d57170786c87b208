"""What one party ordered, another cannot know of."""

from django.test import Client

from ordering.models import ServiceOrder
from tests.ordering.conftest import Place
from tests.ordering.documents import PATH, order
from tests.unchanged import nothing_happens


def test_it_answers_a_stranger_404_whatever_is_asked(stranger: Client, placed: Place) -> None:
    path = f"{PATH}/{placed().pk}"
    unknown = stranger.get(f"{PATH}/no-such-order")
    with nothing_happens():
        answers = [
            stranger.get(path),
            stranger.patch(path, {"description": "mine now"}, "application/json"),
        ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["reason"] == unknown.json()["reason"]


def test_it_gives_the_order_to_the_client_s_party_whatever_the_body_says(bss: Client, stranger: Client) -> None:
    body = order(relatedParty=[{"id": "rival", "@referredType": "Organization"}], party="rival")
    path = bss.post(PATH, body, "application/json").json()["href"]
    assert ServiceOrder.objects.get().party == "acme"
    assert (bss.get(path).status_code, stranger.get(path).status_code) == (200, 404)


def test_it_shows_an_administrator_every_order(admin: Client, placed: Place) -> None:
    assert admin.get(f"{PATH}/{placed().pk}").status_code == 200
