"""Whether an order can still be cancelled, in words (DESIGN: points of no return)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.models import FulfilmentItem, Plan, Step
from ordering.models import OrderState, ServiceOrderItem

HARD, SOFT = "hard", "soft"
DONE_TO = {"modify": "changed", "delete": "taken away"}


def refusal(plan: Plan, steps: Iterable[Step]) -> str:
    """Why it cannot; empty when it can. Nobody else may be writing the steps."""
    return next(_reasons(plan, steps), "")


def _reasons(plan: Plan, steps: Iterable[Step]) -> Iterator[str]:
    completed = ServiceOrderItem.objects.filter(order=plan.order_id, own=OrderState.COMPLETED)
    for item_id in completed.values_list("item_id", flat=True)[:1]:
        yield f"item {item_id} is completed already"
    changed = FulfilmentItem.objects.filter(plan=plan, state=FulfilmentItem.State.DONE, action__in=DONE_TO)
    for action, service_id, item_id in changed.values_list("action", "service_id", "order_item__item_id")[:1]:
        yield f"service {service_id} has been {DONE_TO[action]} already for item {item_id}"
    for step in _begun(steps, HARD):
        yield f"{_named(step)} has begun, and there is no way back from it"


def passed_soft_points(steps: Iterable[Step]) -> list[str]:
    """The steps that can be taken back, but at a cost."""
    return [_named(step) for step in _begun(steps, SOFT)]


def _begun(steps: Iterable[Step], point: str) -> Iterator[Step]:
    return (s for s in steps if s.started_at is not None and s.spec.get("pointOfNoReturn") == point)


def _named(step: Step) -> str:
    return f"step {step.key} of item {step.item.order_item.item_id}"
