"""Nudges: hints to the workers that something is due. Losing one costs latency, never work.

The caller never waits and never fails: a daemon thread of the process talks to the broker. The first nudge of
a kind is sent at once; those that follow are gathered, the longer the faster they come, since a busy worker
gains nothing from being told so again. While the broker cannot be reached they are dropped: the sweepers find the rows.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from functools import partial

from celery import Celery
from celery.app import app_or_default
from django.conf import settings
from django.db import transaction
from kombu import Connection
from structlog import get_logger

GATHER_SECONDS = 0.005  # nudges of one kind within this time become one message,
LONGEST_GATHER_SECONDS = 0.1  # and within up to this time while they keep coming
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 5.0
MOST_WAITING = 1000  # messages in the queue beyond which more hints help nobody
COUNT_SECONDS = 1.0  # how often the queue is counted

log = get_logger(__name__)


def nudge(kind: str) -> None:
    """Something of this kind (a key of settings.NUDGES) is due now. Never blocks, never raises."""
    if waiting := _wakes.get(kind):
        waiting.set()
    if settings.BROKER_URL is not None:
        _publisher().nudge(kind)


def nudge_on_commit(kind: str) -> None:
    transaction.on_commit(partial(nudge, kind), robust=True)


def wake_on(kind: str) -> threading.Event:
    """An event that every nudge of this kind in this very process sets, broker or not."""
    return _wakes.setdefault(kind, threading.Event())


def forget_wakes() -> None:
    _wakes.clear()


class Publisher:
    """The process's thread that sends. It starts with the first nudge."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._lock = threading.Lock()
        self._stir = threading.Event()
        self._thread: threading.Thread | None = None

    def nudge(self, kind: str) -> None:
        with self._lock:
            self._kinds.add(kind)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
                self._thread.start()
        self._stir.set()

    def _run(self) -> None:
        pause = FIRST_BACKOFF_SECONDS
        while True:
            started = time.monotonic()
            try:
                self._serve()
            except Exception as error:  # whatever it was: without its thread the process never nudges again
                held = time.monotonic() - started > LONGEST_BACKOFF_SECONDS
                pause = FIRST_BACKOFF_SECONDS if held else min(pause * 2, LONGEST_BACKOFF_SECONDS)
                log.warning("nudges.broker_unreachable", error=repr(error), pause=pause)
                time.sleep(pause)
                self._take()

    def _serve(self) -> None:
        """Sends over one connection for as long as it holds."""
        self._stir.wait(self._until_free())
        app = app_or_default()
        with app.connection_for_write() as connection:
            line = Line(app, connection)
            while True:
                self._stir.wait(self._until_free())
                for kind in self._take():
                    line.send(kind)

    def _take(self) -> list[str]:
        """Those whose time has come; the others stay."""
        with self._lock:
            self._stir.clear()
            taken = [kind for kind in self._kinds if self._paces[kind].wait() <= 0]
            self._kinds.difference_update(taken)
        for kind in taken:
            self._paces[kind].go()
        return taken

    def _until_free(self) -> float | None:
        """Seconds until one of the nudges that are kept back may go; None when there is none."""
        with self._lock:
            return max(0.0, min(self._paces[kind].wait() for kind in self._kinds)) if self._kinds else None


class Pace:
    """When the next nudge of one kind may be sent: later and later while they keep coming."""

    def __init__(self) -> None:
        self._gap = GATHER_SECONDS
        self._free_at = float("-inf")

    def wait(self) -> float:
        """Seconds from now; none or less than none when it may go."""
        return self._free_at - time.monotonic()

    def go(self) -> None:
        rested = -self.wait() > self._gap
        self._gap = GATHER_SECONDS if rested else min(2 * self._gap, LONGEST_GATHER_SECONDS)
        self._free_at = time.monotonic() + self._gap


class Line:
    """One connection to the broker."""

    def __init__(self, app: Celery, connection: Connection) -> None:
        self._app = app
        self._connection = connection
        self._count_at = 0.0
        self._crowded = False

    def send(self, kind: str) -> None:
        if not self._full():
            self._app.send_task(settings.NUDGES[kind], ignore_result=True, connection=self._connection)

    def _full(self) -> bool:
        """Whether nobody has read for long: without workers the queue must not grow for ever."""
        if time.monotonic() >= self._count_at:
            self._count_at = time.monotonic() + COUNT_SECONDS
            self._crowded = self._waiting() > MOST_WAITING
        return self._crowded

    def _waiting(self) -> int:
        queue = self._app.amqp.queues[self._app.conf.task_default_queue]
        declared = queue(self._connection.default_channel).queue_declare()
        return int(getattr(declared, "message_count", 0))


_wakes: dict[str, threading.Event] = {}
_publishers: dict[int, Publisher] = {}


def _publisher() -> Publisher:
    """This process's own: a thread does not survive a fork."""
    return _publishers.get(os.getpid()) or _publishers.setdefault(os.getpid(), Publisher())
