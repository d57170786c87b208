"""Callers of the inventory API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inventory.models import Service
from tests.helpers import client_of
from tests.inventory.documents import PATH, service

Record = Callable[..., Service]


@pytest.fixture
def bss(db: None) -> Client:
    return client_of("acme")


@pytest.fixture
def stranger(db: None) -> Client:
    """Another party's client."""
    return client_of("rival")


@pytest.fixture
def recorded(bss: Client) -> Record:
    """`recorded(state="inactive", name=…)`: a service of acme's, POSTed; its columns then set as told."""

    def record(document: Any = None, **columns: Any) -> Service:
        answer = bss.post(PATH, document or service(), "application/json")
        assert answer.status_code == 201, answer.content
        if columns:
            Service.objects.filter(pk=answer.json()["id"]).update(**columns)
        return Service.objects.get(pk=answer.json()["id"])

    return record
