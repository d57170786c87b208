"""How a consumer changes an order (docs/conformance.md 1.2): attributes, items before anything began, hold, resume."""

from collections.abc import Set
from typing import Any

from django.db import transaction
from django.utils import timezone

from ordering import external_ids, items
from ordering.models import OrderState, ServiceOrder
from ordering.resources import SERVICE_ORDER
from ordering.rules import Node, check_items, walk
from ordering.services import with_defaults
from ordering.states import CONSUMER_MOVES, COUNTERS, counts, roll_up
from tmf import journal, outbox
from tmf.actors import Actor
from tmf.endpoints import Change
from tmf.errors import Conflict, Invalid
from tmf.resources import Json
from tmf.revisions import advance

ITEMS = "serviceOrderItem"
AMENDING = frozenset({"requestedStartDate", "requestedCompletionDate", "relatedParty", ITEMS})
DEFAULTS = {"priority": "4"}  # what a removed attribute falls back to
REASONS = {OrderState.HELD: "put on hold by the consumer", OrderState.IN_PROGRESS: "resumed by the consumer"}


def order_patch(*, actor: Actor, change: Change) -> ServiceOrder:
    """Writes a change of the shape `SERVICE_ORDER.update`. Raises Invalid, Conflict, LostRace."""
    order: ServiceOrder = change.row
    names = _real(change)
    if not names:
        return order
    _check_amendment(order, names)
    nodes = _new_items(change) if ITEMS in names else []
    fields = _columns(change, names) | _state(order, change, names)
    if nodes:
        fields |= {**dict.fromkeys(COUNTERS.values(), 0), "n_acknowledged": items.top(nodes)}
    if "requestedCompletionDate" in names:
        fields["jeopardy_at"] = None
    if "externalId" in names:
        fields |= external_ids.reserved(actor, order, fields["external_id"])
    types = _events(names)
    before = order.state
    with transaction.atomic(durable=True), external_ids.rival_noticed(fields):
        advance(order, by=len(types), **fields)
        if nodes:
            order.items.all().delete()
            items.insert(order, nodes)
        if "state" in names:
            _journal(order, before, actor)
        outbox.record(SERVICE_ORDER, order, *types, field_path=",".join(sorted(names - {"state"})))
    return order


def _real(change: Change) -> Set[str]:
    """The attributes that differ, leaving out those that differ only until the server adds what it fills in."""
    before, after = change.before, {**DEFAULTS, **change.after}
    names = change.attributes - {name for name in DEFAULTS if after[name] == before.get(name)}
    if ITEMS in names and _asked(before[ITEMS]) == _asked(after[ITEMS]):
        _check_server_set(change)
        return names - {ITEMS}
    return names


def _asked(asked: list[Json]) -> list[Json]:
    """Items without what the server sets, so that a client may send back what it was shown."""
    return [_asked_item(item) for item in asked]


def _asked_item(item: Json) -> Json:
    made = {"quantity": 1, **item}
    for name in items.SERVER_SET:
        made.pop(name, None)
    if made["service"].get("id"):
        made["service"] = {name: value for name, value in made["service"].items() if name != "href"}
    if ITEMS in made:
        made[ITEMS] = _asked(made[ITEMS])
    return made


def _check_amendment(order: ServiceOrder, names: Set[str]) -> None:
    if not _is_unbegun(order) and (amending := sorted(AMENDING & names)):
        raise Conflict(
            f"the order is {order.state}; amendment of a running order is not available yet", path=amending[0]
        )


def _is_unbegun(order: ServiceOrder) -> bool:
    """Nothing has been done: it has just come, or waits for what was missing in it."""
    untouched = (OrderState.ACKNOWLEDGED, OrderState.PENDING)
    return order.state in untouched and all(item.own in untouched for item in order.items.all())


def _new_items(change: Change) -> list[Node]:
    _check_server_set(change)
    nodes = walk(change.after[ITEMS])
    check_items(nodes)
    return nodes


def _check_server_set(change: Change) -> None:
    """What the server sets in items may be sent back as it was shown, and not otherwise."""
    shown = {node.item["id"]: node.item for node in walk(change.before[ITEMS])}
    for node in walk(change.after[ITEMS]):
        for name in items.SERVER_SET & node.item.keys():
            if node.item[name] != shown.get(node.item["id"], {}).get(name):
                raise Invalid("is set by the server and cannot be given", path=f"{node.path}.{name}")


def _columns(change: Change, names: Set[str]) -> dict[str, Any]:
    """The changed columns by field name, and the body."""
    fields, body = SERVICE_ORDER.split(with_defaults({**DEFAULTS, **change.after}, timezone.now()))
    del body[ITEMS]
    changed = {c.field: fields.get(c.field) for c in SERVICE_ORDER.columns if c.attribute in names}
    return {**changed, "body": body}


def _state(order: ServiceOrder, change: Change, names: Set[str]) -> dict[str, Any]:
    """What a wanted state means: the hold set or lifted. Items go on by themselves."""
    if "state" not in names:
        return {}
    if "state" not in change.after:
        raise Invalid("cannot be removed", path="state")
    wanted = change.after["state"]
    CONSUMER_MOVES.check(order.state, wanted)
    if wanted == OrderState.HELD:
        return {"on_hold": True}
    if roll_up(counts(order)) == OrderState.HELD:
        raise Conflict("an item is held by the provider, who must repair it first", path="state")
    return {"on_hold": False, "start_date": order.start_date or timezone.now()}


def _events(names: Set[str]) -> list[str]:
    types = ["ServiceOrderAttributeValueChangeEvent"] if names - {"state"} else []
    return types + (["ServiceOrderStateChangeEvent"] if "state" in names else [])


def _journal(order: ServiceOrder, before: str, actor: Actor) -> None:
    reason = REASONS[OrderState(order.state)]
    journal.record([
        journal.entry("ServiceOrder", order.pk, before, order.state, actor=actor.name, order_id=order.pk, reason=reason)
    ])  # fmt: skip
