"""externalId, which no order of a party repeats when its client wants it so (`Client.unique_external_id`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError

from ordering.models import ServiceOrder
from tmf.actors import Actor
from tmf.errors import Conflict, LostRace


def reserved(actor: Actor, order: ServiceOrder, external_id: str | None) -> dict[str, Any]:
    """The column that keeps others from using it. Raises Conflict naming the first order that has it."""
    if not (actor.unique_external_id and external_id):
        return {"unique_external_id": None} if order.unique_external_id else {}
    others = ServiceOrder.objects.filter(party=order.party, external_id=external_id).exclude(pk=order.pk)
    if first := others.order_by("created_at", "pk").values_list("pk", flat=True).first():
        raise Conflict(f"{external_id!r} is the order {first} already", path="externalId")
    return {"unique_external_id": external_id}


@contextmanager
def rival_noticed(fields: dict[str, Any]) -> Iterator[None]:
    """Around the writing of these columns: raises LostRace when a rival has just used the same externalId.

    Trying again then finds the rival's order and names it.
    """
    try:
        yield
    except IntegrityError:
        if not fields.get("unique_external_id"):
            raise
        raise LostRace("the externalId has just been used by another order", path="externalId") from None
