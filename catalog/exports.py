"""Exports: the resources at a job's path that match its query, as a JSON array, posted to its url."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from catalog import packing
from catalog.job_claim import job_move, renew
from catalog.job_files import JobFailed, sent
from catalog.job_resources import place_of
from catalog.models import ExportJob
from catalog.states import SUCCEEDED
from tmf import query
from tmf.errors import BadRequest
from tmf.renderers import encoded
from tmf.resources import Resource

READ_AT_ONCE = 500


def selection(job: ExportJob) -> tuple[Resource, QuerySet[Any], str | None]:
    """The resource, the rows asked for and not yet read, and the fields. Raises Invalid, BadRequest."""
    place = place_of(job.path)
    rows = place.resource.model.objects.get_queryset()
    if place.member:
        rows = rows.filter(pk=place.member)
    return place.resource, *query.everything(place.resource, rows, job.query or "")


def export_run(job: ExportJob) -> None:
    """Raises JobFailed with nothing sent, or not accepted; ClaimLost.

    A process that dies between the sending and the end of the job leaves it to another, who sends it again:
    the receiver knows it by its Idempotency-Key.
    """
    content = _packed(job)
    renew(job)
    sent(job, content)
    with transaction.atomic(durable=True):
        job_move(job, SUCCEEDED)


def _packed(job: ExportJob) -> bytes:
    try:
        resource, rows, fields = selection(job)
        pieces = _pieces(resource, rows, fields)
        name = f"{resource.name}.json"
        return packing.packed(pieces, packing.suffix_of(job.url), name, settings.ENV.JOB_MAX_BYTES)
    except packing.Unpackable as fault:
        raise JobFailed(str(fault)) from None
    except BadRequest as error:
        raise JobFailed(f"query: {error.message}") from None


def _pieces(resource: Resource, rows: QuerySet[Any], fields: str | None) -> Iterator[bytes]:
    """The array's text, read from the database in portions."""
    before = b"["
    for row in rows.iterator(chunk_size=READ_AT_ONCE):
        yield before + encoded(query.select(resource.represent(row, settings.PUBLIC_URL), fields))
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"
