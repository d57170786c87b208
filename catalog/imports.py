"""Imports: a JSON array read from a url, each element checked as a POST would be, all written or none.

An element may bring its `id`, so that references between elements hold; `href` and `lastUpdate` are ours, as ever.
An id that is held here already is brought up to date; an element without one is new. So what was exported
can be imported, here or elsewhere, and twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DataError, IntegrityError, transaction

from catalog.bulk import Written, batch_told, entries_write
from catalog.entries import completed
from catalog.job_claim import job_move
from catalog.job_files import JobFailed, fetched
from catalog.job_resources import place_of
from catalog.models import ImportJob
from catalog.resources import SERVICE_CATEGORY
from catalog.states import SUCCEEDED
from catalog.tree import below_themselves
from tmf import gate
from tmf.complaints import short
from tmf.errors import BadRequest, Invalid
from tmf.ids import new_id
from tmf.resources import Json, Resource
from tmf.validation import accepted_create

ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~:@!$&'()*+,;=-]{1,100}")  # what a path's segment may be, as it stands
OURS = frozenset({"id", "href"})
FAULTS_TOLD = 20
TRIES = 3  # when a rival makes an entry of the same id at the same time


@dataclass(frozen=True, slots=True)
class Record:
    """One element of the file: where it stands, its id (brought or new), and its completed document."""

    index: int
    id: str
    content: Json


def import_run(job: ImportJob) -> None:
    """Raises JobFailed with nothing written, ClaimLost."""
    resource = place_of(job.path).resource
    records = checked(resource, _elements(fetched(job)))
    for left in reversed(range(TRIES)):
        try:
            return _apply(job, resource, records)
        except IntegrityError:
            if not left:
                raise
        except DataError:
            raise JobFailed("a value is too long, or not one that can be stored") from None
    return None


def checked(resource: Resource, elements: list[Any]) -> list[Record]:
    """Raises JobFailed that names the records at fault."""
    records: list[Record] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for index, element in enumerate(elements):
        try:
            records.append(_record(resource, index, element, seen))
        except BadRequest as error:
            faults.append(f"{_named(index, element)}: {error.message}")
            if len(faults) == FAULTS_TOLD:
                break
    if faults:
        raise JobFailed("\n".join(faults))
    return records


def _elements(raw: bytes) -> list[Any]:
    try:
        found = gate.loads(raw)
    except BadRequest as error:
        raise JobFailed(f"the file cannot be read: {error.message}") from None
    if not isinstance(found, list):
        raise JobFailed("the file must hold a JSON array")
    if len(found) > settings.ENV.JOB_MAX_RECORDS:
        raise JobFailed(f"the file holds {len(found)} records; {settings.ENV.JOB_MAX_RECORDS} are the most")
    return found


def _record(resource: Resource, index: int, element: Any, seen: dict[str, int]) -> Record:
    content = {n: v for n, v in element.items() if n not in OURS} if isinstance(element, dict) else element
    content = accepted_create(resource, content)
    identifier = _identifier(element)
    if (first := seen.setdefault(identifier, index)) != index:
        raise Invalid(f"record [{first}] has the same", path="id")
    return Record(index, identifier, completed(resource, content))


def _identifier(element: Json) -> str:
    if "id" not in element:
        return new_id()
    identifier = element["id"]
    if not isinstance(identifier, str) or not ID.fullmatch(identifier):
        raise Invalid("must be 1 to 100 letters, digits or -._~:@!$&'()*+,;=", path="id")
    return identifier


def _named(index: int, element: Any) -> str:
    """`record [3] (id 42, name Broadband)`."""
    known = element if isinstance(element, dict) else {}
    words = [f"{name} {short(str(known[name]))}" for name in ("id", "name") if name in known]
    return f"record [{index}]" + (f" ({', '.join(words)})" if words else "")


@transaction.atomic(durable=True)
def _apply(job: ImportJob, resource: Resource, records: list[Record]) -> None:
    """Everything, its event and the end of the job; the job's row is locked first, so that no rival applies it too."""
    job_move(job, SUCCEEDED)
    written = entries_write(resource, [(record.id, record.content) for record in records])
    if resource is SERVICE_CATEGORY:
        _check_tree(records, written)
    if written:
        batch_told(job, resource, written)


def _check_tree(records: list[Record], written: Written) -> None:
    wrong = below_themselves(written.ids)
    if faults := [*_circular(records, wrong)]:
        raise JobFailed("\n".join(faults[:FAULTS_TOLD]))


def _circular(records: list[Record], wrong: set[str]) -> Iterator[str]:
    for record in records:
        if record.id in wrong:
            shown = {"id": record.id, **record.content}
            yield f"{_named(record.index, shown)}: parentId: the category would stand below itself"
