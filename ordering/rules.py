"""What an order's items must obey beyond their shape (docs/conformance.md 1.1): ids, relationships, sizes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from django.conf import settings

from tmf.errors import Invalid
from tmf.resources import Json


@dataclass(frozen=True, slots=True)
class Node:
    """One item in the order's depth-first walk. `parent` is the parent's position, -1 at the top."""

    item: Json
    path: str
    parent: int
    depth: int


def walk(items: Sequence[Json]) -> list[Node]:
    """Every item at every level, parents before their children. Raises Invalid when they are too many or too deep."""
    nodes: list[Node] = []
    _walk(items, "serviceOrderItem", -1, 1, nodes)
    return nodes


def _walk(items: Sequence[Json], path: str, parent: int, depth: int, nodes: list[Node]) -> None:
    if depth > settings.ENV.ORDER_MAX_DEPTH:
        raise Invalid(f"items nest deeper than {settings.ENV.ORDER_MAX_DEPTH} levels", path=path)
    for index, item in enumerate(items):
        if len(nodes) == settings.ENV.ORDER_MAX_ITEMS:
            raise Invalid(f"an order has at most {settings.ENV.ORDER_MAX_ITEMS} items", path="serviceOrderItem")
        here = f"{path}[{index}]"
        position = len(nodes)
        nodes.append(Node(item, here, parent, depth))
        if children := item.get("serviceOrderItem"):
            _walk(children, f"{here}.serviceOrderItem", position, depth + 1, nodes)


def check_items(nodes: Sequence[Node]) -> None:
    """Raises Invalid, naming the attribute at fault."""
    known = _unique_ids(nodes)
    _check_cycles({node.item["id"]: [*_related(node, known)] for node in nodes})


def _unique_ids(nodes: Sequence[Node]) -> Mapping[str, Node]:
    known: dict[str, Node] = {}
    for node in nodes:
        first = known.setdefault(node.item["id"], node)
        if first is not node:
            raise Invalid(f"{node.item['id']!r} is the id of {first.path} already", path=f"{node.path}.id")
    return known


def _related(node: Node, known: Mapping[str, Node]) -> Iterator[str]:
    for index, relationship in enumerate(node.item.get("serviceOrderItemRelationship", ())):
        reference = relationship["orderItem"]
        other = reference.get("itemId", reference.get("id"))
        if other not in known:
            path = f"{node.path}.serviceOrderItemRelationship[{index}].orderItem.itemId"
            raise Invalid(f"{other!r} is no item of this order", path=path)
        yield other


def _check_cycles(graph: Mapping[str, Sequence[str]]) -> None:
    if not any(graph.values()):
        return
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        way = " → ".join(error.args[1])
        raise Invalid(f"the relationships of items make a cycle: {way}", path="serviceOrderItem") from None
