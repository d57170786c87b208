"""DELETE /serviceOrder/{id}: administrators only, and only what has ended."""

import pytest
from django.test import Client

from ordering.models import OrderState, ServiceOrder, ServiceOrderItem
from ordering.states import TERMINAL
from tests.ordering.conftest import Place
from tests.ordering.documents import PATH, item, order
from tests.unchanged import nothing_happens
from tmf.models import Event


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_it_deletes_an_order_that_has_ended_and_tells_what_it_was(
    bss: Client, admin: Client, placed: Place, state: str
) -> None:
    row = placed(order(item("1", serviceOrderItem=[item("1.1")])), state=state)
    shown = bss.get(f"{PATH}/{row.pk}").json()
    answer = admin.delete(f"{PATH}/{row.pk}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (ServiceOrder.objects.count(), ServiceOrderItem.objects.count()) == (0, 0)
    event = Event.objects.get(sequence=2)
    assert event.type == "ServiceOrderDeleteEvent"
    assert event.payload == {**shown, "href": f"{PATH}/{row.pk}"}
    assert admin.delete(f"{PATH}/{row.pk}").status_code == 404


@pytest.mark.proves("DELETE: administrators only, 409 while in flight", of="serviceOrder")
@pytest.mark.parametrize("state", sorted({*OrderState.values} - TERMINAL))
def test_it_refuses_while_the_order_is_in_flight(admin: Client, placed: Place, state: str) -> None:
    row = placed(state=state)
    with nothing_happens():
        assert admin.delete(f"{PATH}/{row.pk}").status_code == 409


@pytest.mark.proves("DELETE: administrators only, 409 while in flight", of="serviceOrder")
@pytest.mark.parametrize("state", ["acknowledged", "completed"])
def test_it_refuses_whoever_is_no_administrator(bss: Client, placed: Place, state: str) -> None:
    row = placed(state=state)
    with nothing_happens():
        assert bss.delete(f"{PATH}/{row.pk}").status_code == 403
