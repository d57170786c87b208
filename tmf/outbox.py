"""The outbox: an event row in the transaction of its change. The nudge on commit is only a hint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from structlog.contextvars import get_contextvars

from tmf.inserts import insert_objects
from tmf.models import Event, StoredResource
from tmf.nudges import nudge_on_commit
from tmf.resources import Json, Resource

FIELDS = (
    "event_id", "api", "type", "resource", "resource_id", "sequence",
    "party", "public", "payload", "aside", "field_path", "correlation_id", "traceparent",
)  # fmt: skip


class OutsideTransaction(RuntimeError):
    """An event was recorded where it could outlive, or be outlived by, its change."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened to one row: its event types, in the order in which listeners shall hear them.

    The row's `revision` has been raised by the number of types; its creation is revision 1 with one type.
    `aside` is for the forms of the API's other versions, beside what the resource tells them itself.
    """

    resource: Resource
    row: StoredResource
    types: tuple[str, ...]
    field_path: str = ""
    correlation_id: str = ""
    aside: Json = field(default_factory=dict)


def record(
    resource: Resource,
    row: StoredResource,
    *types: str,
    field_path: str = "",
    correlation_id: str = "",
    aside: Json | None = None,
) -> None:
    """One row's events. Raises OutsideTransaction, and ValueError for a type the resource does not declare."""
    record_many([Notice(resource, row, types, field_path, correlation_id, aside or {})])


def record_many(notices: Sequence[Notice]) -> None:
    """The events of many rows, in one INSERT; each carries its row's representation as it is now."""
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction("an event belongs into the transaction of its change")
    if events := [event for notice in notices for event in _events(notice)]:
        insert_objects(events, fields=FIELDS)
        nudge_on_commit("dispatch")


def _events(notice: Notice) -> Iterator[Event]:
    resource, row = notice.resource, notice.row
    if unknown := [name for name in notice.types if name not in resource.events]:
        raise ValueError(f"{resource.name} declares no event {', '.join(unknown)}")
    payload = resource.represent(row)
    aside = {**((resource.aside and resource.aside(row)) or {}), **notice.aside}
    first = row.revision - len(notice.types) + 1
    for sequence, name in enumerate(notice.types, start=first):
        yield Event(
            api=resource.api.name, type=name, resource=resource.name, resource_id=row.pk, sequence=sequence,
            party=row.party, public=not row.OWNED, payload=payload, aside=aside or None, field_path=notice.field_path,
            correlation_id=notice.correlation_id, traceparent=get_contextvars().get("traceparent", ""),
        )  # fmt: skip
