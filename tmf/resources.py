"""Descriptions of resources: from each follow validation, storage, representation, filtering and OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import UTC, datetime
from typing import Any, Literal

from django.conf import settings
from django.db.models.expressions import Expression
from django.utils.dateparse import parse_datetime

from tmf.models import StoredResource
from tmf.shapes import Shape

Kind = Literal["text", "date", "boolean", "integer", "json"]
Json = dict[str, Any]
Overlay = Callable[[Any, Json, str], None]


@dataclass(frozen=True)
class Api:
    """One published API: its name in settings.API_PREFIXES, its version in paths, its title.

    `release` is the version of the TM Forum specification that it follows.
    `typed`: it has the manners of TM Forum's fifth generation: every object carries `@type`, narrowed ones too,
    and there is `application/json-patch-query+json`.
    """

    name: str
    version: str
    title: str
    description: str = ""
    release: str = ""
    typed: bool = False

    @property
    def slug(self) -> str:
        """Its name in addresses and files, as `serviceOrdering-v4`."""
        joined = self.title.replace(" ", "")
        return f"{joined[0].lower()}{joined[1:]}-{self.version}"

    @property
    def root(self) -> str:
        """Path of the API without host, as `/tmf-api/serviceOrdering/v4`."""
        return f"/{settings.API_PREFIXES[self.name]}/{self.version}"


@dataclass(frozen=True)
class Column:
    """An attribute that has a column of its own; the column is its only place.

    `spelled` maps every stored word to the shown one, where this API has other words than the table.
    """

    attribute: str
    field: str
    kind: Kind = "text"
    spelled: Mapping[str, str] = made_by(default_factory=dict, hash=False)

    def stored(self, value: Any) -> Any:
        if self.kind == "date":
            return instant(value) if value is not None else None
        return value

    def shown(self, value: Any) -> Any:
        if self.kind == "date":
            return timestamp(value) if value is not None else None
        return self.spelled.get(value, value) if self.spelled else value


@dataclass(frozen=True)
class Lookup:
    """Where a filter finds an attribute that is kept in no body: in a field, or by an expression over the row.

    A dotted attribute covers the body's, unless its field is blank. With `href_of` the value is the id
    of a member of that resource, shown as its href. `spelled` is as a Column's.
    """

    attribute: str
    source: str | Expression
    kind: Kind = "text"
    href_of: Resource | None = None
    spelled: Mapping[str, str] = made_by(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Translated:
    """A first-level attribute that the body holds in another form than is shown.

    Rows whose JSON object `field` has the attribute show it as it stands there. For all others, `of_the_body` makes
    of a question about the shown form one about the body.
    """

    attribute: str
    field: str
    of_the_body: Callable[[Any], Any]  # tmf.query.tree: (Condition | Some) → Node


@dataclass(frozen=True)
class Children:
    """An attribute that is a list of child rows: `relation` leads to all, `nested` to a row's own children.

    A child's `body` keeps what no lookup tells; `attribute` is also the name of the nested list.
    `server_set` is refused in a POST's children, at every depth.
    """

    attribute: str
    relation: str
    nested: str
    lookups: tuple[Lookup, ...]
    server_set: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource of one API. Equal only to itself.

    `columns` are the attributes stored in columns, in the order in which they are shown.
    `server_set` are refused in a POST, `fixed` in a PATCH; both with 400.
    `overlay(row, shown, base_url)` completes a representation with what is kept elsewhere: child rows,
    `derived` attributes (which are never stored in the body).
    `closed`: a PATCH may name nothing but what `update` describes.
    `lookups`, `children` and `translated` tell filters where to find what neither columns nor body hold as shown.
    `aside(row)` is what the API's other versions show beside or instead of this one's form: an event keeps it.
    `example` is a body that a POST accepts, for the documentation.
    `always` are answered in every representation. `events` are the event types it may raise.
    """

    name: str
    api: Api
    model: type[StoredResource]
    shape: Shape
    create: Shape
    update: Shape | None
    columns: tuple[Column, ...] = ()
    server_set: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    closed: bool = False
    derived: frozenset[str] = frozenset()
    overlay: Overlay | None = None
    prefetch: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    always: tuple[str, ...] = ("id", "href")
    lookups: tuple[Lookup, ...] = ()
    children: tuple[Children, ...] = ()
    translated: tuple[Translated, ...] = ()
    aside: Callable[[Any], Json | None] | None = None
    example: Json | None = None

    @property
    def kind(self) -> str:
        """The resource's class, as `ServiceOrder`."""
        return self.name[0].upper() + self.name[1:]

    @property
    def words(self) -> str:
        """The resource's name for people, as `service order`."""
        return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in self.name)

    def path(self, identifier: str = "") -> str:
        """The resource's path without host: the collection's, or one member's."""
        return f"{self.api.root}/{self.name}" + (f"/{identifier}" if identifier else "")

    def split(self, document: Json) -> tuple[Json, Json]:
        """A document as column values by field name, and the body that keeps the rest."""
        unstored = {"id", "href", *self.derived}
        body = {name: value for name, value in document.items() if name not in unstored}
        fields = {c.field: c.stored(body.pop(c.attribute)) for c in self.columns if c.attribute in body}
        return fields, body

    def dated(self, document: Json) -> Json:
        """The document with the dates that have columns as they will be shown."""
        dates = {c.attribute: c for c in self.columns if c.kind == "date" and c.attribute in document}
        return document | {name: column.shown(column.stored(document[name])) for name, column in dates.items()}

    def represent(self, row: StoredResource, base_url: str = "") -> Json:
        """The full representation; `href` is absolute when `base_url` (scheme and host) is given."""
        shown: Json = {"id": row.pk, "href": base_url + self.path(row.pk)}
        for column in self.columns:
            value = getattr(row, column.field)
            if value is not None:
                shown[column.attribute] = column.shown(value)
        shown.update(row.body)
        if self.overlay:
            self.overlay(row, shown, base_url)
        return shown


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with Z and milliseconds: `2026-11-21T09:30:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """The moment an RFC 3339 text names; without an offset it is UTC. Raises ValueError."""
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(f"{text!r} is no date-time (RFC 3339)")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
