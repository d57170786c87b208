"""How a client asks for an order to be cancelled; without an engine nothing more happens (docs/conformance.md 1.4)."""

from typing import Any

import pytest
from django.test import Client

from ordering.models import CancelServiceOrder, CancelState, ServiceOrder
from ordering.services_cancel import cancel_submit
from tests.helpers import admin_client
from tests.ordering.conftest import Place
from tests.rivals import rival_before
from tmf.actors import Actor
from tmf.models import Event

Json = dict[str, Any]
PATH = "/tmf-api/serviceOrdering/v4/cancelServiceOrder"
pytestmark = pytest.mark.django_db


def ask(client: Client, order: ServiceOrder | str, **more: Any) -> Any:
    order_id = order if isinstance(order, str) else order.pk
    return client.post(PATH, {"serviceOrder": {"id": order_id}, **more}, "application/json")


def nothing_new(order: ServiceOrder, cancels: int = 0) -> None:
    assert CancelServiceOrder.objects.count() == cancels
    assert Event.objects.filter(resource="cancelServiceOrder").count() == cancels
    assert ServiceOrder.objects.get(pk=order.pk).revision == order.revision


def test_it_is_accepted_and_leaves_the_order_alone(bss: Client, placed: Place) -> None:
    order = placed(state="inProgress")
    answer = ask(bss, order, cancellationReason="moved", requestedCancellationDate="2030-01-01T01:00:00+01:00")
    shown = answer.json()
    assert (answer.status_code, shown["state"]) == (201, "accepted")
    assert shown["requestedCancellationDate"] == "2030-01-01T00:00:00.000Z"
    assert shown["cancellationReason"] == "moved"
    assert not {"effectiveCancellationDate", "completionMessage", "errorMessage"} & shown.keys()
    assert ServiceOrder.objects.values("state", "revision").get(pk=order.pk) == {"state": "inProgress", "revision": 1}
    event = Event.objects.get(resource="cancelServiceOrder")
    assert (event.type, event.payload["id"], event.party) == ("CancelServiceOrderCreateEvent", shown["id"], "acme")


@pytest.mark.parametrize("state", ["completed", "cancelled", "rejected"])
def test_it_is_accepted_for_an_order_that_has_ended(bss: Client, placed: Place, state: str) -> None:
    assert ask(bss, placed(state=state)).status_code == 201


@pytest.mark.proves("POST: 400 for an unknown order", of="cancelServiceOrder")
def test_it_refuses_an_order_that_the_caller_does_not_know(bss: Client, stranger: Client, placed: Place) -> None:
    order = placed()
    for client, named in ((bss, "nothing"), (stranger, order)):
        answer = ask(client, named)
        assert (answer.status_code, "serviceOrder.id" in answer.json()["message"]) == (400, True)
    nothing_new(order)


def test_it_belongs_to_the_party_of_its_order_whoever_asks(bss: Client, placed: Place) -> None:
    shown = ask(admin_client(), placed()).json()
    assert bss.get(f"{PATH}/{shown['id']}").json()["id"] == shown["id"]


@pytest.mark.proves("POST: 409 for a second live cancel of an order", of="cancelServiceOrder")
def test_it_refuses_a_second_while_the_first_is_live(bss: Client, placed: Place) -> None:
    order = placed()
    first = ask(bss, order).json()["id"]
    answer = ask(bss, order)
    assert (answer.status_code, first in answer.json()["message"]) == (409, True)
    CancelServiceOrder.objects.update(state=CancelState.IN_PROGRESS)
    assert ask(bss, order).status_code == 409
    nothing_new(order, cancels=1)


def test_it_takes_another_when_the_first_is_judged(bss: Client, placed: Place) -> None:
    order = placed()
    ask(bss, order)
    CancelServiceOrder.objects.update(state=CancelState.DONE)
    assert ask(bss, order).status_code == 201


def test_it_refuses_the_rival_who_comes_at_the_same_moment(bss: Client, placed: Place) -> None:
    order, actor = placed(), Actor(name="rival", party="acme", scopes=frozenset())
    document = {"serviceOrder": {"id": order.pk}}
    with rival_before(
        "ordering.services_cancel.creation", lambda: cancel_submit(actor=actor, document={**document}), times=1
    ):
        answer = ask(bss, order)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    nothing_new(order, cancels=1)


def test_it_can_be_found_by_its_order_and_state(bss: Client, placed: Place) -> None:
    order, other = placed(), placed()
    wanted = ask(bss, order).json()
    ask(bss, other)
    assert bss.get(f"{PATH}?serviceOrder.id={order.pk}&state=accepted").json() == [wanted]
