"""Claims of deliveries: who sends what, by lease and fence, in line and with room for every listener.

A line is the deliveries of one resource to one listener; only its first may be claimed. Dispatch hands
the events of a resource on in order, so no earlier one can join a line later.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from tmf import processes
from tmf.models import Delivery, Event, Subscription

SLOTS = 8  # notifications under way to one listener, over all processes
BREAKER_AFTER = 5  # failures in a row after which one probe at a time is sent
WINDOW = 200  # due rows of a listener among which the heads of lines are sought

FREE = Q(lease_until=None) | Q(lease_until__lte=Now())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until its lease ends; `clock` was the database's time at `monotonic`."""

    delivery: Delivery
    clock: datetime
    monotonic: float

    @property
    def event(self) -> Event:
        return self.delivery.event

    @property
    def listener(self) -> Subscription:
        return self.delivery.subscription

    def now(self) -> datetime:
        """The database's time, near enough for a back-off."""
        return self.clock + timedelta(seconds=time.monotonic() - self.monotonic)


def is_owed(patience: float) -> bool:
    return _due(patience).exists()


@transaction.atomic(durable=True)
def claim(most: int, patience: float) -> list[Claimed]:
    """Claims up to `most` deliveries, shared fairly among the listeners that have some due."""
    found: list[int] = []
    lanes = _lanes(patience) if most else []
    share = max(1, most // max(1, len(lanes)))
    for listener, room in lanes:
        found += _heads(listener, min(room, share, most - len(found)), patience)
    return _claimed(_lease(found)) if found else []


def _lease(found: Sequence[int]) -> str:
    """Answers the token of this claim. Of two that found the same delivery, the second finds the first's lease."""
    token = f"{processes.own_id()}/{uuid4().hex[:12]}"
    lease = timedelta(seconds=settings.ENV.DELIVERY_TIMEOUT_SECONDS + settings.ENV.LEASE_MARGIN_SECONDS)
    Delivery.objects.filter(FREE, pk__in=found, state=Delivery.State.PENDING).update(
        fence=F("fence") + 1, claim=token, lease_until=Now() + lease
    )
    return token


def _claimed(token: str) -> list[Claimed]:
    mine = Delivery.objects.filter(claim=token, state=Delivery.State.PENDING).select_related("event", "subscription")
    started = time.monotonic()
    return [Claimed(each, each.clock, started) for each in mine.annotate(clock=Now()).order_by("id")]


def _lanes(patience: float) -> list[tuple[Subscription, int]]:
    """The listeners with something due, and how many more notifications each may have under way."""
    of_it: QuerySet[Delivery, Any] = Delivery.objects.filter(subscription=OuterRef("pk"), state=Delivery.State.PENDING)
    leased = of_it.filter(lease_until__gt=Now()).order_by().values("subscription").annotate(n=Count("*")).values("n")
    listeners = Subscription.objects.filter(
        Q(resume_at=None) | Q(resume_at__lte=Now()),
        Exists(_due(patience).filter(subscription=OuterRef("pk"))),
        state=Subscription.State.ACTIVE,
    ).annotate(under_way=Coalesce(Subquery(leased), 0))
    lanes = [(each, _slots(each) - each.under_way) for each in listeners]
    random.shuffle(lanes)  # when there is not enough for all, none is always last
    return [(listener, room) for listener, room in lanes if room > 0]


def _slots(listener: Subscription) -> int:
    return 1 if listener.failures >= BREAKER_AFTER else SLOTS


def _heads(listener: Subscription, most: int, patience: float) -> list[int]:
    """The first due deliveries that are the first of their lines."""
    window = _due(patience).filter(subscription=listener).order_by("due_at", "id").values("pk")[:WINDOW]
    earlier = Delivery.objects.filter(
        subscription=listener,
        resource=OuterRef("resource"),
        resource_id=OuterRef("resource_id"),
        sequence__lt=OuterRef("sequence"),
        state=Delivery.State.PENDING,
    )
    heads = Delivery.objects.filter(~Exists(earlier), pk__in=window).order_by("due_at", "id")
    # SKIP LOCKED: claimers that go through the listeners in different orders never wait for each other.
    return [*heads.select_for_update(skip_locked=True).values_list("pk", flat=True)[:most]]


def _due(patience: float) -> QuerySet[Delivery]:
    return Delivery.objects.filter(FREE, state=Delivery.State.PENDING, due_at__lte=Now() - timedelta(seconds=patience))
