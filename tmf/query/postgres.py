"""A filter over jsonb as PostgreSQL's SQL. Every name and value is a bound parameter.

Equality becomes `base @@ '$."a"."b" == "x"'`, which a `jsonb_path_ops` index serves: in lax mode a path
unwraps arrays, as `tree.reach` does. Everything else looks at the values one by one, so that the
comparisons are ours: `jsonb_path_query` gives them, the test is plain SQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tmf.query.regex import compiled
from tmf.query.tree import And, Condition, Node, Not, Or, Path, Some
from tmf.query.values import DATE_TIME, meant_instant, number

SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Sql(NamedTuple):
    text: str
    params: tuple[Any, ...] = ()


def holds(node: Node, base: Sql, depth: int = 0) -> Sql:
    """SQL that is true when the jsonb value `base` matches; false or null when it does not."""
    match node:
        case And(parts):
            return _joined(" AND ", (holds(part, base, depth) for part in parts), empty="TRUE")
        case Or(parts):
            return _joined(" OR ", (holds(part, base, depth) for part in parts), empty="FALSE")
        case Not(part):
            inner = holds(part, base, depth)
            return Sql(f"(CASE WHEN {inner.text} THEN FALSE ELSE TRUE END)", inner.params)
        case Some():
            return _some(node, base, depth)
        case Condition(path, "eq", values) if _servable(node):
            return _asks(base, _equality(jsonpath(path), values))
        case Condition(path, operator, values):
            leaf = f"e{depth}.value"
            return _exists(path, base, depth, leaf_passes(operator, values, leaf))


def leaf_passes(operator: str, values: tuple[str, ...], leaf: str) -> Sql:
    """`values.holds` over one jsonb value."""
    if operator == "exists":
        return Sql(f"jsonb_typeof({leaf}) <> 'null'")
    if operator == "typed":
        whole = f"CASE WHEN mod(({leaf} #>> '{{}}')::numeric, 1) = 0 THEN 'integer' ELSE 'number' END"
        kind = f"(CASE jsonb_typeof({leaf}) WHEN 'number' THEN {whole} ELSE jsonb_typeof({leaf}) END)"
        return Sql(f"({kind} = ANY(%s))", ([*values],))
    if operator == "ne":
        same = leaf_passes("eq", values, leaf)
        scalar = f"jsonb_typeof({leaf}) IN ('string', 'number', 'boolean')"
        return Sql(f"({scalar} AND NOT {same.text})", same.params)
    text = f"({leaf} #>> '{{}}')"
    string = _joined(" OR ", (string_passes(operator, value, text) for value in values), empty="FALSE")
    if operator == "regex":
        return Sql(f"(CASE WHEN jsonb_typeof({leaf}) = 'string' THEN {string.text} ELSE FALSE END)", string.params)
    amount = _joined(" OR ", _numbers(operator, values, text), empty="FALSE")
    truth = Sql(f"{text} = ANY(%s)", (list(values),)) if operator == "eq" else Sql("FALSE")
    return Sql(
        f"(CASE jsonb_typeof({leaf}) WHEN 'string' THEN {string.text} WHEN 'number' THEN {amount.text} "
        f"WHEN 'boolean' THEN {truth.text} ELSE FALSE END)",
        (*string.params, *amount.params, *truth.params),
    )


def string_passes(operator: str, value: str, text: str) -> Sql:
    """One value's test of an SQL text; by code point, unless both are date-times."""
    if operator == "regex":
        return Sql(f'({text} COLLATE "C" ~ %s)', (compiled(value).postgres,))
    sign = SIGNS[operator]
    plain = Sql(f'({text} COLLATE "C" {sign} %s)', (value,))
    moment = meant_instant(value)
    if moment is None:
        return plain
    return Sql(
        f'(CASE WHEN {text} COLLATE "C" ~ %s THEN {_instant(text)} {sign} %s::timestamptz ELSE {plain.text} END)',
        (DATE_TIME, moment, *plain.params),
    )


def _numbers(operator: str, values: Iterable[str], text: str) -> Iterator[Sql]:
    wanted = (number(value) for value in values)
    return (
        Sql(f"({text}::numeric {SIGNS[operator]} %s::numeric)", (amount,)) for amount in wanted if amount is not None
    )


def _instant(text: str) -> str:
    """The instant of a text that is known to be a date-time, cut to milliseconds."""
    cut = f"regexp_replace({text}, '([.][0-9]{{3}})[0-9]+', '\\1')"
    return (
        f"(CASE WHEN length({text}) = 10 THEN {text} || 'T00:00:00Z' "
        f"WHEN {text} ~ '(Z|[-+][0-9]{{2}}:[0-9]{{2}})$' THEN {cut} ELSE {cut} || 'Z' END)::timestamptz"
    )


def _some(node: Some, base: Sql, depth: int) -> Sql:
    inner = holds(node.part, Sql(f"e{depth}.value"), depth + 1)
    exact = _exists(node.path, base, depth, inner)
    # What the index can answer is asked beside it: necessary, if not enough.
    needed = [_asks(base, predicate) for predicate in _needed(node, "$")] if depth == 0 else []
    return _joined(" AND ", [*needed, exact], empty="TRUE")


def _needed(node: Node, at: str) -> Iterator[str]:
    """The equalities without which a filter over the values `at` a path cannot hold."""
    match node:
        case And(parts):
            for part in parts:
                yield from _needed(part, at)
        case Some(path, part):
            yield from _needed(part, f"{jsonpath(path, at)}[*]")
        case Condition(path, "eq", values) if _servable(node):
            yield _equality(jsonpath(path, at), values)


def _exists(path: Path, base: Sql, depth: int, passes: Sql) -> Sql:
    source = f"jsonb_path_query({base.text}, %s::jsonpath) AS e{depth}(value)"
    text = f"EXISTS (SELECT 1 FROM {source} WHERE {passes.text})"  # noqa: S608 (values and names are parameters)
    return Sql(text, (*base.params, f"{jsonpath(path)}[*]", *passes.params))


def _servable(condition: Condition) -> bool:
    """Date-times are equal in many spellings, which no index of texts knows."""
    return bool(condition.values) and not any(map(meant_instant, condition.values))


def _asks(base: Sql, predicate: str) -> Sql:
    return Sql(f"({base.text} @@ %s::jsonpath)", (*base.params, predicate))


def _equality(path: str, values: tuple[str, ...]) -> str:
    return " || ".join(f"{path} == {literal}" for value in values for literal in _literals(value))


def _literals(value: str) -> Iterator[str]:
    yield json.dumps(value)
    if number(value) is not None or value in ("true", "false"):
        yield value


def jsonpath(path: Path, start: str = "$") -> str:
    """A path in SQL/JSON's language, every name quoted."""
    return start + "".join(f".{json.dumps(name)}" for name in path)


def _joined(word: str, parts: Iterable[Sql], empty: str) -> Sql:
    made = [*parts]
    if not made:
        return Sql(empty)
    return Sql(f"({word.join(part.text for part in made)})", tuple(p for part in made for p in part.params))
