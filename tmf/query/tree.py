"""A filter as a small frozen tree, and what it means: `matches` is the reference for every other evaluation.

A path walks into objects by name and into arrays by taking every element (one level, as PostgreSQL's
lax mode does). A condition holds when some value at its path passes the test, so an attribute that
does not exist, or is null, matches nothing, `ne` included.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from tmf.query.values import holds

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    """Some value at `path` passes: eq, ne, gt, gte, lt, lte, regex, exists (not null) or typed (of a JSON type)."""

    path: Path
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, document: Any) -> bool:
        return any(holds(leaf, self.operator, self.values) for leaf in reach(document, self.path))

    def under(self, path: Path) -> Condition:
        return Condition(path + self.path, self.operator, self.values)


@dataclass(frozen=True)
class Some:
    """Some element at `path` matches `part` by itself."""

    path: Path
    part: Node

    def matches(self, document: Any) -> bool:
        return any(self.part.matches(element) for element in reach(document, self.path))

    def under(self, path: Path) -> Some:
        return Some(path + self.path, self.part)


@dataclass(frozen=True)
class And:
    parts: tuple[Node, ...]

    def matches(self, document: Any) -> bool:
        return all(part.matches(document) for part in self.parts)

    def under(self, path: Path) -> And:
        return And(tuple(part.under(path) for part in self.parts))


@dataclass(frozen=True)
class Or:
    parts: tuple[Node, ...]

    def matches(self, document: Any) -> bool:
        return any(part.matches(document) for part in self.parts)

    def under(self, path: Path) -> Or:
        return Or(tuple(part.under(path) for part in self.parts))


@dataclass(frozen=True)
class Not:
    part: Node

    def matches(self, document: Any) -> bool:
        return not self.part.matches(document)

    def under(self, path: Path) -> Not:
        return Not(self.part.under(path))


Node: TypeAlias = Condition | Some | And | Or | Not
EVERYTHING = And(())


def both(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def either(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def reach(document: Any, path: Path) -> list[Any]:
    """The values at a path: every element where there is an array."""
    found = [document]
    for name in path:
        found = [inner[name] for outer in found for inner in _each(outer) if isinstance(inner, dict) and name in inner]
    return [leaf for value in found for leaf in _each(value)]


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def encode(node: Node) -> str:
    """The tree as JSON text, for a database function's argument."""
    return json.dumps(_plain(node), separators=(",", ":"))


@lru_cache(maxsize=256)
def decode(text: str) -> Node:
    return _node(json.loads(text))


def _plain(node: Node) -> list[Any]:
    match node:
        case Condition(path, operator, values):
            return ["condition", path, operator, values]
        case Some(path, part):
            return ["some", path, _plain(part)]
        case Not(part):
            return ["not", _plain(part)]
        case And(parts) | Or(parts):
            return ["and" if isinstance(node, And) else "or", *map(_plain, parts)]


def _node(plain: list[Any]) -> Node:
    match plain:
        case ["condition", path, operator, values]:
            return Condition(tuple(path), operator, tuple(values))
        case ["some", path, part]:
            return Some(tuple(path), _node(part))
        case ["not", part]:
            return Not(_node(part))
        case ["and", *parts]:
            return And(tuple(map(_node, parts)))
        case ["or", *parts]:
            return Or(tuple(map(_node, parts)))
        case _:
            raise ValueError(f"no filter: {plain!r}")
