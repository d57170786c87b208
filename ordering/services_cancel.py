"""How a client asks for an order to be cancelled (docs/conformance.md 1.4). Judging it is the engine's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.db import IntegrityError
from django.utils import timezone

from ordering.models import LIVE_CANCELS, CancelServiceOrder, ServiceOrder
from ordering.resources import CANCEL_SERVICE_ORDER
from tmf import outbox
from tmf.actors import Actor
from tmf.errors import Conflict, Invalid
from tmf.inserts import insert_objects
from tmf.models import OwnedQuerySet
from tmf.once import creation
from tmf.resources import Json
from tmf.validation import accepted_create

INSERTED = ("id", "party", "body", "order", "due_at", "created_at", "updated_at")


def cancel_submit(*, actor: Actor, document: Json) -> CancelServiceOrder:
    """Asks for an order to be cancelled; the request belongs to the order's party. Raises Invalid, Conflict.

    What has become of the order meanwhile is not asked here: a request about a finished one is judged, too.
    """
    document = accepted_create(CANCEL_SERVICE_ORDER, document)
    order = _order(actor, document["serviceOrder"]["id"])
    _check_live(order)
    now = timezone.now()
    fields, body = CANCEL_SERVICE_ORDER.split(document)
    task = CancelServiceOrder(
        order=order, party=order.party, body=body, due_at=fields.get("requested_date") or now,
        created_at=now, updated_at=now, **fields,
    )  # fmt: skip
    with creation(), _rival_noticed(order):
        insert_objects([task], fields=[*INSERTED, *fields])
        outbox.record(CANCEL_SERVICE_ORDER, task, "CancelServiceOrderCreateEvent")
    return task


def _order(actor: Actor, identifier: str) -> ServiceOrder:
    orders = cast(OwnedQuerySet[ServiceOrder], ServiceOrder.objects.get_queryset())
    order = orders.visible_to(actor).filter(pk=identifier).first()
    if order is None:
        raise Invalid(f"there is no service order {identifier!r}", path="serviceOrder.id")
    return order


def _check_live(order: ServiceOrder) -> None:
    if live := order.cancels.filter(state__in=LIVE_CANCELS).values_list("pk", flat=True).first():
        raise Conflict(f"the order is being cancelled already, by {live}", path="serviceOrder.id")


@contextmanager
def _rival_noticed(order: ServiceOrder) -> Iterator[None]:
    """Who came at the same moment is told like who comes later."""
    try:
        yield
    except IntegrityError as error:
        if "cancel_one_live" not in str(error) and "order_id" not in str(error):
            raise
        raise Conflict("the order is being cancelled already", path="serviceOrder.id") from None
