"""A process of its own that lets something happen every 0.1 s and prints after how many ms it was dispatched.

python -m tests.tmf.chatter EVENTS [CALLBACK …]
"""

from __future__ import annotations

import sys
import time

import django
from django.db import transaction

django.setup()

from tests.tmf.things import THING, thing  # noqa: E402
from tmf import outbox  # noqa: E402
from tmf.models import Event, Subscription  # noqa: E402


def main(events: int, *callbacks: str) -> None:
    for callback in callbacks:
        Subscription.objects.create(api="ordering", callback=callback)
    for n in range(events):
        with transaction.atomic():
            outbox.record(THING, thing(f"{time.time_ns()}"), "ThingCreateEvent")
        time.sleep(0.1)
        done = Event.objects.exclude(dispatched_at=None).order_by("-id")[:1]
        for event in done:
            assert event.dispatched_at
            waited = (event.dispatched_at - event.occurred_at).total_seconds() * 1000
            print(f"event {n} owed {Event.objects.filter(dispatched_at=None).count()} ms {waited:.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
