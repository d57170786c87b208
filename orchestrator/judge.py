"""Judging: what an order item gets wrong, held against the catalogue and the inventory. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inventory.states import legal_change
from orchestrator.characteristics import MANDATORY, faults
from orchestrator.facts import ItemFacts, Json, Node, Refusal, ServiceFacts, SpecFacts
from tmf.errors import TmfError

MISSING = "characteristicMissing"  # nothing is wrong but what is not there yet


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the catalogue and the inventory hold that the order refers to, directly or through its parts."""

    specs: Mapping[str, SpecFacts]  # by id
    spec_of: Mapping[int, SpecFacts]  # by pk of the item that names it
    services: Mapping[str, ServiceFacts]  # by id, those of the order's party
    orderable: frozenset[str]  # lifecycle statuses
    taken: frozenset[str] = frozenset()  # ids of services that the order wants to add and other parties have
    max_depth: int = 16
    max_nodes: int = 5000


@dataclass(slots=True)
class Work:
    items: tuple[ItemFacts, ...]
    knowledge: Knowledge
    new_id: Callable[[], str]
    nodes: list[Node] = field(default_factory=list)
    refusals: dict[Refusal, None] = field(default_factory=dict)  # each once, in order
    roots: dict[int, int] = field(default_factory=dict)  # item pk → index of its root node
    named: set[str] = field(default_factory=set)  # ids of the services that items name
    replacing: dict[int, set[str]] = field(default_factory=dict)  # item pk → specifications that its nested items add

    def __post_init__(self) -> None:
        self.named.update(service_id_of(item.service) for item in self.items)
        for item in self.items:
            spec = self.knowledge.spec_of.get(item.pk)
            if item.parent is not None and item.action == "add" and spec:
                self.replacing.setdefault(item.parent, set()).add(spec.id)

    def refuse(self, item: ItemFacts, code: str, message: str, attribute: str) -> None:
        self.refusals[Refusal(item.pk, code, message, f"{item.path}.{attribute}")] = None

    def put(self, node: Node) -> int:
        self.nodes.append(node)
        index = len(self.nodes) - 1
        if node.parent is None:
            self.roots[node.item] = index
        return index

    def full(self, item: ItemFacts, depth: int) -> bool:
        if depth <= self.knowledge.max_depth and len(self.nodes) < self.knowledge.max_nodes:
            return False
        limit = "depth" if depth > self.knowledge.max_depth else "size"
        self.refuse(item, "tooLarge", f"the decomposition exceeds its largest {limit}", "service.serviceSpecification")
        return True


def names_check(work: Work) -> None:
    """Refuses items that act on one and the same service, and characteristics that an item names twice."""
    acting = [item for item in work.items if item.action != "noChange"]
    named = Counter(filter(None, (service_id_of(item.service) for item in acting)))
    for item in acting:
        if named[identifier := service_id_of(item.service)] > 1:
            message = f"service {identifier} is to be changed by {named[identifier]} items of the order"
            work.refuse(item, "serviceNamedTwice", message, "service.id")
    for item in work.items:
        given = Counter(c.get("name") for c in item.service.get("serviceCharacteristic") or ())
        for name in (name for name, count in given.items() if count > 1):
            message = f"characteristic {name!r} stands twice; several values are one list"
            work.refuse(item, "invalidCharacteristic", message, f"service.serviceCharacteristic[{name}]")


def existing(work: Work, item: ItemFacts) -> ServiceFacts | None:
    """Its service, when the inventory holds it and it is of the specification that the item names, if any."""
    identifier = service_id_of(item.service)
    service = work.knowledge.services.get(identifier)
    if service is None:
        work.refuse(item, "serviceNotFound", f"the inventory holds no service {identifier!r}", "service.id")
        return None
    named = (item.service.get("serviceSpecification") or {}).get("id")
    meant = work.knowledge.spec_of.get(item.pk)
    if named and service.specification_id and service.specification_id not in (named, meant and meant.id):
        message = f"service {identifier} is of specification {service.specification_id!r}, not {named!r}"
        work.refuse(item, "specificationMismatch", message, "service.serviceSpecification.id")
        return None
    return service


def service_id_of(document: Json) -> str:
    """Its id, or the last part of its href."""
    return str(document.get("id") or "") or str(document.get("href") or "").rstrip("/").rsplit("/", 1)[-1]


def legal(work: Work, item: ItemFacts, service: ServiceFacts | None) -> bool:
    try:
        legal_change(service.state if service else None, item.action, item.service.get("state"))
    except TmfError as error:
        work.refuse(item, "illegalState", error.message, "service.state")
        return False
    return True


def values_check(work: Work, item: ItemFacts, spec: SpecFacts, values: Mapping[str, Any], *, partial: bool) -> bool:
    """Refuses what its characteristics get wrong; whether there was anything.

    What is missing of the item's own specification, not of its parts, the client can supply.
    """
    own = spec is work.knowledge.spec_of.get(item.pk)
    found = list(faults(values, spec.characteristics, partial=partial))
    for name, fault in found:
        message = f"characteristic {name!r} of {spec.name!r}: {fault}"
        code = MISSING if own and fault == MANDATORY else "invalidCharacteristic"
        work.refuse(item, code, message, f"service.serviceCharacteristic[{name}]")
    return bool(found)


def refuse_unknown_spec(work: Work, item: ItemFacts) -> None:
    reference = item.service.get("serviceSpecification")
    if not reference:
        work.refuse(
            item, "specificationMissing", "an added service needs its specification", "service.serviceSpecification"
        )
        return
    named = reference.get("id") or " ".join(str(reference[n]) for n in ("name", "version") if reference.get(n))
    message = f"the catalogue holds no service specification {named!r}"
    work.refuse(item, "specificationNotFound", message, "service.serviceSpecification.id")


def spec_of_service(work: Work, service: ServiceFacts) -> SpecFacts:
    """Its specification, or what the service itself says of one that the catalogue no longer holds."""
    reference = service.document.get("serviceSpecification") or {}
    unknown = SpecFacts(service.specification_id, str(reference.get("name") or ""), str(reference.get("version") or ""))
    return work.knowledge.specs.get(service.specification_id, unknown)


def bears(work: Work, item: ItemFacts, part: ServiceFacts) -> bool:
    """Whether a part's state lets it be modified; refuses the item when it does not."""
    try:
        legal_change(part.state, "modify")
    except TmfError as error:
        message = f"its part {part.id} would have to change too, but {error.message}"
        work.refuse(item, "illegalState", message, "service.state")
        return False
    return True
