"""`fields`: the part of a document that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]
Wanted: TypeAlias = dict[str, Any]  # name → what of it is wanted; empty: all of it

NAMES_MAX = 200


def select(document: Mapping[str, Any], fields: str | None, *, typed: bool = False) -> Json:
    """`id`, `href` and the attributes named in `fields`, in the document's order.

    A dotted name prunes: `serviceOrderItem.id` keeps nothing else of the items. Unknown names are ignored.
    Without `fields` (None or blank) it is the whole document. `typed`: every object keeps its `@type`.
    """
    if not fields or not fields.strip(" ,"):
        return dict(document)
    wanted = _wanted(fields) | {"id": {}, "href": {}}
    return _pruned(document, _typed(wanted) if typed else wanted)


def _typed(wanted: Wanted) -> Wanted:
    return {"@type": {}} | {name: _typed(inner) if inner else inner for name, inner in wanted.items()}


def names(fields: str) -> list[str]:
    return [name for part in fields.split(",")[:NAMES_MAX] if (name := part.strip())]


def _wanted(fields: str) -> Wanted:
    tree: Wanted = {}
    whole: set[str] = set()
    for name in sorted(names(fields), key=len):
        parts = name.split(".")
        if any(".".join(parts[:length]) in whole for length in range(1, len(parts))):
            continue
        whole.add(name)
        inner = tree
        for part in parts:
            inner = inner.setdefault(part, {})
    return tree


def _pruned(document: Mapping[str, Any], wanted: Wanted) -> Json:
    made: Json = {}
    for name, value in document.items():
        if name not in wanted:
            continue
        kept = _kept(value, wanted[name])
        if kept is not None or value is None:
            made[name] = kept
    return made


def _kept(value: Any, wanted: Wanted) -> Any:
    """What is left of a value; None when a dotted name leads to nothing in it."""
    if not wanted:
        return value
    if isinstance(value, Mapping):
        return _pruned(value, wanted) or None
    if isinstance(value, list):
        return [kept for element in value if (kept := _kept(element, wanted)) is not None] or None
    return None
