"""A catalogue, a target and an engine that runs in the test's own process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalog.models import ServiceSpecification
from orchestrator import bulkheads
from orchestrator.execute import drive_due
from orchestrator.intake import decompose_due
from orchestrator.library import definitions_import
from orchestrator.models import Target
from ordering.models import ServiceOrder
from tests.helpers import client_of
from tests.orchestrator.recorder import LEDGER, Ledger
from tmf.dispatch import dispatch_due

Json = dict[str, Any]
ORDERS = "/tmf-api/serviceOrdering/v4/serviceOrder"


@pytest.fixture(autouse=True)
def _recorder(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CONNECTORS = {**settings.CONNECTORS, "recorder": "tests.orchestrator.recorder.Recorder"}
    monkeypatch.setattr(bulkheads, "_mine", {})  # what this process knows of targets and calls
    LEDGER.clear()


@pytest.fixture
def ledger() -> Ledger:
    return LEDGER


@pytest.fixture
def target(db: None) -> Target:
    return Target.objects.create(name="lab", connector="recorder", is_default=True)


@pytest.fixture
def bss(db: None) -> Client:
    return client_of("acme")


def specification(name: str, *, parts: tuple[str, ...] = (), status: str = "Active", **more: Any) -> str:
    """A specification made of others; its id."""
    related = [{"id": part, "relationshipType": "composedOf"} for part in parts]
    body = {"serviceSpecRelationship": related, **more}
    row = ServiceSpecification.objects.create(
        id=name, name=name, version="1.0", lifecycle_status=status, type="CustomerFacingServiceSpecification", body=body
    )
    return str(row.pk)


def definition(name: str, *steps: Json, action: str = "add") -> None:
    definitions_import(documents=[{"specification": name, "action": action, "steps": [*steps]}], actor="test")


def item(item_id: str, spec: str, action: str = "add", *, values: Json | None = None, **more: Any) -> Json:
    described = [{"name": name, "value": value} for name, value in (values or {}).items()]
    service: Json = {"serviceSpecification": {"id": spec}, "serviceCharacteristic": described}
    service |= more.pop("service", {})
    return {"id": item_id, "action": action, "service": service, **more}


def place(bss: Client, *items: Json, **more: Any) -> str:
    """Posts an order of these items; its id."""
    answer = bss.post(ORDERS, {"serviceOrderItem": [*items], **more}, "application/json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def shown(bss: Client, order_id: str) -> Json:
    """The order as its client sees it."""
    return dict(bss.get(f"{ORDERS}/{order_id}").json())


def work(rounds: int = 5) -> None:
    """What a sweeper does, until nothing is due now."""
    for _ in range(rounds):
        if not dispatch_due() + decompose_due() + drive_due():
            return


@pytest.fixture
def fulfil(bss: Client) -> Callable[..., Json]:
    """Places an order of these items, works, and shows the order."""

    def run(*items: Json, **more: Any) -> Json:
        order_id = place(bss, *items, **more)
        work()
        return shown(bss, order_id)

    return run


def state_of(order_id: str) -> str:
    return str(ServiceOrder.objects.values_list("state", flat=True).get(pk=order_id))
