"""Fan-out: which listeners hear an event. A delivery row for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from structlog import get_logger

from tmf.envelope import notification
from tmf.errors import TmfError
from tmf.models import Delivery, Event, Subscription
from tmf.nudges import nudge_on_commit
from tmf.query import Matcher, compile_query
from tmf.resources import Json

log = get_logger(__name__)


def deliveries_create(events: Sequence[Event]) -> None:
    """What these events owe to the listeners of today. To be called in the transaction that marks them."""
    active = list(Subscription.objects.filter(api__in={event.api for event in events}, state=Subscription.State.ACTIVE))
    owed = [_delivery(event, listener) for event in events for listener in _hearing(event, active)] if active else []
    if owed:
        # An event that is dispatched again by hand owes nothing twice.
        Delivery.objects.bulk_create(owed, ignore_conflicts=True)
        nudge_on_commit("deliver")


def _hearing(event: Event, listeners: Sequence[Subscription]) -> Iterator[Subscription]:
    forms: dict[str, Json | None] = {}
    for listener in listeners:
        if listener.api != event.api or not (event.public or listener.sees_all or listener.party == event.party):
            continue
        if listener.version not in forms:
            forms[listener.version] = notification(event, listener.version)
        shown = forms[listener.version]
        if shown is not None and (not listener.query or _matches(listener, shown)):
            yield listener


def _matches(listener: Subscription, shown: Json) -> bool:
    try:
        return matcher(listener.query).matches(shown)
    except TmfError as error:  # it was read when it was registered: a rule has become stricter since
        log.error("subscription.unreadable_query", subscription=listener.pk, error=str(error))
        return False


@lru_cache(maxsize=1024)
def matcher(query: str) -> Matcher:
    return compile_query(query)


def _delivery(event: Event, listener: Subscription) -> Delivery:
    return Delivery(
        subscription=listener,
        event=event,
        resource=event.resource,
        resource_id=event.resource_id,
        sequence=event.sequence,
    )
