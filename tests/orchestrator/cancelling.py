"""Cancelling orders in tests: definitions whose steps can be taken back, requests to cancel, and the work."""

from __future__ import annotations

from typing import Any

from django.test import Client

from orchestrator.cancel import cancel_due
from orchestrator.execute import drive_due
from orchestrator.intake import decompose_due
from ordering.models import CancelServiceOrder
from tests.orchestrator.conftest import Json, definition, specification
from tmf.dispatch import dispatch_due
from tmf.models import Event

CANCELS = "/tmf-api/serviceOrdering/v4/cancelServiceOrder"


def step(key: str, *, after: str = "", **more: Any) -> Json:
    """A step whose request is named like it, and `un<key>` takes it back."""
    undo = {"undo": {"request": {"name": f"un{key}"}}}
    return {"key": key, "target": "lab", "request": {"name": key}, "after": after.split(), **undo, **more}


def plain(key: str, **more: Any) -> Json:
    """A step that cannot be taken back, and need not be."""
    made = step(key, **more)
    del made["undo"]
    return made


def line(*steps: Json, action: str = "add", name: str = "Line") -> None:
    if action == "add":
        specification(name)
    definition(name, *steps, action=action)


def ask(bss: Client, order_id: str, **more: Any) -> str:
    """Asks for the order to be cancelled; the request's id."""
    answer = bss.post(CANCELS, {"serviceOrder": {"id": order_id}, **more}, "application/json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def cancel_of(bss: Client, task_id: str) -> Json:
    return dict(bss.get(f"{CANCELS}/{task_id}").json())


def go_on(rounds: int = 20) -> None:
    """What a sweeper does, cancellations included, until nothing is due now."""
    for _ in range(rounds):
        if not dispatch_due() + decompose_due() + cancel_due() + drive_due():
            return


def states_told(resource_id: str) -> list[str]:
    """The states that the events of one resource told, in order."""
    events = Event.objects.filter(resource_id=resource_id).order_by("sequence")
    return [event.payload["state"] for event in events]


def types_told(resource_id: str) -> list[str]:
    return [*Event.objects.filter(resource_id=resource_id).order_by("sequence").values_list("type", flat=True)]


def only_cancel() -> CancelServiceOrder:
    found: CancelServiceOrder = CancelServiceOrder.objects.get()
    return found
