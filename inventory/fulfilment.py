"""What fulfilled order items do to services (docs/conformance.md 1.6): the engine's one verb, in batches.

A batch is folded in memory, service by service, and then written: the number of statements does not
depend on the number of changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from inventory.lifecycle import settle_dates
from inventory.models import Service
from inventory.representation_v5 import settled
from inventory.resources import RECORDED, SERVICE
from inventory.services import INSERTED, event_types, field_path
from inventory.states import legal_change
from tmf import journal, outbox
from tmf.batch import update_rows
from tmf.errors import Conflict
from tmf.gate import MERGE_PATCH
from tmf.inserts import insert_objects
from tmf.patching import differing, patched
from tmf.resources import Json

UPDATED = (
    "revision", "state", "name", "category", "specification_id", "start_date", "end_date", "body", "body_v5",
    "updated_at",
)  # fmt: skip
OURS = SERVICE.fixed | SERVICE.derived  # what an order's document may repeat, and cannot set
FOLLOWING = frozenset({"serviceOrderItem", "startDate", "endDate"}) | SERVICE.derived  # told by StateChange, too


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """What one item achieved. `document` is a TMF638 v4 service; its `state`, if any, is the wanted one.

    `item_ref` is the entry for the service's serviceOrderItem list. `supporting` and
    `supporting_resources` are references to what the service is built on.
    """

    service_id: str
    action: Literal["add", "modify", "delete"]
    document: Json
    party: str
    order_id: str
    item_ref: Json
    supporting: Sequence[Json] = ()
    supporting_resources: Sequence[Json] = ()


@dataclass(slots=True)
class _Folded:
    """One service and all that the batch does to it."""

    row: Service
    is_new: bool = False
    types: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    entries: list[journal.Entry] = field(default_factory=list)


def services_fulfil(*, changes: Sequence[ServiceChange], actor: str) -> None:
    """Writes what the items achieved, in the caller's transaction, with journal and events.

    An `add` that was written before is left alone. Raises Conflict, naming the service, for what
    docs/conformance.md 1.6 does not list.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("services change in the transaction of what achieved them")
    now = timezone.now()
    folded = _read(change.service_id for change in changes)
    for change in changes:
        _fold(folded, change, now, actor)
    _write([fold for fold in folded.values() if fold.types])


def _read(ids: Iterable[str]) -> dict[str, _Folded]:
    """The services as they are, locked in the order of their ids where the database has row locks."""
    rows = Service.objects.filter(pk__in={*ids}).order_by("pk").select_for_update()
    return {row.pk: _Folded(row) for row in rows}


def _fold(folded: dict[str, _Folded], change: ServiceChange, now: datetime, actor: str) -> None:
    found = folded.get(change.service_id)
    if change.action == "add":
        if found is None:
            folded[change.service_id] = _added(change, now, actor)
        elif found.row.order_id != change.order_id:
            raise Conflict(f"service {change.service_id} exists already", path=change.service_id)
        return
    if found is None or found.row.party != change.party:
        raise Conflict(f"there is no service {change.service_id}", path=change.service_id)
    _alter(found, change, now, actor)


def _added(change: ServiceChange, now: datetime, actor: str) -> _Folded:
    document = _document(change) | _grown({}, change)
    document["state"] = _resulting(None, change)
    row = Service(
        id=change.service_id, party=change.party, order_id=change.order_id, body={},
        service_date=now, created_at=now, updated_at=now,
    )  # fmt: skip
    _assign(row, document)
    settle_dates(row, "", now)
    return _Folded(row, is_new=True, types=["ServiceCreateEvent"], entries=[_entry(row, "", change, actor)])


def _alter(fold: _Folded, change: ServiceChange, now: datetime, actor: str) -> None:
    row, before, state = fold.row, SERVICE.represent(fold.row), fold.row.state
    after = {**before, **_grown(before, change)}
    if change.action == "modify":
        after = patched(after, MERGE_PATCH, _merging(before, _document(change)))
    after["state"] = _resulting(row.state, change)
    _assign(row, after)
    settle_dates(row, state, now)
    row.updated_at = now
    names = differing(before, SERVICE.represent(row))
    types = _types(names)
    row.revision += len(types)
    fold.types += types
    fold.names |= names
    if "state" in names:
        fold.entries.append(_entry(row, state, change, actor))


def _types(names: frozenset[str]) -> list[str]:
    """What follows from a change of state is told by its event alone."""
    return event_types(names - FOLLOWING if "state" in names else names)


def _resulting(state: str | None, change: ServiceChange) -> str:
    try:
        return legal_change(state, change.action, change.document.get("state"))
    except Conflict as error:
        raise Conflict(f"service {change.service_id}: {error.message}", path=change.service_id) from None


def _document(change: ServiceChange) -> Json:
    return {name: value for name, value in change.document.items() if name not in OURS and name != "state"}


def _assign(row: Service, document: Json) -> None:
    fields, body = SERVICE.split(document)
    row.body, row.body_v5 = body, settled(row.body_v5, row.body, body)
    for column in SERVICE.columns:
        if column.attribute not in SERVICE.fixed:
            setattr(row, column.field, fields.get(column.field))
    row.specification_id = (document.get("serviceSpecification") or {}).get("id", "")


def _merging(before: Json, document: Json) -> Json:
    """The merge patch of a modify: characteristics merge by name, every other list is replaced."""
    made = dict(document)
    if characteristics := document.get("serviceCharacteristic"):
        made["serviceCharacteristic"] = _united(before.get("serviceCharacteristic", ()), characteristics, "name")
    return made


def _united(old: Sequence[Json], new: Sequence[Json], key: str) -> list[Json]:
    """Both lists in one; of two entries with the same key the new attributes win, in the old one's place."""
    made: dict[Any, Json] = {}
    for index, entry in enumerate((*old, *new)):
        name = entry.get(key, index)
        made[name] = {**made.get(name, {}), **entry}
    return [*made.values()]


def _grown(before: Mapping[str, Any], change: ServiceChange) -> Json:
    """The lists that only grow: the items that made the service, and what it is built on."""
    items = [*before.get("serviceOrderItem", ())]
    made: Json = {"serviceOrderItem": items if change.item_ref in items else [*items, change.item_ref]}
    if change.supporting:
        made["supportingService"] = _united(before.get("supportingService", ()), change.supporting, "id")
    if change.supporting_resources:
        made["supportingResource"] = _united(before.get("supportingResource", ()), change.supporting_resources, "id")
    return made


def _entry(row: Service, before: str, change: ServiceChange, actor: str) -> journal.Entry:
    reason = f"{change.action} by item {change.item_ref.get('itemId', '')}"
    return journal.entry("Service", row.pk, before, row.state, actor=actor, order_id=change.order_id, reason=reason)


def _write(folded: Sequence[_Folded]) -> None:
    if not folded:
        return
    insert_objects([fold.row for fold in folded if fold.is_new], fields=INSERTED)
    _update([fold for fold in folded if not fold.is_new])
    journal.record([entry for fold in folded for entry in fold.entries])
    outbox.record_many(
        [outbox.Notice(RECORDED, fold.row, tuple(fold.types), field_path(fold.names)) for fold in folded]
    )


def _update(folded: Sequence[_Folded]) -> None:
    """No rival can have come between: `_read` locked the rows, and SQLite has one writer at a time."""
    values = [{"id": fold.row.pk, **{name: getattr(fold.row, name) for name in UPDATED}} for fold in folded]
    update_rows(Service, values, key=["id"], set=UPDATED)
