"""An order's items, shown nested as TMF641 has them, from rows that stand flat."""

from inventory.resources import SERVICE
from ordering.models import ServiceOrder, ServiceOrderItem, in_order
from ordering.states import CANCELLING, TERMINAL
from tmf.resources import Json


def show_items(row: ServiceOrder, shown: Json, base_url: str) -> None:
    """Puts `errorMessage` and the nested `serviceOrderItem` into an order's representation.

    One pass over the rows, parents first. While the order is being cancelled,
    its unfinished items show the order's state (docs/conformance.md 1.3).
    """
    if row.errors:
        shown["errorMessage"] = row.errors
    services = base_url + SERVICE.path() + "/"
    overriding = row.state if row.state in CANCELLING else ""
    top: list[Json] = []
    made: dict[int, Json] = {}
    for item in in_order(row.items.all()):
        made[item.pk] = one = show_item(item, services)
        if overriding and item.state not in TERMINAL:
            one["state"] = overriding
        siblings = top if item.parent_id is None else made[item.parent_id].setdefault("serviceOrderItem", [])
        siblings.append(one)
    shown["serviceOrderItem"] = top


def show_item(item: ServiceOrderItem, services: str) -> Json:
    """One item without its children. `services` is the address of the inventory's collection, ending in a slash."""
    one: Json = {"id": item.item_id, "action": item.action, "state": item.state, **item.body}
    if item.service_id:
        one["service"] = {**one.get("service", {}), "id": item.service_id, "href": services + item.service_id}
    if item.errors:
        one["errorMessage"] = item.errors
    return one
