"""Orders that miss their dates are told of: once, whoever is to blame."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from ordering.alerts import orders_warn
from ordering.models import UNWARNED, ServiceOrder
from tmf.clock import in_
from tmf.resources import timestamp

BATCH = 100


def jeopardy_due(patience: float = 0.0) -> int:
    """Warns of the unfinished orders whose requested date has passed for `patience` seconds; how many."""
    warned = 0
    while _late(patience).exists():  # SQLite: no write lock for nothing
        warned += _warn(patience)
    return warned


def _late(patience: float) -> QuerySet[ServiceOrder]:
    late: QuerySet[ServiceOrder] = ServiceOrder.objects.filter(UNWARNED, requested_completion_date__lt=in_(-patience))
    return late


@transaction.atomic(durable=True)
def _warn(patience: float) -> int:
    orders = _late(patience).order_by("requested_completion_date", "pk")[:BATCH].select_for_update()
    late = {order.pk: _why(order) for order in orders}
    orders_warn(late=late)
    return len(late)


def _why(order: ServiceOrder) -> str:
    wanted = order.requested_completion_date
    return f"it was to be done by {timestamp(wanted)} and is {order.state}" if wanted else ""
