"""Workers and sweepers: who they are, that they live, and when they shall stop."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from django.db import DatabaseError, connections
from django.db.models.functions import Now
from structlog import get_logger

from tmf.models import Process

BEAT_SECONDS = 3.0
FRESH = timedelta(seconds=10)  # who was seen within this time is alive
FORGOTTEN = timedelta(hours=1)  # rows of processes that died without a word

# Set when this process has been told to end: loops finish what is under way and claim no more.
stopping = threading.Event()

log = get_logger(__name__)


def own_id() -> str:
    """This process's name, new with every start: what it writes into the rows that it claims."""
    return _id_of(os.getpid())


@lru_cache(maxsize=4)
def _id_of(pid: int) -> str:
    return f"{socket.gethostname()[:60]}-{pid}-{secrets.token_hex(4)}"


def is_alive(kind: str) -> bool:
    """Whether a process of this kind (worker, sweeper) has been seen within the last seconds."""
    return Process.objects.filter(kind=kind, seen_at__gt=Now() - FRESH).exists()


@contextmanager
def alive(kind: str) -> Iterator[None]:
    """Keeps this process's liveness row fresh, and removes it at the end."""
    ended = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(kind, ended), name="liveness", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(BEAT_SECONDS)


def _beat_until(kind: str, ended: threading.Event) -> None:
    with _outage_survived():
        Process.objects.filter(seen_at__lt=Now() - FORGOTTEN).delete()
    while not ended.wait(_beat(kind)):
        pass
    with _outage_survived():
        Process.objects.filter(pk=own_id()).delete()
    connections.close_all()


def _beat(kind: str) -> float:
    """Answers after how many seconds the next is due."""
    with _outage_survived():
        row = Process(id=own_id(), kind=kind, seen_at=Now())
        Process.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=["seen_at"])
    return BEAT_SECONDS


@contextmanager
def _outage_survived() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        log.warning("process.liveness_not_written", error=repr(error))
        connections.close_all()
