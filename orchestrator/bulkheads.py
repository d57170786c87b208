"""Threads that call targets: each target has its own, so that one that hangs keeps no other from being called."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, SimpleQueue
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse

from orchestrator.callbacks import signature
from orchestrator.calls import Failure, Outcome, Route, perform
from orchestrator.claim import Claimed
from orchestrator.connectors.base import ConnectorError, System
from orchestrator.models import Fallout, Target
from orchestrator.targets import target_system
from tmf import processes

REFRESH_SECONDS = 1.0
NAMELESS_CONCURRENCY = 16  # calls under way that go to no target of ours: people's tasks, targets that are missing
NOBODY = System("", "")


@dataclass(frozen=True, slots=True)
class Reach:
    route: Route
    concurrency: int
    paused: bool


@dataclass(slots=True)
class Held:
    """A claim that this process holds, until a moment of its own clock that is never later than the database's."""

    claimed: Claimed
    until: float
    called: bool = False  # a call is under way
    rounds: int = 0  # renewals of the lease since it began

    @property
    def is_stuck(self) -> bool:
        """Whether its call should have ended long ago. Counted, not timed: a process may have stood still meanwhile."""
        if not (self.called and self.rounds):
            return False
        margin: float = settings.ENV.LEASE_MARGIN_SECONDS
        return self.rounds * margin / 3 > self.claimed.timeout + margin

    @property
    def is_long_enough(self) -> bool:
        """Whether a call that begins now ends within the lease."""
        return time.monotonic() + self.claimed.timeout <= self.until


class Bulkheads:
    """The calls under way in this process, by target."""

    def __init__(self) -> None:
        self._pools: dict[str, tuple[int, ThreadPoolExecutor]] = {}
        self._reaches: Mapping[str, Reach] = {}
        self._read_at = 0.0
        self._finished: SimpleQueue[Outcome] = SimpleQueue()
        self._counts: Counter[str] = Counter()
        self.held: dict[tuple[int, int], Held] = {}

    def start(self, claimed: Claimed, until: float) -> None:
        """Calls it in its target's threads; what calls nobody is finished at once.

        `until` is when its lease runs out, by the monotonic clock.
        """
        held = self.held[claimed.id, claimed.fence] = Held(claimed, until)
        self._counts[claimed.target] += 1
        reach = self._reach(claimed.target)
        if not claimed.connector:
            self._finished.put(perform(claimed, reach.route, ""))
        else:
            self._pool(claimed.target, reach.concurrency).submit(self._run, held, reach.route)

    def _run(self, held: Held, route: Route) -> None:
        """A process that stood still may own nothing any more: it calls nobody, since another has called already.

        One that shall end begins nothing: others do that.
        """
        claimed = held.claimed
        if processes.stopping.is_set():
            self._finished.put(_uncalled(claimed))
        elif not held.is_long_enough:
            self._finished.put(_too_late(claimed))
        else:
            held.called = True
            outcome = perform(claimed, route, callback_url(claimed))
            held.called = False
            self._finished.put(outcome)

    def finished(self, wait: float) -> list[Outcome]:
        """What has come to an end, waiting up to `wait` seconds for the first."""
        found: list[Outcome] = []
        try:
            found.append(self._finished.get(timeout=wait) if wait else self._finished.get_nowait())
            while len(found) < settings.ENV.CLAIM_BATCH:
                found.append(self._finished.get_nowait())
        except Empty:
            pass
        for outcome in found:
            self._counts[outcome.claimed.target] -= 1
        return found

    def stuck(self) -> list[Outcome]:
        """Those whose connector keeps no deadline. Their threads stay taken; what they bring at last is discarded."""
        return [_stuck(held.claimed) for held in self.held.values() if held.is_stuck]

    def release(self, outcomes: list[Outcome]) -> None:
        """They are settled: their claims need no more renewal."""
        for outcome in outcomes:
            self.held.pop((outcome.claimed.id, outcome.claimed.fence), None)

    def closed(self) -> set[str]:
        """Targets that get no further call now: paused, or with all their threads taken."""
        self._refresh()
        return {
            name for name, reach in self._reaches.items() if reach.paused or self._counts[name] >= reach.concurrency
        }

    def _pool(self, target: str, size: int) -> ThreadPoolExecutor:
        """Its threads; new ones when its concurrency was changed, while the old ones finish what they have."""
        made, pool = self._pools.get(target, (0, None))
        if pool is None or made != size:
            pool = ThreadPoolExecutor(size, thread_name_prefix=f"target-{target}")
            self._pools[target] = (size, pool)
        return pool

    def _reach(self, target: str) -> Reach:
        self._refresh()
        missing = f"there is no target {target!r}" if target else ""
        return self._reaches.get(target) or Reach(Route(NOBODY, fault=missing), NAMELESS_CONCURRENCY, False)

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            self._reaches = {target.name: _reach_of(target) for target in Target.objects.all()}
            self._read_at = time.monotonic()


def _too_late(claimed: Claimed) -> Outcome:
    message = "the lease left no time to call the target"
    category, again, doubt = Fallout.Category.TRANSIENT, True, claimed.in_doubt
    return Outcome(claimed, failure=Failure(category, "leaseTooShort", message, again, in_doubt=doubt))


def _uncalled(claimed: Claimed) -> Outcome:
    message = "the process was told to end before it called the target"
    category, doubt = Fallout.Category.TRANSIENT, claimed.in_doubt
    return Outcome(claimed, failure=Failure(category, "stopping", message, True, in_doubt=doubt, called=False))


def _stuck(claimed: Claimed) -> Outcome:
    message = "the connector did not come back within its deadline; the target may or may not have acted"
    return Outcome(claimed, failure=Failure(Fallout.Category.UNKNOWN_OUTCOME, "stuck", message, True, in_doubt=True))


def _reach_of(target: Target) -> Reach:
    paused = target.state != Target.State.OPEN
    try:
        route = Route(target_system(target), target.delivery)
    except ConnectorError as error:
        route = Route(NOBODY, target.delivery, fault=error.message)
    return Reach(route, target.concurrency, paused)


def callback_url(claimed: Claimed) -> str:
    """Where the target may POST its answer: signed, and good for this operation only."""
    key = claimed.operation_key
    return f"{settings.PUBLIC_URL}{_callback_root()}{quote(key)}/{quote(signature(key))}"


@lru_cache(maxsize=1)
def _callback_root() -> str:
    """The path before the operation; `reverse` for each call would cost as much as the rest of a step's request."""
    return reverse("callback", args=["0", "0"]).removesuffix("0/0")


_mine: dict[int, Bulkheads] = {}
_lock = threading.Lock()


def bulkheads() -> Bulkheads:
    """This process's own."""
    with _lock:
        return _mine.setdefault(os.getpid(), Bulkheads())
