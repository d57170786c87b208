"""What a step sees of its service's parts: `supporting` in a request."""

from collections.abc import Callable
from typing import Any

import pytest

from inventory.models import Service
from orchestrator.models import Target
from tests.orchestrator.conftest import definition, item, specification
from tests.orchestrator.recorder import Ledger

Fulfil = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def whole(target: Target) -> None:
    """A whole of two parts, whose step tells what it sees of both."""
    specification("Access")
    specification("Router")
    specification("Internet", parts=("Access", "Router"))
    definition("Internet", {"key": "tell", "target": "lab", "request": {"name": "tell", "parts": "${supporting}"}})
    definition("Access", {"key": "make", "target": "lab", "request": {"name": "make"}})
    definition("Router", {"key": "make", "target": "lab", "request": {"name": "make"}})


def seen(ledger: Ledger) -> dict[str, str]:
    """Name of a part → id of its service, as the last request had it."""
    return {name: part["id"] for name, part in ledger.requests()[-1]["parts"].items()}


def test_it_sees_the_parts_that_the_catalogue_names(fulfil: Fulfil, ledger: Ledger) -> None:
    assert fulfil(item("1", "Internet"))["state"] == "completed"
    assert seen(ledger) == {s.name: s.pk for s in Service.objects.exclude(name="Internet")}


def test_it_sees_a_part_that_the_customer_configures_in_a_nested_item(fulfil: Fulfil, ledger: Ledger) -> None:
    mine = item("1.1", "Router", values={"model": "R200"})
    assert fulfil(item("1", "Internet", serviceOrderItem=[mine]))["state"] == "completed"
    assert seen(ledger) == {s.name: s.pk for s in Service.objects.exclude(name="Internet")}
    assert ledger.requests()[-1]["parts"]["Router"]["characteristics"] == {"model": "R200"}


def test_it_sees_nothing_of_other_items(fulfil: Fulfil, ledger: Ledger) -> None:
    other = item("2", "Router")
    first = item(
        "1", "Internet", serviceOrderItemRelationship=[{"relationshipType": "after", "orderItem": {"id": "2"}}]
    )
    assert fulfil(first, other)["state"] == "completed"
    assert len(Service.objects.filter(name="Router")) == 2
    whole = Service.objects.get(name="Internet")
    assert {*seen(ledger).values()} == {part["id"] for part in whole.body["supportingService"]}
