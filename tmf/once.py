"""Idempotent POSTs: who sends an Idempotency-Key gets one resource and one answer, however often it is sent.

The key's row is the first thing that the creating transaction writes, the answer the last. So a rival with
the same key waits at the row until the first has committed, and reads its answer; what fails leaves no key,
and may be sent again. A repeat costs two statements, and so does the key of a first request.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import HttpResponse

from tmf.actors import Actor
from tmf.errors import BadRequest, KeyReused, LostRace, TmfError
from tmf.models import IdempotencyKey
from tmf.renderers import CONTENT_TYPE

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("Location", "ETag")
KEY = re.compile(r"[!-~]{1,255}")
FORGOTTEN_AT_ONCE = 1000
GATHER_SECONDS = 60  # what has lapsed is deleted in portions, not one by one

TAKE = f"""
    INSERT INTO {IdempotencyKey._meta.db_table} (client, key, digest) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""  # noqa: S608 (the name is the model's own)

_joined: ContextVar[bool] = ContextVar("joined", default=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """A client's key, and the digest of what it was sent with."""

    client: str
    key: str
    digest: str


class _Repeated(Exception):
    """Somebody has used the key before."""


@contextmanager
def creation() -> Iterator[None]:
    """The transaction of a verb that answers a POST: the outermost, save within the one that a key has opened."""
    joined = _joined.get()
    with transaction.atomic(durable=not joined, savepoint=not joined):
        yield


def answer(
    header: str | None, *, actor: Actor, path: str, document: Any, make: Callable[[], HttpResponse]
) -> HttpResponse:
    """What `make` answers, or answered when the key came first. Without a key there is nothing to it.

    `make` writes in `creation` only. Raises BadRequest for a key that is none, KeyReused when it came with
    something else before.
    """
    if header is None:
        return make()
    claim = _claim(header, actor, path, document)
    try:
        return _first_time(claim, make)
    except _Repeated:
        return _again(claim)
    except TmfError:
        # Whatever is wrong with a repeat now, its first answer stands.
        if IdempotencyKey.objects.filter(client=claim.client, key=claim.key).exists():
            return _again(claim)
        raise


def _claim(header: str, actor: Actor, path: str, document: Any) -> Claim:
    if not KEY.fullmatch(header):
        raise BadRequest("must be 1 to 255 printable ASCII characters without blanks", path=HEADER)
    meant = json.dumps([actor.party, path, document], sort_keys=True)
    return Claim(actor.client, header, hashlib.sha256(meant.encode()).hexdigest())


def _first_time(claim: Claim, make: Callable[[], HttpResponse]) -> HttpResponse:
    token = _joined.set(True)
    try:
        with transaction.atomic(durable=True):
            _take(claim)
            response = make()
            _keep(claim, response)
        return response
    finally:
        _joined.reset(token)


def _take(claim: Claim) -> None:
    """Raises _Repeated when the key is taken; waits for whoever is about to take it."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [claim.client, claim.key, claim.digest])
        if cursor.rowcount != 1:
            raise _Repeated


def _keep(claim: Claim, response: HttpResponse) -> None:
    IdempotencyKey.objects.filter(client=claim.client, key=claim.key).update(
        status=response.status_code,
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
        body=response.content.decode(),
    )


def _again(claim: Claim) -> HttpResponse:
    """The first answer. Raises KeyReused; LostRace when the key has lapsed at this very moment."""
    found = IdempotencyKey.objects.filter(client=claim.client, key=claim.key).first()
    if found is None:
        raise LostRace("the key has just lapsed; send the request again")
    if found.digest != claim.digest:
        raise KeyReused("the key came with another body, or to another address, before", path=HEADER)
    headers = {**(found.headers or {}), REPLAYED: "true"}
    return HttpResponse(found.body.encode(), status=found.status, content_type=CONTENT_TYPE, headers=headers)


def keys_forget(patience: float = 0.0) -> int:
    """Deletes the keys that are older than IDEMPOTENCY_KEEP_SECONDS. Answers how many."""
    keep = timedelta(seconds=settings.ENV.IDEMPOTENCY_KEEP_SECONDS)
    lapsed = IdempotencyKey.objects.filter(created_at__lt=Now() - keep)
    if not IdempotencyKey.objects.filter(created_at__lt=Now() - keep - timedelta(seconds=GATHER_SECONDS)).exists():
        return 0
    forgotten = 0
    while portion := [*lapsed.order_by("created_at").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]]:
        forgotten += IdempotencyKey.objects.filter(pk__in=portion).delete()[0]
    return forgotten
