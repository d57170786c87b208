"""The expressions that filters and sorting are made of, each in PostgreSQL's words and in SQLite's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, DateTimeField, FloatField, Func, JSONField, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler

from tmf.query import postgres
from tmf.query.postgres import Sql
from tmf.query.tree import Node, Path, encode
from tmf.resources import Kind

Compiled = tuple[str, tuple[Any, ...]]


class Vendored(Func):
    """An expression over one other, whose SQL each vendor spells its own way."""

    arity = 1

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        return self.on_postgresql(self._inner(compiler))

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        return self.on_sqlite(self._inner(compiler))

    def _inner(self, compiler: SQLCompiler) -> Sql:
        text, params = compiler.compile(self.get_source_expressions()[0])
        return Sql(text, tuple(params))

    def on_postgresql(self, inner: Sql) -> Compiled:
        raise NotImplementedError

    def on_sqlite(self, inner: Sql) -> Compiled:
        raise NotImplementedError


class Holds(Vendored):
    """Whether a JSON value matches a filter."""

    output_field = BooleanField()

    def __init__(self, json_value: Combinable | str, node: Node) -> None:
        super().__init__(json_value)
        self.node = node

    def on_postgresql(self, inner: Sql) -> Compiled:
        return postgres.holds(self.node, inner)

    def on_sqlite(self, inner: Sql) -> Compiled:
        return f"tmf_holds({inner.text}, %s)", (*inner.params, encode(self.node))


class TextPasses(Vendored):
    """Whether a text passes one test (not `eq`) by code point; null when the text is null."""

    output_field = BooleanField()

    def __init__(self, text: Combinable | str, operator: str, value: str) -> None:
        super().__init__(text)
        self.operator = operator
        self.value = value

    def on_postgresql(self, inner: Sql) -> Compiled:
        made = postgres.string_passes(self.operator, self.value, inner.text)
        return made.text, (*inner.params, *made.params)

    def on_sqlite(self, inner: Sql) -> Compiled:
        if self.operator == "regex":
            return f"tmf_regex({inner.text}, %s)", (*inner.params, self.value)
        return f"({inner.text} {postgres.SIGNS[self.operator]} %s)", (*inner.params, self.value)


class AsJson(Vendored):
    """A column's value as the JSON value that is shown."""

    output_field = JSONField()
    POSTGRESQL = {
        "text": "to_jsonb(({})::text)",
        "date": "to_jsonb(to_char(date_trunc('milliseconds', {}) AT TIME ZONE 'UTC', "
        '\'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\'))',
        "boolean": "to_jsonb({})",
        "integer": "to_jsonb({})",
        "json": "{}",
    }
    SQLITE = {
        "text": "NULLIF(json_quote({}), 'null')",
        "date": "NULLIF(json_quote(tmf_moment({})), 'null')",
        "boolean": "CASE {} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
        "integer": "NULLIF(json_quote({}), 'null')",
        "json": "{}",
    }

    def __init__(self, expression: Combinable | str, kind: Kind) -> None:
        super().__init__(expression)
        self.kind = kind

    def on_postgresql(self, inner: Sql) -> Compiled:
        return self.POSTGRESQL[self.kind].format(inner.text), inner.params

    def on_sqlite(self, inner: Sql) -> Compiled:
        return self.SQLITE[self.kind].format(inner.text), inner.params


class Moment(Value):
    """A moment in whole milliseconds. SQLite compares texts: there it is as short as the shortest it may meet."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment, output_field=DateTimeField())

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        plain = self.value.astimezone(UTC).replace(tzinfo=None)
        return "%s", (plain.isoformat(" ", "milliseconds" if plain.microsecond else "seconds"),)


class SortNumber(Vendored):
    """The first value at a path within a JSON value, if it is a number; else null."""

    output_field: Any = FloatField()
    ON_POSTGRESQL = "CASE jsonb_typeof({0}) WHEN 'number' THEN ({0} #>> '{{}}')::numeric END"
    ON_SQLITE = "tmf_number({}, %s)"

    def __init__(self, json_value: Combinable | str, path: Path) -> None:
        super().__init__(json_value)
        self.path = path

    def on_postgresql(self, inner: Sql) -> Compiled:
        first = f"jsonb_path_query_first({inner.text}, %s::jsonpath)"
        params = (*inner.params, f"{postgres.jsonpath(self.path)}[*]")
        return f"({self.ON_POSTGRESQL.format(first)})", params * 2

    def on_sqlite(self, inner: Sql) -> Compiled:
        return self.ON_SQLITE.format(inner.text), (*inner.params, json.dumps(self.path))


class SortText(SortNumber):
    """The first value at a path, if it is a string or a boolean; else null."""

    output_field = TextField()
    ON_POSTGRESQL = "CASE WHEN jsonb_typeof({0}) IN ('string', 'boolean') THEN {0} #>> '{{}}' END COLLATE \"C\""
    ON_SQLITE = "tmf_text({}, %s)"
