"""The engine's view against the simulated target's ledger: what was applied, how often, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inventory.models import Service
from orchestrator.facts import characteristics
from orchestrator.models import FulfilmentItem, Step, StepLink
from ordering.models import ServiceOrder
from tests.simulator import Simulator

Violations = Iterator[str]


def operations(simulator: Simulator) -> dict[str, dict[str, Any]]:
    """Operation key → what the ledger knows of it, for the orders of this database."""
    ours = {*ServiceOrder.objects.values_list("pk", flat=True)}
    return {each["key"]: each for each in simulator.ledger() if each["key"].partition(".")[0] in ours}


def ledger_violations(simulator: Simulator) -> Violations:
    """Each done step applied once under its key, nothing else applied, and the plan's order kept."""
    known = operations(simulator)
    steps = {step.pk: step for step in Step.objects.exclude(connector="")}
    for step in steps.values():
        applied = known.get(step.operation_key, {}).get("applications", 0)
        if step.state == Step.State.DONE and applied != 1:
            yield f"{step.key} of {step.order_id} is done and was applied {applied} times"
        if applied > 1 or (applied and step.state == Step.State.WAITING):
            yield f"{step.key} of {step.order_id} is {step.state} and was applied {applied} times"
    for key in known.keys() - {step.operation_key for step in steps.values()}:
        yield f"{key} was asked for and is no step's"
    yield from _in_order(known, steps)
    yield from _in_inventory(known)


def _in_order(known: dict[str, dict[str, Any]], steps: dict[int, Step]) -> Violations:
    """By the ledger's own numbers: the last application of the one before the first of the other."""
    for link in StepLink.objects.filter(predecessor__in=steps, successor__in=steps):
        first, then = (known.get(steps[pk].operation_key) for pk in (link.predecessor_id, link.successor_id))
        if then and then["sequences"] and not (first and max(first["sequences"], default=0) < min(then["sequences"])):
            keys = steps[link.predecessor_id].key, steps[link.successor_id].key
            yield f"{keys[1]} was applied before {keys[0]}"


def _in_inventory(known: dict[str, dict[str, Any]]) -> Violations:
    """A service names the operation keys that made it: just those that were applied for its item."""
    for item in FulfilmentItem.objects.filter(state=FulfilmentItem.State.DONE, action="add"):
        service = Service.objects.get(pk=item.service_id)
        told = {value for value in characteristics(service.body).values() if str(value).startswith(service.order_id)}
        made = {step.operation_key for step in Step.objects.filter(item=item).exclude(connector="")}
        if told != made or not all(key in known for key in made):
            yield f"service {service.pk} was made by {sorted(made)} and says {sorted(told)}"
