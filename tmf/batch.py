"""One statement that updates many rows, each with its own values, on PostgreSQL and SQLite.

    update_rows(Step, [{"id": 1, "fence": 3, "state": "done"}, …], key=["id", "fence"], set=["state"])

becomes `WITH v (…) AS (…) UPDATE step AS t SET … FROM v WHERE t.id = v.new_id AND … RETURNING id, fence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

from tmf.clock import later_sql, now_sql
from tmf.recordsets import Field, field_of, parameters, parts, relation


@dataclass(frozen=True, slots=True)
class Changes:
    """Which fields change, and how."""

    replaced: tuple[str, ...]
    added: tuple[str, ...]
    stamped: tuple[str, ...]
    later: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What stays the same between calls: the row's fields, their names in the relation, what is done with it."""

    names: tuple[str, ...]
    fields: tuple[Field, ...]
    columns: tuple[str, ...]
    action: str

    def sql(self, count: int, connection: BaseDatabaseWrapper) -> str:
        values = relation(self.fields, self.columns, count, connection)
        return f"WITH v ({', '.join(self.columns)}) AS ({values}) {self.action}"


def update_rows(
    model: type[models.Model],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    set: Sequence[str] = (),  # noqa: A002 (SQL's word)
    add: Sequence[str] = (),
    now: Sequence[str] = (),
    later: Sequence[str] = (),
    where: str = "",
) -> list[tuple[Any, ...]]:
    """Updates each row whose `key` fields match, and returns the keys of those that did, in any order.

    Names are model field names (`order_id` for a foreign key's column). `set` fields take the row's value,
    `add` fields grow by it, `now` fields become the database's present moment, `later` fields that moment
    plus the row's seconds, or stay as they are for None. `where` is further SQL over `t`, the table, and
    `v`, whose columns are the table's with `new_` before them. A key that is missing from the answer
    matched nothing: somebody else owns that row. No key may be given twice.
    Runs in the caller's transaction; more than a few thousand rows become more than one statement.
    """
    if not rows:
        return []
    connection = connections[router.db_for_write(model)]
    changes = Changes(tuple(set), tuple(add), tuple(now), tuple(later))
    statement = _statement(model, tuple(key), changes, where, connection.vendor)
    values = [tuple(row[name] for name in statement.names) for row in rows]
    matched: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for part in parts(values, len(statement.fields), connection):
            given = parameters(statement.fields, statement.columns, part, connection)
            cursor.execute(statement.sql(len(part), connection), given)
            matched += cursor.fetchall()
    return matched


@lru_cache(maxsize=256)
def _statement(
    model: type[models.Model],
    key: tuple[str, ...],
    wanted: Changes,
    where: str,
    vendor: str,
) -> Statement:
    """Every piece comes from the model's description or the code, none from a value."""
    fields = {name: field_of(model, name) for name in (*key, *wanted.replaced, *wanted.added)}
    fields |= {name: _seconds(field_of(model, name)) for name in wanted.later}
    column = {name: f'"{field.column}"' for name, field in fields.items()}
    value = {name: f"v.{_new(field)}" for name, field in fields.items()}
    changes = [f"{column[n]} = {value[n]}" for n in wanted.replaced]
    changes += [f"{column[n]} = t.{column[n]} + {value[n]}" for n in wanted.added]
    changes += [f'"{field_of(model, name).column}" = {now_sql()}' for name in wanted.stamped]
    changes += [
        f"{column[n]} = CASE WHEN {value[n]} IS NULL THEN t.{column[n]} ELSE {later_sql(value[n])} END"
        for n in wanted.later
    ]
    matches = [f"t.{column[n]} = {value[n]}" for n in key] + ([f"({where})"] if where else [])
    # SQLite's RETURNING knows no alias; the names in v differ so that the bare ones are clear.
    returned = ", ".join(column[name] for name in key)
    action = [f'UPDATE "{model._meta.db_table}" AS t SET', ", ".join(changes), "FROM v"]
    action += ["WHERE", " AND ".join(matches), "RETURNING", returned]
    return Statement(
        names=tuple(fields),
        fields=tuple(fields.values()),
        columns=tuple(_new(field) for field in fields.values()),
        action=" ".join(action),
    )


def _seconds(field: Field) -> Field:
    """The values' column for a moment that is told in seconds from now."""
    made: Field = models.FloatField()
    made.set_attributes_from_name(str(field.column))
    return made


def _new(field: Field) -> str:
    return f'"new_{field.column}"'
