"""Delivery: owed notifications → listeners, at least once, in order per resource and listener.

Any number of processes may deliver. No transaction is open while a listener is called; a slow or dead
listener occupies its own slots and nobody else's.
"""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from structlog import get_logger

from tmf import outbound, processes
from tmf.delivery_claim import Claimed, claim, is_owed
from tmf.delivery_settle import Outcome, settle
from tmf.envelope import envelope, notification
from tmf.fanout import matcher

SENDERS = 128  # notifications that one process has under way
LOOK_SECONDS = 0.05  # how often a process that waits for slow listeners looks for other work
ANSWER_MAX_BYTES = 65_536  # what a listener answers is read no further, and ignored
SETTLE_ATTEMPTS = 5

log = get_logger(__name__)


def deliver_due(patience: float = 0.0) -> int:
    """Sends what has been due for `patience` seconds until nothing is. Answers how many were settled."""
    if not is_owed(patience):
        return 0
    with ThreadPoolExecutor(SENDERS, thread_name_prefix="deliver") as pool:
        return Courier(pool, patience).run()


class Courier:
    def __init__(self, pool: ThreadPoolExecutor, patience: float) -> None:
        self._pool = pool
        self._patience = patience
        self._under_way: set[Future[Outcome]] = set()

    def run(self) -> int:
        settled = 0
        while self._claim() or self._under_way:
            finished, self._under_way = wait(self._under_way, LOOK_SECONDS, FIRST_COMPLETED)
            if finished:
                settled += _settle_patiently([future.result() for future in finished])
        return settled

    def _claim(self) -> bool:
        if processes.stopping.is_set():
            return False
        try:
            claimed = claim(SENDERS - len(self._under_way), self._patience)
        except DatabaseError:
            if not self._under_way:
                raise
            log.warning("deliver.claim_failed", exc_info=True)  # first write down what is under way
            connections.close_all()
            return False
        self._under_way |= {self._pool.submit(send, each) for each in claimed}
        return bool(claimed)


def send(claimed: Claimed) -> Outcome:
    """One notification. Touches no database; any answer but 2xx is a failure, a redirect too."""
    try:
        response = outbound.send(
            "POST",
            claimed.listener.callback,
            json=_notification(claimed),
            timeout=settings.ENV.DELIVERY_TIMEOUT_SECONDS,
            max_bytes=ANSWER_MAX_BYTES,
        )
    except outbound.Broken as broken:
        return Outcome(claimed, status=broken.status, error=str(broken))
    except outbound.OutboundError as error:
        return Outcome(claimed, error=str(error))
    except Exception as error:
        log.exception("deliver.bug", delivery=claimed.delivery.pk)
        return Outcome(claimed, error=repr(error))
    return Outcome(claimed, response.status, *_failure(response))


def _failure(response: outbound.Response) -> tuple[str, float]:
    if 200 <= response.status < 300:
        return "", 0.0
    return f"answered {response.status}", _retry_after(response.headers.get("retry-after", ""))


def _notification(claimed: Claimed) -> dict[str, object]:
    listener = claimed.listener
    # What its version knows no form of is owed to no listener, unless the forms have changed since.
    shown = notification(claimed.event, listener.version, listener.base_url) or envelope(claimed.event)
    return matcher(listener.query).narrow(shown) if listener.query else shown


def _retry_after(text: str) -> float:
    """Seconds of a Retry-After header, either form (RFC 9110 section 10.2.3)."""
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - timezone.now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _settle_patiently(outcomes: list[Outcome]) -> int:
    """Again after a deadlock or an outage; at last the leases end and the notifications are sent again."""
    for attempt in range(SETTLE_ATTEMPTS):
        try:
            return settle(outcomes)
        except DatabaseError as error:
            log.warning("deliver.settle_again", error=repr(error), outcomes=len(outcomes))
            connections.close_all()
            time.sleep(0.05 * 4**attempt)
    return 0
