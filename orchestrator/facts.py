"""What decomposition and planning are told: plain values, so that both stay pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One order item, at any depth. `after` are the client's ids of the items it relates to."""

    pk: int
    item_id: str
    action: str
    service: Json
    parent: int | None = None  # pk of the item it is nested in
    after: tuple[str, ...] = ()
    quantity: int = 1
    path: str = ""  # attribute path in the order, as `serviceOrderItem[0]`


@dataclass(frozen=True, slots=True)
class SpecFacts:
    """One service specification: its characteristics (TMF633) and the specifications it is made of."""

    id: str
    name: str
    version: str = ""
    kind: str = "ServiceSpecification"
    status: str = ""
    characteristics: tuple[Json, ...] = ()
    parts: tuple[str, ...] = ()  # ids

    @property
    def names(self) -> frozenset[str]:
        return frozenset(str(c.get("name")) for c in self.characteristics)


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One service of the inventory."""

    id: str
    state: str
    document: Json

    @property
    def specification_id(self) -> str:
        return str((self.document.get("serviceSpecification") or {}).get("id", ""))

    @property
    def made_by(self) -> tuple[str, str] | None:
        """The order and the item that made it, if one did."""
        first: Json = next(iter(self.document.get("serviceOrderItem") or ()), {})
        made = (str(first.get("serviceOrderId", "")), str(first.get("itemId", "")))
        return made if all(made) else None

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(str(ref["id"]) for ref in self.document.get("supportingService") or () if ref.get("id"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item cannot be fulfilled: the cause, and the attribute at fault."""

    item: int  # pk
    code: str
    message: str
    path: str


@dataclass(slots=True)
class Node:
    """One fulfilment item to be: an action on one service."""

    item: int  # pk of the order item
    parent: int | None  # index of the parent node
    action: str
    spec: SpecFacts
    service_id: str
    service: Json  # TMF638 document
    after: list[int] = field(default_factory=list)  # indexes of nodes whose whole trees come first


@dataclass(frozen=True, slots=True)
class Decomposition:
    nodes: tuple[Node, ...]
    refusals: tuple[Refusal, ...]
    paths: Mapping[int, str] = field(default_factory=dict)  # pk of an order item → its attribute path


def characteristics(document: Mapping[str, Any]) -> dict[str, Any]:
    """A service's characteristics as name → value."""
    return {c["name"]: c.get("value") for c in document.get("serviceCharacteristic") or () if "name" in c}
