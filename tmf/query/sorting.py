"""`sort=a,-b`. What is missing comes last, or first when the order is turned around.

A column is sorted by as it stands, so that its index serves (texts by the database's collation). Anything
else is sorted by the first value at its path: numbers, then texts by code point. That reads every match,
so it is refused for more than SORT_MAX of them.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, OrderBy, QuerySet
from django.db.models.expressions import Expression
from django.db.models.functions import Coalesce

from tmf.errors import BadRequest
from tmf.query.expressions import SortNumber, SortText
from tmf.query.lookups import scope_of
from tmf.query.parse import DEPTH_MAX
from tmf.query.tree import Condition, Path
from tmf.resources import Lookup, Resource, Translated

KEYS_MAX = 5
SORT_MAX = 10_000
DEFAULT = ("created_at", "pk")


def sorted_rows(resource: Resource, rows: QuerySet[Any], sort: str | None) -> tuple[QuerySet[Any], str]:
    """The rows in order, and the name of the first key that reads every match (empty: none does)."""
    keys = [key for part in (sort or "").split(",") if (key := part.strip())]
    if len(keys) > KEYS_MAX:
        raise BadRequest(f"more than {KEYS_MAX} attributes", path="sort")
    order: list[OrderBy | str] = []
    costly = ""
    for key in keys:
        name, path = key.lstrip("+-").strip(), _path(key.lstrip("+-").strip())
        expressions, indexed = _key(resource, name, path)
        order += [_directed(expression, key.startswith("-")) for expression in expressions]
        costly = costly or ("" if indexed else name)
    return rows.order_by(*order, *DEFAULT), costly


def _path(name: str) -> Path:
    path = tuple(name.split("."))
    if not all(path) or len(path) > DEPTH_MAX:
        raise BadRequest(f"{name[:200]!r} is no attribute's name", path="sort")
    return path


def _key(resource: Resource, name: str, path: Path) -> tuple[list[Expression | F], bool]:
    scope = scope_of(resource)
    if path[0] in scope.children:
        raise BadRequest(f"{name[:200]!r} cannot be sorted by", path="sort")
    lookup: Lookup | None = scope.lookups.get(path)
    if lookup and lookup.kind != "json":
        plain = isinstance(lookup.source, str)
        return [F(lookup.source) if isinstance(lookup.source, str) else lookup.source], plain
    if (outer := scope.lookups.get(path[:1])) and isinstance(outer.source, str) and outer.kind == "json":
        return [SortNumber(outer.source, path[1:]), SortText(outer.source, path[1:])], False
    if translated := scope.translated.get(path[0]):
        return _translated_key(translated, path), False
    return [SortNumber("body", path), SortText("body", path)], False


def _translated_key(translated: Translated, path: Path) -> list[Expression | F]:
    """The value as shown where it stands so, else that which it is translated from; none where it is not kept."""
    inner = translated.of_the_body(Condition(path, "exists"))
    if not isinstance(inner, Condition):
        return [SortNumber(translated.field, path), SortText(translated.field, path)]
    return [Coalesce(sort(translated.field, path), sort("body", inner.path)) for sort in (SortNumber, SortText)]


def _directed(expression: Expression | F, descending: bool) -> OrderBy:
    if descending:
        return OrderBy(expression, descending=True, nulls_first=True)
    return OrderBy(expression, nulls_last=True)
