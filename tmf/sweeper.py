"""The sweeper: does whatever is due, with or without a broker. Any number of them may run.

Every verb of settings.WORK has a thread of its own, so that one that takes long delays no other.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from structlog import get_logger

from tmf import processes
from tmf.nudges import wake_on
from tmf.wiring import resolve

HEAD_START_SECONDS = 0.3  # what has been nudged is left to the workers for so long, when there are any
ASK_SECONDS = 1.0  # how often it is asked whether there are workers
LONGEST_BACKOFF_SECONDS = 5.0
ENOUGH_ROUNDS = 10_000

log = get_logger(__name__)
Verb = Callable[[float], int]


def sweep_until_stopped() -> None:
    """Returns once `processes.stopping` is set and every verb has finished what was under way."""
    threads = [threading.Thread(target=Sweep(name, verb).run, name=name) for name, verb in _verbs().items()]
    for thread in threads:
        thread.start()
    processes.stopping.wait()
    for name in settings.WORK:
        wake_on(name).set()
    for thread in threads:
        thread.join()


def sweep_once() -> int:
    """Rounds of every verb until one finds nothing due. Answers how many rows were settled."""
    sweeps = [Sweep(name, verb) for name, verb in _verbs().items()]
    total = 0
    for _ in range(ENOUGH_ROUNDS):
        settled = sum(sweep.work(0.0) for sweep in sweeps)
        total += settled
        if not settled or processes.stopping.is_set():
            break
    return total


def _verbs() -> dict[str, Verb]:
    found = {name: resolve(path) for name, path in settings.WORK.items()}
    return {name: verb for name, verb in found.items() if verb}


class Sweep:
    """One verb, again and again. It survives whatever the verb raises."""

    def __init__(self, name: str, verb: Verb) -> None:
        self._name = name
        self._verb = verb
        self._failures = 0
        self._wake = wake_on(name)

    def run(self) -> None:
        while not processes.stopping.is_set():
            self._wake.clear()
            self.work(patience())
            self._wake.wait(self._pause())
        connections.close_all()

    def work(self, patience: float) -> int:
        """One call. Answers how many rows it settled; 0 when it failed."""
        close_old_connections()
        try:
            settled = self._verb(patience)
        except Exception as error:
            self._failures += 1
            self._tell(error)
            close_old_connections()  # a connection that an error has spoilt is not used again
            return 0
        self._failures = 0
        return settled

    def _pause(self) -> float:
        """Seconds until the next call; longer after failures. Jitter keeps sweepers out of step."""
        backoff = min(2.0**self._failures, LONGEST_BACKOFF_SECONDS / settings.ENV.SWEEP_SECONDS)
        return settings.ENV.SWEEP_SECONDS * max(1.0, backoff) * random.uniform(0.75, 1.25)

    def _tell(self, error: Exception) -> None:
        if isinstance(error, DatabaseError):
            log.warning("sweeper.database_failed", verb=self._name, failures=self._failures, error=repr(error))
        else:
            log.error("sweeper.verb_failed", verb=self._name, failures=self._failures, exc_info=error)


class _Workers:
    """Whether workers are alive, asked now and then."""

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        self._alive = False

    def alive(self) -> bool:
        if time.monotonic() - self._asked_at > ASK_SECONDS:
            self._asked_at = time.monotonic()
            self._alive = processes.is_alive("worker")
        return self._alive


_workers = _Workers()


def patience() -> float:
    """For how long work must have been due before a sweeper takes it."""
    if settings.BROKER_URL is None:
        return 0.0
    try:
        return HEAD_START_SECONDS if _workers.alive() else 0.0
    except DatabaseError:
        return 0.0  # the verb will say so
