"""Orders, catalogues and inventories as the pure functions see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Any

from orchestrator.decompose import decompose
from orchestrator.facts import Decomposition, ItemFacts, Json, Refusal, ServiceFacts, SpecFacts
from orchestrator.judge import Knowledge


def spec(name: str, /, *parts: str, status: str = "Active", kind: str = "", **characteristics: Json) -> SpecFacts:
    """A specification whose id is its name. Keywords are characteristics: name → the rest of its specification."""
    described = tuple({"name": name, **rest} for name, rest in characteristics.items())
    return SpecFacts(name, name, "1.0", kind or "ServiceSpecification", status, described, parts)


def service(
    identifier: str, specification: str, *parts: str, state: str = "active", made_by: str = "1", **values: Any
) -> ServiceFacts:
    """A service that the item `made_by` of one and the same order has made."""
    document: Json = {
        "serviceOrderItem": [{"serviceOrderId": "order-1", "itemId": made_by}],
        "serviceSpecification": {"id": specification, "name": specification},
        "serviceCharacteristic": [{"name": name, "value": value} for name, value in values.items()],
        "supportingService": [{"id": part} for part in parts],
    }
    return ServiceFacts(identifier, state, document)


def ordered(action: str, name: str = "", *, values: Mapping[str, Any] | None = None, **more: Any) -> Json:
    """An item to be: `add` of a specification, or another action on a service."""
    made: Json = {"serviceSpecification": {"id": name}} if action == "add" else {"id": name}
    if values is not None:
        made["serviceCharacteristic"] = [{"name": n, "value": v} for n, v in values.items()]
    made |= more.pop("service", {})
    return {"action": action, "service": made, **more}


def items_of(*wanted: Json) -> list[ItemFacts]:
    """Their pks are 1, 2, …; their ids the same as texts."""
    return [
        ItemFacts(
            pk=pk, item_id=str(pk), action=one["action"], service=one["service"], parent=one.get("parent"),
            after=tuple(one.get("after", ())), path=f"serviceOrderItem[{pk - 1}]",
        )
        for pk, one in enumerate(wanted, start=1)
    ]  # fmt: skip


def knowledge(
    items: Iterable[ItemFacts], specs: Iterable[SpecFacts] = (), services: Iterable[ServiceFacts] = (), **more: Any
) -> Knowledge:
    by_id = {one.id: one for one in specs}
    named = {item.pk: (item.service.get("serviceSpecification") or {}).get("id") for item in items}
    return Knowledge(
        specs=by_id,
        spec_of={pk: by_id[name] for pk, name in named.items() if name in by_id},
        services={one.id: one for one in services},
        orderable=frozenset({"Active", "Launched"}),
        **more,
    )


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"new{next(numbers)}"


def decomposed(
    *wanted: Json, specs: Iterable[SpecFacts] = (), services: Iterable[ServiceFacts] = (), **more: Any
) -> Decomposition:
    items = items_of(*wanted)
    return decompose(items, knowledge(items, specs, services, **more), ids())


def refused(*wanted: Json, **more: Any) -> list[Refusal]:
    """Why, when there is no node."""
    found = decomposed(*wanted, **more)
    assert found.nodes == ()
    return [*found.refusals]
