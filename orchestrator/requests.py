"""Requests that refer to what predecessors found out: rendered when their step is claimed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import F

from inventory.models import Service
from orchestrator.expressions import ExpressionError, names, render
from orchestrator.facts import characteristics
from orchestrator.models import FulfilmentItem, Step

Json = dict[str, Any]
Part = tuple[int, str, str]  # key of the whole, specification of the part, id of its service


class Deferred(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def item_id(self) -> int: ...
    @property
    def spec(self) -> Json: ...
    @property
    def request(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A request, or why there is none."""

    request: Any
    fault: str = ""


def rendered(steps: Sequence[Deferred]) -> dict[int, Rendered]:
    """Each step's request by its key, in at most four queries."""
    if not steps:
        return {}
    items = {step.item_id for step in steps}
    outputs = _outputs(items)
    wants_parts = any("supporting" in _names(step.request) for step in steps)
    supporting: Mapping[int, Json] = _supporting(items) if wants_parts else {}
    return {step.id: _render(step, outputs[step.item_id], supporting.get(step.item_id, {})) for step in steps}


def _render(step: Deferred, outputs: Json, supporting: Json) -> Rendered:
    context = {**step.spec.get("context", {}), "outputs": outputs, "supporting": supporting}
    try:
        return Rendered(render(step.request, context))
    except ExpressionError as error:
        return Rendered(None, str(error))


def _names(template: Any) -> frozenset[str]:
    try:
        return names(template)
    except ExpressionError:
        return frozenset()


def _outputs(items: set[int]) -> defaultdict[int, Json]:
    """Fulfilment item → step key → its outputs."""
    found: defaultdict[int, Json] = defaultdict(dict)
    done = Step.objects.filter(item__in=items, state=Step.State.DONE, outputs__isnull=False)
    for item_id, key, outputs in done.values_list("item_id", "key", "outputs"):
        found[item_id][key] = outputs
    return found


def _supporting(items: set[int]) -> dict[int, Json]:
    """Fulfilment item → specification name of a part → its service as the inventory has it now."""
    parts = [*_parts_of_catalogue(items), *_parts_of_order(items)]
    services = Service.objects.in_bulk([service_id for _, _, service_id in parts])
    found: dict[int, Json] = {}
    for parent, name, service_id in parts:
        service = services.get(service_id)
        values = characteristics(service.body) if service else {}
        found.setdefault(parent, {})[name] = {"id": service_id, "characteristics": values}
    return found


def _parts_of_catalogue(items: set[int]) -> Iterable[Part]:
    below = FulfilmentItem.objects.filter(parent__in=items)
    return below.values_list("parent_id", "specification_name", "service_id")


def _parts_of_order(items: set[int]) -> Iterable[Part]:
    """What the order's nested items make: their roots, below the root of the item that contains them."""
    whole = "order_item__parent__fulfilment"
    nested = FulfilmentItem.objects.filter(
        **{f"{whole}__in": items, f"{whole}__parent": None, f"{whole}__plan": F("plan")}, parent=None
    )
    return nested.values_list(whole, "specification_name", "service_id")
