"""Dispatch: owed events → deliveries for the listeners that hear them, and calls of the engine's handlers.

Any number of dispatchers may run. An event is claimed, handed on and marked in one transaction; the
events of one resource are handed on in the order of their sequence, whoever does it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from structlog import get_logger

from tmf import fanout, processes
from tmf.batch import update_rows
from tmf.models import Event
from tmf.wiring import resolve

BATCH = 200
ENOUGH = 2000  # events of one call, so that whoever runs several verbs in turn gets to the others
MOST_ATTEMPTS = 10
FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(minutes=5)
PAUSES = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1)  # waits in turn for a rival that holds an earlier event

log = get_logger(__name__)


class Overtaken(Exception):
    """A rival marked one of the claimed events first: nothing of this transaction may stay."""


def dispatch_due(patience: float = 0.0, *, limit: int = BATCH) -> int:
    """Hands on what has been due for `patience` seconds. Answers how many events were settled."""
    if not _owed(patience).exists():
        return 0
    settled, pauses = 0, iter(PAUSES)
    while settled < ENOUGH and not processes.stopping.is_set():
        done, more = _round(_owed(patience), limit)
        settled += done
        if not more or (done == 0 and not _pause(pauses)):
            break
    return settled


def _pause(pauses: Iterable[float]) -> bool:
    """Waits a little; False when there has been enough of it: a sweep comes by."""
    for seconds in pauses:
        time.sleep(seconds)
        return True
    return False


def _owed(patience: float) -> QuerySet[Event]:
    return Event.objects.filter(dispatched_at=None, due_at__lte=Now() - timedelta(seconds=patience))


def _round(owed: QuerySet[Event], limit: int) -> tuple[int, bool]:
    """One batch. Answers how many were settled, and whether it is worth coming again at once."""
    claimed: list[Event] = []
    try:
        return _dispatch(owed, limit, claimed)
    except Overtaken:
        return 0, True
    except Exception:
        if not claimed:
            raise
        log.warning("dispatch.one_by_one", events=len(claimed), exc_info=True)
        return sum(_dispatch_alone(event) for event in claimed), True


@transaction.atomic(durable=True)
def _dispatch(owed: QuerySet[Event], limit: int, claimed: list[Event]) -> tuple[int, bool]:
    # SKIP LOCKED keeps rivals out of each other's way where the database has it. The UPDATE decides.
    found = list(owed.order_by("id").select_for_update(skip_locked=True)[:limit])
    events, behind_rivals = _in_line(found)
    if events:
        claimed += events
        _mark(events)
        fanout.deliveries_create(events)
        _handle(events)
    return len(events), behind_rivals or len(found) == limit


def _mark(events: Sequence[Event]) -> None:
    free = Event.objects.filter(pk__in=[event.pk for event in events], dispatched_at=None)
    if free.update(dispatched_at=Now()) != len(events):
        raise Overtaken


def _handle(events: Sequence[Event]) -> None:
    """Each handler hears all of its events at once: what it asks the database does not grow with them."""
    heard: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        for path in settings.EVENT_HANDLERS.get(event.type, ()):
            heard[path].append(event)
    for path, its in heard.items():
        if handler := resolve(path):
            handler(its)


# -- the line of one resource --------------------------------------------------------------
def _in_line(events: Sequence[Event]) -> tuple[list[Event], bool]:
    """Those with no earlier event of their resource outside; and whether some wait for one that a rival holds.

    Who waits for an event that backs off backs off with it, so that no batch fills up with them.
    """
    ahead = _ahead(events)
    waiting = [
        (event, first) for event in events if (first := ahead.get(_line(event), event)).sequence < event.sequence
    ]
    behind = {event.pk for event, _ in waiting}
    late = [{"id": event.pk, "due_at": first.due_at} for event, first in waiting if first.backs_off]  # type: ignore[attr-defined]
    update_rows(Event, late, key=["id"], set=["due_at"], where="t.dispatched_at IS NULL")
    return [event for event in events if event.pk not in behind], len(late) < len(waiting)


def _ahead(events: Sequence[Event]) -> dict[tuple[str, str], Event]:
    """By line: the first owed event that is not among these."""
    followers = [event for event in events if event.sequence > 1]
    if not followers:
        return {}
    outside = Event.objects.filter(
        dispatched_at=None,
        resource__in={event.resource for event in followers},
        resource_id__in={event.resource_id for event in followers},
    ).exclude(pk__in=[event.pk for event in events])
    # By the database's clock, which set the back-off: this machine's may be wrong.
    timed = outside.annotate(backs_off=ExpressionWrapper(Q(due_at__gt=Now()), BooleanField()))
    latest_first = timed.order_by("-sequence").only("resource", "resource_id", "sequence", "due_at")
    return {_line(event): event for event in latest_first}


def _line(event: Event) -> tuple[str, str]:
    return event.resource, event.resource_id


# -- failures ------------------------------------------------------------------------------
def _dispatch_alone(event: Event) -> int:
    """In a transaction of its own, so that it fails alone."""
    try:
        return _dispatch(Event.objects.filter(pk=event.pk, dispatched_at=None, due_at__lte=Now()), 1, [])[0]
    except Overtaken:
        return 0
    except Exception as error:
        return _fail(event, error)


@transaction.atomic(durable=True)
def _fail(event: Event, error: Exception) -> int:
    """Backs off; after the last attempt tells the listeners without the handlers, keeping the error."""
    attempts = event.attempts + 1
    mine = Event.objects.filter(pk=event.pk, dispatched_at=None, attempts=event.attempts)
    if attempts < MOST_ATTEMPTS:
        backoff = min(FIRST_BACKOFF * 2**event.attempts, LONGEST_BACKOFF)
        mine.update(attempts=attempts, error=repr(error), due_at=Now() + backoff)
        log.warning("dispatch.failed", event_id=str(event.event_id), type=event.type, attempts=attempts, exc_info=error)
        return 0
    if mine.update(attempts=attempts, error=repr(error), failed_at=Now(), dispatched_at=Now()):
        fanout.deliveries_create([event])
        log.error("dispatch.given_up", event_id=str(event.event_id), type=event.type, attempts=attempts, exc_info=error)
    return 1
