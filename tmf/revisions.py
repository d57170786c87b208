"""Changes without locks: a row is written only as long as nobody changed it since it was read."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models.functions import Now

from tmf.errors import LostRace
from tmf.models import StoredResource

TRIES = 5

T = TypeVar("T")


def advance(row: StoredResource, *, by: int = 1, **fields: Any) -> None:
    """Writes fields and raises the revision by the number of events that tell of it.

    Raises LostRace, with nothing written, when the row's revision is no longer the one that was read.
    """
    values = {**fields, "revision": row.revision + by}
    same = type(row).objects.filter(pk=row.pk, revision=row.revision)
    if not same.update(**values, updated_at=Now()):
        raise LostRace
    for name, value in values.items():
        setattr(row, name, value)


def remove(row: StoredResource) -> None:
    """Deletes the row and what hangs on it; its revision is raised for the event that tells of it.

    Call it in a transaction. Raises LostRace, with nothing deleted, when the row is not as it was read.
    """
    advance(row)
    type(row).objects.filter(pk=row.pk).delete()


def retrying(attempt: Callable[[], T]) -> T:
    """What the attempt gives, begun again when it lost a race; LostRace (409) once it has lost too many."""
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except LostRace:
            continue
    return attempt()
