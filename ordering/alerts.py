"""What whoever does the work tells of an order besides its state: milestones reached, dates in danger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from ordering.models import ServiceOrder
from ordering.resources import SERVICE_ORDER
from tmf import outbox
from tmf.ids import new_id
from tmf.models import Event
from tmf.resources import timestamp

Json = dict[str, Any]
FIELD_PATH_MAX = int(Event._meta.get_field("field_path").max_length or 0)


@dataclass(frozen=True, slots=True)
class Milestone:
    id: str
    name: str
    item_id: str  # the client's id of the item


def milestones_reach(*, reached: Mapping[str, Sequence[Milestone]]) -> None:
    """Order → the milestones that it has reached now; an event for each. In the caller's transaction."""
    now = timestamp(datetime.now(UTC))
    told = {order_id: [_reached(each, now) for each in milestones] for order_id, milestones in reached.items()}
    _append("milestone", told, "ServiceOrderMilestoneEvent")


def _reached(milestone: Milestone, now: str) -> Json:
    return {
        "id": milestone.id,
        "name": milestone.name,
        "milestoneDate": now,
        "status": "reached",
        "serviceOrderItem": [{"itemId": milestone.item_id}],
    }


def orders_warn(*, late: Mapping[str, str]) -> None:
    """Order → why its date is in danger; an alert and an event for each. In the caller's transaction."""
    now = timestamp(datetime.now(UTC))
    alert = {"name": "requestedCompletionDate", "alertDate": now, "jeopardyType": "late"}
    told = {order_id: [{"id": new_id(), **alert, "message": message}] for order_id, message in late.items()}
    ServiceOrder.objects.filter(pk__in=late).update(jeopardy_at=Now())
    _append("jeopardyAlert", told, "ServiceOrderJeopardyEvent")


def orders_ask(*, missing: Mapping[str, Sequence[str]]) -> None:
    """Order → the attribute paths that its client has to supply; an event for each. In the caller's transaction."""
    orders = ServiceOrder.objects.filter(pk__in=missing)
    orders.update(revision=F("revision") + 1, updated_at=Now())
    outbox.record_many(
        [
            outbox.Notice(SERVICE_ORDER, row, ("ServiceOrderInformationRequiredEvent",), _field_path(missing[row.pk]))
            for row in orders.order_by("pk").prefetch_related("items")
        ]
    )


def _field_path(paths: Sequence[str]) -> str:
    """As many whole paths as an event bears; the representation tells all."""
    while len(joined := ",".join(paths)) > FIELD_PATH_MAX and len(paths) > 1:
        paths = paths[:-1]
    return joined[:FIELD_PATH_MAX]


def _append(attribute: str, entries: Mapping[str, Sequence[Json]], event: str) -> None:
    """The list grows by the entries, the revision by as many events."""
    orders = ServiceOrder.objects.filter(pk__in=entries)
    for order in orders.order_by("pk").select_for_update():
        new = entries[order.pk]
        body = {**order.body, attribute: [*order.body.get(attribute, ()), *new]}
        ServiceOrder.objects.filter(pk=order.pk).update(body=body, revision=F("revision") + len(new), updated_at=Now())
    fresh = orders.order_by("pk").prefetch_related("items")
    outbox.record_many([outbox.Notice(SERVICE_ORDER, row, (event,) * len(entries[row.pk])) for row in fresh])
