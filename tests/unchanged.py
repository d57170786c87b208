"""Whether a refusal left everything as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models

from inventory.models import Service
from ordering.models import ServiceOrder, ServiceOrderItem
from tmf.models import Event, JournalEntry

WATCHED: tuple[type[models.Model], ...] = (ServiceOrder, ServiceOrderItem, Service, Event, JournalEntry)


@contextmanager
def nothing_happens() -> Iterator[None]:
    """Asserts that the block leaves no row of orders, services, events and journal, and changes none."""
    before = _everything()
    yield
    assert _everything() == before


def _everything() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: [*model._default_manager.order_by("pk").values()] for model in WATCHED}
