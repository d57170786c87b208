"""Callers of the ordering API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ordering.models import ServiceOrder
from tests.helpers import admin_client, client_of
from tests.ordering import documents

Place = Callable[..., ServiceOrder]


@pytest.fixture
def bss(db: None) -> Client:
    return client_of("acme")


@pytest.fixture
def stranger(db: None) -> Client:
    """Another party's client."""
    return client_of("rival")


@pytest.fixture
def admin(db: None) -> Client:
    return admin_client()


@pytest.fixture
def placed(bss: Client) -> Place:
    """`placed(document, state="held", …)`: an order of acme's, POSTed, its columns then set as told."""

    def place(document: documents.Json | None = None, **columns: Any) -> ServiceOrder:
        answer = bss.post(documents.PATH, document or documents.order(), "application/json")
        assert answer.status_code == 201, answer.content
        ServiceOrder.objects.filter(pk=answer.json()["id"]).update(**columns or {"state": "acknowledged"})
        return ServiceOrder.objects.get(pk=answer.json()["id"])

    return place
