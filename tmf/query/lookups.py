"""A filter over a resource's rows: which part of it is asked of a column, of child rows, or of the body.

Columns are asked directly, so that their indexes serve. What a column's index could not answer anyhow is
asked of the column's value as JSON, by the very rules that hold within a body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from operator import and_
from typing import Any

from django.db.models import BooleanField, Case, Exists, F, Model, OuterRef, Q, Value, When
from django.db.models.expressions import Expression
from django.db.models.functions import Concat

from tmf.query import columns
from tmf.query.columns import NOTHING, any_of
from tmf.query.expressions import AsJson, Holds
from tmf.query.tree import And, Condition, Node, Not, Or, Path, Some
from tmf.resources import Children, Lookup, Resource, Translated

_HOST = re.compile(r"https?://[^/]+")


@dataclass(frozen=True, eq=False)
class Scope:
    """The rows a filter is about: what of them stands in columns, what in child rows; `body` keeps the rest."""

    model: type[Model]
    lookups: dict[Path, Lookup]
    children: dict[str, tuple[Children, str]]  # attribute → its description, the relation from these rows
    translated: dict[str, Translated] = field(default_factory=dict)

    def where(self, node: Node) -> Q:
        match node:
            case And(parts):
                return reduce(and_, map(self.where, parts), Q())
            case Or(parts):
                return any_of(map(self.where, parts))
            case Not(part):
                return _not(self.where(part))
            case Condition() | Some():
                return self._one(node)

    def _one(self, node: Condition | Some) -> Q:
        if not node.path:
            return self._itself(node)
        if node.path[0] in self.children:
            return self._among(*self.children[node.path[0]], node)
        if translated := self.translated.get(node.path[0]):
            return _translated(translated, node)
        for length in range(1, len(node.path) + 1):
            if lookup := self.lookups.get(node.path[:length]):
                return self._found(lookup, node)
        if isinstance(node, Some) and any(key[: len(node.path)] == node.path for key in self.lookups):
            return self._one(Condition(node.path, "exists")) & self.where(node.part.under(node.path))
        return Q(Holds("body", node))

    def _itself(self, node: Condition | Some) -> Q:
        """A row's document as a whole is an object: it is there, and nothing compares with it."""
        if isinstance(node, Some):
            return self.where(node.part)
        return Q(pk__isnull=False) if node.operator == "exists" else NOTHING

    def _among(self, children: Children, relation: str, node: Condition | Some) -> Q:
        rows = _rows(self.model, relation)
        inner = replace(node, path=node.path[1:])
        if isinstance(inner, Some) and not inner.path:
            found = _scope_of_children(rows.model, children).where(inner.part)
        else:
            found = _scope_of_children(rows.model, children).where(inner)
        if relation != children.nested:
            found &= Q(**{rows.of(children.nested): None})
        return Q(Exists(rows.model._base_manager.filter(found, **{rows.link: OuterRef("pk")})))  # noqa: SLF001

    def _found(self, lookup: Lookup, node: Condition | Some) -> Q:
        name = tuple(lookup.attribute.split("."))
        here = _asked(lookup, replace(node, path=node.path[len(name) :]))
        if len(name) == 1:
            return here
        blank = Q(**{str(lookup.source): ""})
        return (~blank & here) | (blank & Q(Holds("body", node)))


@cache
def scope_of(resource: Resource) -> Scope:
    lookups = [
        Lookup("id", "pk"),
        Lookup("href", "pk", href_of=resource),
        *(Lookup(column.attribute, column.field, column.kind, spelled=column.spelled) for column in resource.columns),
        *resource.lookups,
    ]
    children = {c.attribute: (c, c.relation) for c in resource.children}
    return Scope(resource.model, _by_path(lookups), children, {each.attribute: each for each in resource.translated})


@cache
def _scope_of_children(model: type[Model], children: Children) -> Scope:
    return Scope(model, _by_path(children.lookups), {children.attribute: (children, children.nested)})


def _by_path(lookups: Iterable[Lookup]) -> dict[Path, Lookup]:
    return {tuple(lookup.attribute.split(".")): lookup for lookup in lookups}


@dataclass(frozen=True)
class _Rows:
    """The rows a relation leads to, and the field of theirs that leads back."""

    model: type[Model]
    link: str

    def of(self, relation: str) -> str:
        return _rows(self.model, relation).link


def _rows(model: type[Model], relation: str) -> _Rows:
    reverse: Any = model._meta.get_field(relation)
    return _Rows(reverse.related_model, reverse.field.name)


def _not(inner: Q) -> Q:
    """True or false, never null: what does not match does not match."""
    return Q(Case(When(inner, then=Value(False)), default=Value(True), output_field=BooleanField()))


def _translated(translated: Translated, node: Condition | Some) -> Q:
    """As shown where it stands so, else translated. Either part can be answered from an index."""
    elsewhere = Q(**{f"{translated.field}__has_key": translated.attribute})
    return Q(Holds(translated.field, node)) | (~elsewhere & Q(Holds("body", translated.of_the_body(node))))


def _asked(lookup: Lookup, node: Condition | Some) -> Q:
    if lookup.spelled:
        return Q(**{f"{lookup.source}__in": [stored for stored, said in lookup.spelled.items() if node.matches(said)]})
    if lookup.href_of and isinstance(node, Condition):
        node = replace(node, values=tuple(_HOST.sub("", value, count=1) for value in node.values))
    direct = _direct(lookup, node) if isinstance(node, Condition) and not node.path else None
    if direct is not None:
        return direct
    return Q(Holds(_shown(lookup), node))


def _direct(lookup: Lookup, condition: Condition) -> Q | None:
    """Without JSON, where that is possible."""
    if not isinstance(lookup.source, str):
        return columns.made(lookup.source, lookup.kind, condition)
    return _href(lookup, condition) if lookup.href_of else columns.asked(lookup.source, lookup.kind, condition)


def _href(lookup: Lookup, condition: Condition) -> Q | None:
    if condition.operator != "eq":
        return None
    prefix = _prefix(lookup)
    ids = [value.removeprefix(prefix) for value in condition.values if value.startswith(prefix)]
    return Q(**{f"{lookup.source}__in": ids})


def _shown(lookup: Lookup) -> AsJson:
    value: Expression | F = F(lookup.source) if isinstance(lookup.source, str) else lookup.source
    return AsJson(Concat(Value(_prefix(lookup)), value) if lookup.href_of else value, lookup.kind)


def _prefix(lookup: Lookup) -> str:
    return f"{lookup.href_of.path()}/" if lookup.href_of else ""
