"""Items between their two forms: nested JSON at the edge, flat rows that know their parent within."""

from collections import Counter
from collections.abc import Sequence

from ordering.models import ServiceOrder, ServiceOrderItem
from ordering.rules import Node
from tmf.batch import update_rows
from tmf.inserts import insert_objects

SERVER_SET = frozenset({"state", "errorMessage"})
KEPT_IN_COLUMNS = SERVER_SET | {"id", "action", "serviceOrderItem"}
INSERTED = ("order", "position", "item_id", "action", "body", "n_acknowledged")


def rows(order: ServiceOrder, nodes: Sequence[Node]) -> list[ServiceOrderItem]:
    """The items as unsaved rows, all acknowledged; each counts its own work and its children."""
    children = Counter(node.parent for node in nodes)
    return [_row(order, position, node, 1 + children[position]) for position, node in enumerate(nodes)]


def _row(order: ServiceOrder, position: int, node: Node, tally: int) -> ServiceOrderItem:
    body = {name: value for name, value in node.item.items() if name not in KEPT_IN_COLUMNS}
    body.setdefault("quantity", 1)
    return ServiceOrderItem(
        order=order,
        position=position,
        item_id=node.item["id"],
        action=node.item["action"],
        body=body,
        n_acknowledged=tally,
    )


def insert(order: ServiceOrder, nodes: Sequence[Node]) -> None:
    """Writes the items in one statement, and a second that links nested ones to their parents.

    The order holds them afterwards as if it had prefetched them.
    """
    made = rows(order, nodes)
    insert_objects(made, fields=INSERTED)
    nested = [(row, made[node.parent]) for row, node in zip(made, nodes, strict=True) if node.parent >= 0]
    for row, parent in nested:
        row.parent = parent
    if nested:
        update_rows(
            ServiceOrderItem,
            [{"id": row.pk, "parent_id": parent.pk} for row, parent in nested],
            key=["id"],
            set=["parent_id"],
        )
    hold(order, made)


def hold(order: ServiceOrder, items: Sequence[ServiceOrderItem]) -> None:
    """Lets `order.items.all()` answer these rows without asking the database."""
    queryset = order.items.all()
    queryset._result_cache = [*items]  # noqa: SLF001
    vars(order).setdefault("_prefetched_objects_cache", {})["items"] = queryset


def top(nodes: Sequence[Node]) -> int:
    """How many items stand at the top level."""
    return sum(node.parent < 0 for node in nodes)
