"""The pump: claim a batch, call the targets concurrently, settle what has finished, claim again.

One loop used three ways: in the Celery task `drive`, in a sweeper when there is no broker, in the embedded mode.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from orchestrator.bulkheads import Bulkheads, bulkheads
from orchestrator.calls import Failure, Outcome
from orchestrator.claim import Claimed, claim_due, claim_expired
from orchestrator.models import Fallout, Step
from orchestrator.settle import settle
from tmf import processes
from tmf.batch import update_rows
from tmf.nudges import nudge

log = structlog.get_logger(__name__)
LOOK_SECONDS = 0.05  # how often a pump that waits for slow targets looks for other work
EXPIRED_SECONDS = 1.0  # how often it looks for steps whose owner is gone
LONGEST_PAUSE_SECONDS = 2.0  # between two attempts to write outcomes into a database that is away

_one_pump = threading.Lock()


def drive_due(patience: float = 0.0) -> int:
    """Drives the steps due for longer than `patience` seconds until none is left; how many it settled.

    A process runs one pump: a second call returns at once, since the running one claims everything due.
    """
    if not _one_pump.acquire(blocking=False):
        return 0
    try:
        return Pump(bulkheads(), patience).run()
    finally:
        _one_pump.release()


class Pump:
    def __init__(self, calls: Bulkheads, patience: float) -> None:
        self._calls = calls
        self._patience = patience
        self._looked_for_expired = float("-inf")
        self._renewed = time.monotonic()

    def run(self) -> int:
        settled, busy = 0, True
        while busy:
            claimed = self._despite_outage(self._claim)
            outcomes = self._calls.finished(LOOK_SECONDS if self._calls.held and not claimed else 0.0)
            outcomes += self._calls.stuck()
            if outcomes:
                settled += _settle(outcomes)
                self._calls.release(outcomes)
            self._despite_outage(self._renew)
            busy = bool(claimed or outcomes or self._calls.held)
        return settled

    def _despite_outage(self, act: Callable[[], int]) -> int:
        """What the calls under way bring is to be written, whenever the database is back; without any it raises."""
        try:
            return act()
        except (OperationalError, InterfaceError) as error:
            if not self._calls.held:
                raise
            log.warning("drive.database_failed", error=str(error).split("\n")[0], under_way=len(self._calls.held))
            close_old_connections()
            return 0

    def _claim(self) -> int:
        """Claims and starts what is due and can be called now."""
        if processes.stopping.is_set():
            return 0
        room, closed = settings.ENV.CLAIM_BATCH, sorted(self._calls.closed())
        won = self._start(lambda: claim_due(room, without=closed, patience=self._patience))
        if won == room:  # there is more than one batch: others may help
            nudge("drive")
        if time.monotonic() - self._looked_for_expired > EXPIRED_SECONDS:
            self._looked_for_expired = time.monotonic()
            won += self._start(lambda: claim_expired(room, without=closed))
        return won

    def _start(self, claim: Callable[[], list[Claimed]]) -> int:
        """Their leases are reckoned from before the claim: the database's clock began them later."""
        began = time.monotonic()
        won = claim()
        for claimed in won:
            self._calls.start(claimed, began + claimed.timeout + settings.ENV.LEASE_MARGIN_SECONDS)
        return len(won)

    def _renew(self) -> int:
        """Holds the claims of calls that are under way, or wait for a thread of their target; how many."""
        margin, began = settings.ENV.LEASE_MARGIN_SECONDS, time.monotonic()
        if began - self._renewed < margin / 3:
            return 0
        held = [*self._calls.held.values()]
        rows = [_lease(each.claimed, margin) for each in held]
        kept = {*update_rows(Step, rows, key=["id", "fence"], later=["lease_until"], where="t.state = 'running'")}
        for each in held:
            each.rounds += each.called
            if (each.claimed.id, each.claimed.fence) in kept:
                each.until = began + each.claimed.timeout + margin
        self._renewed = began
        return len(kept)


def _lease(claimed: Claimed, margin: float) -> dict[str, Any]:
    return {"id": claimed.id, "fence": claimed.fence, "lease_until": claimed.timeout + margin}


def _settle(outcomes: list[Outcome]) -> int:
    """Settles them together; when that fails, each by itself, so that one poisonous outcome harms no other."""
    try:
        return _patiently(outcomes)
    except Exception as error:
        if len(outcomes) > 1:
            return sum(_settle([one]) for one in outcomes)
        log.exception("settle.failed", order=outcomes[0].claimed.order_id, step=outcomes[0].claimed.key)
        return _as_fallout(outcomes[0], error)


def _patiently(outcomes: list[Outcome]) -> int:
    """Again after a deadlock at once, through an outage with growing pauses: the targets have done their work.

    A process that is told to end meanwhile leaves them to whoever finds their leases run out.
    """
    pause = 0.01
    while True:
        try:
            return settle(outcomes)
        except (OperationalError, InterfaceError) as error:
            log.warning("settle.again", error=str(error).split("\n")[0], outcomes=len(outcomes))
            close_old_connections()
            if processes.stopping.wait(pause):
                return 0
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _as_fallout(outcome: Outcome, error: Exception) -> int:
    """The call is made but its outcome cannot be written: a person sees that, instead of a loop."""
    if outcome.failure and outcome.failure.code == "settle":
        return 0
    message = f"the outcome could not be recorded: {type(error).__name__}: {error}"
    failure = Failure(Fallout.Category.BUG, "settle", message, in_doubt=True)
    return _settle([Outcome(outcome.claimed, failure=failure)])
