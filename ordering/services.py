"""What may be done to an order as a whole: placed, and deleted. Changes are in `services_patch`."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ordering import external_ids, items
from ordering.models import ServiceOrder
from ordering.resources import SERVICE_ORDER
from ordering.rules import check_items, walk
from ordering.states import TERMINAL
from tmf import outbox
from tmf.actors import Actor
from tmf.errors import Conflict, Forbidden
from tmf.inserts import insert_objects
from tmf.once import creation
from tmf.resources import Json, timestamp
from tmf.revisions import remove
from tmf.validation import accepted_create

INSERTED = ("id", "party", "body", "created_at", "updated_at", "n_acknowledged")


def order_submit(*, actor: Actor, document: Json) -> ServiceOrder:
    """Places an order; it belongs to the actor's party. Raises Invalid, Conflict, LostRace.

    Nothing that must be looked up is judged here: that is the engine's, once it hears of the order.
    """
    document = accepted_create(SERVICE_ORDER, document)
    nodes = walk(document["serviceOrderItem"])
    check_items(nodes)
    now = timezone.now()
    fields, body = SERVICE_ORDER.split(with_defaults(document, now))
    del body["serviceOrderItem"]
    order = ServiceOrder(
        party=actor.party, body=body, created_at=now, updated_at=now,
        n_acknowledged=items.top(nodes), **fields,
    )  # fmt: skip
    reserved = external_ids.reserved(actor, order, order.external_id)
    order.unique_external_id = reserved.get("unique_external_id")
    with creation(), external_ids.rival_noticed(reserved):
        insert_objects([order], fields=[*INSERTED, *fields, *reserved])
        items.insert(order, nodes)
        outbox.record(SERVICE_ORDER, order, "ServiceOrderCreateEvent")
    return order


def order_delete(*, actor: Actor, row: ServiceOrder) -> None:
    """Removes an order that has ended, for administrators. Raises Forbidden, Conflict, LostRace.

    An acknowledged order counts as in flight: the engine may be planning it at this very moment.
    """
    if not actor.is_admin:
        raise Forbidden("only an administrator may delete an order")
    if row.state not in TERMINAL:
        raise Conflict(f"the order is {row.state}: only an order that has ended can be deleted", path="state")
    with transaction.atomic(durable=True):
        remove(row)
        outbox.record(SERVICE_ORDER, row, "ServiceOrderDeleteEvent")


def with_defaults(document: Json, now: datetime) -> Json:
    """The document with what the server fills in (docs/conformance.md 1.1); the model fills in the columns."""
    made = {"@type": "ServiceOrder", **document}
    if notes := document.get("note"):
        made["note"] = [{"date": timestamp(now), **note} for note in notes]
    return made
