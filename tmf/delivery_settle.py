"""What became of notifications, written for many at once: delivered, owed again, or given up."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from structlog import get_logger

from tmf.batch import update_rows
from tmf.delivery_claim import BREAKER_AFTER, Claimed
from tmf.models import Delivery, Subscription

FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 600.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0
# However old a notification is, it is tried this often before it is given up: a listener that was only
# away while we were away too shall not lose its backlog to one failure.
FEWEST_ATTEMPTS = 5
GONE = 410

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one notification ended: the HTTP status, if there was one, or why there was none."""

    claimed: Claimed
    status: int | None = None
    error: str = ""
    retry_after: float = 0.0

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        return self.status == GONE


@transaction.atomic(durable=True)
def settle(outcomes: Sequence[Outcome]) -> int:
    """Writes the outcomes of claims that are still ours. Answers how many those were."""
    # Listeners before deliveries, in one order everywhere: two processes that settle cannot deadlock.
    for listener_id, own in groupby(sorted(outcomes, key=_listener_id), key=_listener_id):
        _settle_listener(listener_id, [*own])
    rows = [_row(outcome) for outcome in outcomes]
    kept = update_rows(Delivery, rows, key=["id", "fence"], set=WRITTEN, where="t.state = 'pending'")
    _hold_lines([row | {"claimed": o.claimed} for row, o in zip(rows, outcomes, strict=True) if not o.delivered])
    _tell(outcomes, {pk for pk, _ in kept})
    return len(kept)


WRITTEN = ("state", "attempts", "due_at", "delivered_at", "status", "error", "claim", "lease_until")
Row = dict[str, object]


def _row(outcome: Outcome) -> Row:
    delivery, now = outcome.claimed.delivery, outcome.claimed.now()
    state = _state(outcome, now)
    return {
        "id": delivery.pk,
        "fence": delivery.fence,
        "state": state,
        "attempts": delivery.attempts + 1,
        "due_at": _due_at(outcome, now) if state == Delivery.State.PENDING else delivery.due_at,
        "delivered_at": now if outcome.delivered else None,
        "status": outcome.status,
        "error": outcome.error,
        "claim": "",
        "lease_until": None,
    }


def _state(outcome: Outcome, now: datetime) -> str:
    delivery = outcome.claimed.delivery
    if outcome.delivered:
        return Delivery.State.DELIVERED
    too_old = delivery.created_at + _give_up_after() <= now
    if outcome.gone or (too_old and delivery.attempts + 1 >= FEWEST_ATTEMPTS):
        return Delivery.State.DEAD
    return Delivery.State.PENDING


def _due_at(outcome: Outcome, now: datetime) -> datetime:
    retry_after = min(outcome.retry_after, LONGEST_RETRY_AFTER_SECONDS)
    return now + max(_backoff(outcome.claimed.delivery.attempts), timedelta(seconds=retry_after))


def _backoff(failures: int) -> timedelta:
    """Doubles with each failure; jitter spreads those that failed together."""
    seconds = min(FIRST_BACKOFF_SECONDS * 2 ** min(failures, 30), LONGEST_BACKOFF_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))


def _give_up_after() -> timedelta:
    return timedelta(seconds=settings.ENV.DELIVERY_GIVE_UP_SECONDS)


def _hold_lines(failed: Iterable[Row]) -> None:
    """Who stands behind a failed notification waits as long: no window fills up with those who cannot go."""
    for row in failed:
        if row["state"] == Delivery.State.PENDING:
            delivery: Delivery = row["claimed"].delivery  # type: ignore[attr-defined]
            Delivery.objects.filter(
                subscription_id=delivery.subscription_id, resource=delivery.resource,
                resource_id=delivery.resource_id, sequence__gt=delivery.sequence,
                state=Delivery.State.PENDING, due_at__lt=row["due_at"],
            ).update(due_at=row["due_at"])  # fmt: skip


# -- the listener: breaker, end ------------------------------------------------------------
def _listener_id(outcome: Outcome) -> str:
    return outcome.claimed.listener.pk


def _settle_listener(listener_id: str, outcomes: Sequence[Outcome]) -> None:
    listener = Subscription.objects.filter(pk=listener_id)
    if any(outcome.gone for outcome in outcomes):
        listener.update(state=Subscription.State.DISABLED, resume_at=None)
        _bury(listener_id, "the listener answered 410 Gone")
    elif any(outcome.delivered for outcome in outcomes):
        if any(outcome.claimed.listener.failures for outcome in outcomes):
            listener.update(failures=0, resume_at=None)
    else:
        _trip(listener_id, outcomes)


def _trip(listener_id: str, outcomes: Sequence[Outcome]) -> None:
    """Nothing but failures: counts them, and beyond the limit leaves the listener alone for a while."""
    failures = max(outcome.claimed.listener.failures for outcome in outcomes) + len(outcomes)
    resume_at = Now() + _backoff(failures - BREAKER_AFTER) if failures >= BREAKER_AFTER else None
    Subscription.objects.filter(pk=listener_id).update(failures=F("failures") + len(outcomes), resume_at=resume_at)
    if failures >= 2 * BREAKER_AFTER:
        _bury(listener_id, "the listener failed for too long", older_than=_give_up_after())


def _bury(listener_id: str, why: str, *, older_than: timedelta = timedelta(0)) -> None:
    """What is owed to a listener that is dead. Nobody tries those one by one any more."""
    owed = Delivery.objects.filter(subscription_id=listener_id, state=Delivery.State.PENDING, lease_until=None)
    if dead := owed.filter(created_at__lt=Now() - older_than).update(state=Delivery.State.DEAD, error=why):
        log.error("delivery.dead_letters", subscription=listener_id, count=dead, why=why)


def _tell(outcomes: Sequence[Outcome], kept: set[int]) -> None:
    for outcome in outcomes:
        delivery = outcome.claimed.delivery
        about = {"delivery": delivery.pk, "subscription": delivery.subscription_id, "status": outcome.status}
        if delivery.pk not in kept:
            log.warning("delivery.claim_lost", **about)
        elif not outcome.delivered:
            log.warning("delivery.failed", **about, attempts=delivery.attempts + 1, error=outcome.error)
