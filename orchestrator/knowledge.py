"""What judging and planning must know of the order, the catalogue, the inventory and the definitions.

The number of queries grows with the depth of decomposition, not with orders or items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from catalog.selectors import specification_closure, specifications_by_ref
from inventory.selectors import services_of_anyone
from orchestrator.definitions import Definitions
from orchestrator.facts import ItemFacts, Json, ServiceFacts, SpecFacts
from orchestrator.judge import Knowledge, service_id_of
from orchestrator.models import Definition, Target
from ordering.models import ServiceOrder, ServiceOrderItem, in_order

Reference = tuple[str, str, str]  # id, name, version of a specification


@dataclass(frozen=True, slots=True)
class OrderFacts:
    party: str
    state: str
    items: tuple[ItemFacts, ...]
    view: Json  # what expressions see: {"order": …, "items": {pk: …}}


@dataclass(frozen=True, slots=True)
class Known:
    orders: Mapping[str, OrderFacts]
    specs: Mapping[str, SpecFacts]
    named: Mapping[Reference, str]  # how an item names a specification → the specification's id
    services: Mapping[str, Mapping[str, ServiceFacts]]  # party → id → service
    taken: frozenset[str]  # ids that the orders name and the inventory knows, whoever's they are
    definitions: Definitions

    def about(self, order_id: str) -> Knowledge:
        """What concerns one order: it sees the services of its own party."""
        order = self.orders[order_id]
        spec_of = {item.pk: self.named.get(_reference(item.service)) for item in order.items}
        return Knowledge(
            specs=self.specs,
            spec_of={pk: self.specs[identifier] for pk, identifier in spec_of.items() if identifier},
            services=self.services.get(order.party, {}),
            taken=self.taken,
            orderable=frozenset(settings.ORDERABLE_LIFECYCLE_STATUSES),
            max_depth=settings.ENV.SPEC_MAX_DEPTH,
            max_nodes=settings.ENV.PLAN_MAX_STEPS,
        )


def gather(order_ids: Sequence[str]) -> Known:
    orders = {order.pk: _order_facts(order) for order in _orders(order_ids)}
    services, taken = _services(orders.values())
    references = {_reference(item.service) for order in orders.values() for item in order.items}
    references |= {(s.specification_id, "", "") for held in services.values() for s in held.values()}
    found = specifications_by_ref(sorted(r for r in references if any(r)))
    closure = specification_closure({row.pk for row in found.values()}, settings.ENV.SPEC_MAX_DEPTH)
    specs = {identifier: spec_facts(row) for identifier, row in closure.items()}
    return Known(
        orders=orders,
        specs=specs,
        named={reference: row.pk for reference, row in found.items()},
        services=services,
        taken=taken,
        definitions=definitions({spec.name for spec in specs.values()} | _spec_names(services)),
    )


def now() -> datetime:
    return datetime.now(UTC)


def _orders(order_ids: Sequence[str]) -> Iterable[ServiceOrder]:
    return ServiceOrder.objects.filter(pk__in=order_ids).prefetch_related("items")


def _order_facts(order: ServiceOrder) -> OrderFacts:
    rows = in_order(order.items.all())
    view = {
        "order": {
            "id": order.pk,
            "externalId": order.external_id or "",
            "category": order.category or "",
            "priority": order.priority,
            "description": order.body.get("description", ""),
            "relatedParty": order.body.get("relatedParty", []),
        },
        "items": {row.pk: {"id": row.item_id, "quantity": row.body.get("quantity", 1)} for row in rows},
    }
    return OrderFacts(order.party, order.state, tuple(_item_facts(rows)), view)


def _item_facts(rows: Sequence[ServiceOrderItem]) -> Iterable[ItemFacts]:
    """`rows` in the order of the depth-first walk, so that a parent's path is known before its children's."""
    paths: dict[int, str] = {}
    seen: dict[int | None, int] = {}
    for row in rows:
        place = seen.get(row.parent_id, 0)
        seen[row.parent_id] = place + 1
        prefix = f"{paths[row.parent_id]}." if row.parent_id else ""
        paths[row.pk] = f"{prefix}serviceOrderItem[{place}]"
        yield ItemFacts(
            pk=row.pk,
            item_id=row.item_id,
            action=row.action,
            service=row.body.get("service") or {},
            parent=row.parent_id,
            after=tuple(_related(row.body)),
            quantity=row.body.get("quantity", 1),
            path=paths[row.pk],
        )


def _related(body: Mapping[str, Any]) -> Iterable[str]:
    for relation in body.get("serviceOrderItemRelationship") or ():
        other = relation.get("orderItem") or {}
        if name := other.get("itemId") or other.get("id"):
            yield str(name)


def _reference(service: Mapping[str, Any]) -> Reference:
    """The id decides; where the catalogue does not hold it, name and version together do."""
    named = service.get("serviceSpecification") or {}
    identifier, name, version = (str(named.get(part) or "") for part in ("id", "name", "version"))
    return (identifier, name, version) if version or not identifier else (identifier, "", "")


def spec_facts(row: Any) -> SpecFacts:
    """A catalogue's row as decomposition sees it."""
    structural = settings.DECOMPOSITION_RELATIONSHIPS
    return SpecFacts(
        id=row.pk,
        name=row.name,
        version=row.version or "",
        kind=row.type or "ServiceSpecification",
        status=row.lifecycle_status or "",
        characteristics=tuple(row.body.get("specCharacteristic") or ()),
        parts=tuple(
            str(relation["id"])
            for relation in row.body.get("serviceSpecRelationship") or ()
            if relation.get("id") and str(relation.get("relationshipType", "")).lower() in structural
        ),
    )


def _services(orders: Iterable[OrderFacts]) -> tuple[dict[str, dict[str, ServiceFacts]], frozenset[str]]:
    """Party → the services that its orders name, and all that support them; and every id that is taken."""
    wanted = {(o.party, service_id_of(item.service)) for o in orders for item in o.items}
    found: dict[str, dict[str, ServiceFacts]] = {party: {} for party, _ in wanted}
    taken: set[str] = set()
    for _ in range(settings.ENV.SPEC_MAX_DEPTH):
        wanted = {(party, pk) for party, pk in wanted if pk and pk not in found[party]}
        if not wanted:
            break
        rows = services_of_anyone(pk for _, pk in wanted)
        taken |= rows.keys()
        level = [
            (row.party, ServiceFacts(pk, row.state, row.body)) for pk, row in rows.items() if (row.party, pk) in wanted
        ]
        for party, service in level:
            found[party][service.id] = service
        wanted = {(party, part) for party, service in level for part in service.parts}
    return found, frozenset(taken)


def _spec_names(services: Mapping[str, Mapping[str, ServiceFacts]]) -> set[str]:
    """What the services say of their specifications: the catalogue may hold them no longer."""
    references = (s.document.get("serviceSpecification") or {} for held in services.values() for s in held.values())
    return {str(reference["name"]) for reference in references if reference.get("name")}


def definitions(names: Iterable[str]) -> Definitions:
    """The active definitions of these specifications, and the targets' connectors."""
    rows = Definition.objects.filter(specification__in=[*names], state=Definition.State.ACTIVE)
    targets = list(Target.objects.values_list("name", "connector", "is_default"))
    return Definitions(
        documents={
            (row.specification, row.action): {"version": row.version, "digest": row.digest, "document": row.document}
            for row in rows
        },
        connector_of={name: connector for name, connector, _ in targets},
        default_target=next((name for name, _, default in targets if default), ""),
        timeout=settings.ENV.STEP_TIMEOUT_SECONDS,
    )
