"""Many entries of one kind written at once, and told of by one event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from catalog.entries import INSERTED, every_column
from catalog.events import event_of
from catalog.job_resources import IMPORT_JOB
from catalog.loading import comparable
from catalog.models import CatalogResource, ImportJob, ServiceCatalog
from catalog.resources import SERVICE_CATALOG
from tmf import outbox
from tmf.batch import update_rows
from tmf.inserts import insert_objects
from tmf.patching import differing
from tmf.resources import Json, Resource

AT_ONCE = 500

Documents = Sequence[tuple[str, Json]]  # ids and completed documents


@dataclass(frozen=True, slots=True)
class Written:
    """The ids of the entries that were made and of those that were changed."""

    made: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.made or self.changed)

    @property
    def ids(self) -> tuple[str, ...]:
        return self.made + self.changed


def entries_write(resource: Resource, documents: Documents) -> Written:
    """Makes entries, or brings those of the same id up to date; what is so already is left alone.

    Call it in a transaction. Raises IntegrityError when a rival makes one of the same id.
    """
    now = timezone.now()
    by_id = dict(documents)
    held: set[str] = set()
    changed: list[str] = []
    for rows in _held(resource, sorted(by_id)):
        held.update(row.pk for row in rows)
        differ = [row for row in rows if _differs(resource, row, by_id[row.pk])]
        _change(resource, [(row.pk, by_id[row.pk]) for row in differ], now)
        changed += [row.pk for row in differ]
    new = [(identifier, document) for identifier, document in documents if identifier not in held]
    _make(resource, new, now)
    return Written(tuple(identifier for identifier, _ in new), tuple(changed))


def batch_told(job: ImportJob, resource: Resource, written: Written) -> None:
    """One ServiceCatalogBatchEvent for all. Its catalogue is what was imported; its href leads to the job."""
    body = {
        "href": IMPORT_JOB.path(job.pk),
        "description": f"{len(written.made)} made, {len(written.changed)} changed, at {job.path}",
    }
    told = ServiceCatalog(
        id=job.pk, revision=1, name=f"Import of {resource.words} entries", last_update=timezone.now(), body=body
    )
    outbox.record(SERVICE_CATALOG, told, event_of(SERVICE_CATALOG, "Batch"))


def _held(resource: Resource, ids: Sequence[str]) -> Iterator[list[Any]]:
    """The rows that are here already, in portions and locked: whoever changes one waits, and then reads it again."""
    for start in range(0, len(ids), AT_ONCE):
        rows = resource.model.objects.select_for_update().filter(pk__in=ids[start : start + AT_ONCE])
        yield [*rows.order_by("pk")]


def _differs(resource: Resource, row: CatalogResource, document: Json) -> bool:
    return bool(differing(comparable(resource.represent(row)), comparable(document)))


def _change(resource: Resource, documents: Documents, now: datetime) -> None:
    rows = [
        {"id": identifier, "revision": 1, "last_update": now, **every_column(resource, document)}
        for identifier, document in documents
    ]
    written = [name for name in (rows[0] if rows else {}) if name not in ("id", "revision")]
    update_rows(resource.model, rows, key=["id"], set=written, add=["revision"], now=["updated_at"])


def _make(resource: Resource, documents: Documents, now: datetime) -> None:
    """Lists keep the file's order: each is a microsecond younger than the one before."""
    rows = [
        _row(resource, identifier, document, now + timedelta(microseconds=position))
        for position, (identifier, document) in enumerate(documents)
    ]
    names = every_column(resource, documents[0][1]).keys() if documents else ()
    insert_objects(rows, fields=list(dict.fromkeys([*INSERTED, "last_update", *names])))


def _row(resource: Resource, identifier: str, document: Json, moment: datetime) -> Any:
    fields = every_column(resource, document) | {"last_update": moment}
    return resource.model(id=identifier, created_at=moment, updated_at=moment, **fields)
