"""What an operator sees of orders and services."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from inventory.models import Service
from ordering.models import CancelServiceOrder, ServiceOrder
from tests.ordering.conftest import Place
from tests.ordering.documents import item, order
from tests.unchanged import nothing_happens
from tmf import journal


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", password="x"))
    return client


def test_it_shows_an_order_with_its_items_and_its_story(operator: Client, placed: Place) -> None:
    row = placed(order(item("line <1>"), item("2")))
    journal.record([journal.entry("ServiceOrder", row.pk, "a", "b", actor="me", order_id=row.pk, reason="<why>")])
    page = operator.get(reverse("admin:ordering_serviceorder_change", args=[row.pk])).content.decode()
    assert "line &lt;1&gt;" in page
    assert "&lt;why&gt;" in page


def test_its_story_tells_of_looks_at_accepted_work_once(operator: Client, placed: Place) -> None:
    row = placed()
    moves = ["ready running", "running accepted", "accepted running", "running accepted", "accepted running"]
    moves += ["running accepted", "accepted running", "running done"]
    journal.record([journal.entry("Step", "7", *move.split(), actor="me", order_id=row.pk) for move in moves])
    page = operator.get(reverse("admin:ordering_serviceorder_change", args=[row.pk])).content.decode()
    changes = ["ready → running", "running → accepted", "accepted → running", "running → done"]
    assert [page.count(change) for change in changes] == [1, 1, 0, 1]


KEYS: dict[type[Model], Callable[[ServiceOrder], str]] = {
    ServiceOrder: lambda order: order.pk,
    CancelServiceOrder: lambda order: str(CancelServiceOrder.objects.create(order=order, party="acme").pk),
    Service: lambda _: str(Service.objects.create(state="active").pk),
}


@pytest.mark.parametrize("model", KEYS)
def test_it_lists_and_offers_no_change(operator: Client, placed: Place, model: type[Model]) -> None:
    key = KEYS[model](placed())
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert key in operator.get(reverse(f"{name}_changelist") + "?q=acme").content.decode() or model is Service
    change = reverse(f"{name}_change", args=[key])
    assert operator.get(change).status_code == 200
    with nothing_happens():
        assert operator.post(change, {"state": "completed"}).status_code == 403
        assert operator.post(reverse(f"{name}_delete", args=[key])).status_code == 403
