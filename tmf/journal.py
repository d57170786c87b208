"""The append-only record of every transition and every operator's verb."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tmf.inserts import insert_rows
from tmf.models import JournalEntry

FIELDS = ("entity", "entity_id", "before", "after", "actor", "order_id", "reason", "data")


class Entry(NamedTuple):
    """One line of the journal, before it is written; its fields are JournalEntry's."""

    entity: str
    entity_id: str
    before: str
    after: str
    actor: str
    order_id: str
    reason: str
    data: Any


def entry(
    entity: str,
    entity_id: str,
    before: str,
    after: str,
    *,
    actor: str,
    order_id: str = "",
    reason: str = "",
    data: Any = None,
) -> Entry:
    return Entry(entity, entity_id, before, after, actor, order_id, reason[:1000], data)


def record(entries: Iterable[Entry]) -> None:
    """Writes them, in the transaction of the change they tell."""
    insert_rows(JournalEntry, [*entries], fields=FIELDS)
