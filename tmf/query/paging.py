"""One page of a collection: what matches, in order, from `offset`, at most `limit`, and how it is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import QuerySet

from tmf.errors import BadRequest
from tmf.query.lookups import scope_of
from tmf.query.parse import Parameter, filter_of, listed, parameters, single
from tmf.query.sorting import SORT_MAX, sorted_rows
from tmf.query.tree import EVERYTHING, Node
from tmf.resources import Resource
from tmf.statements import answered_in_time

OFFSET_MAX = 2**62
URL_SAFE = "%!$&'()*+,;=:@/?-._~"  # as it came, unless it could not stand in a header
_WHOLE = re.compile(r"[0-9]{1,100}")


@dataclass(frozen=True)
class Window:
    """What part was asked for. `given`: the client named limit or offset itself."""

    offset: int
    limit: int
    given: bool


@dataclass(frozen=True)
class Page:
    """The rows of one page. `total` counts the matches; `capped`: there are at least so many."""

    rows: list[Any]
    total: int
    capped: bool
    window: Window
    fields: str | None  # the `fields` parameter, for `select`
    kept: tuple[str, ...] = ()  # the other parameters as they came, for links

    @property
    def status(self) -> int:
        """206 for a proper part that the client asked for; an empty answer is a whole one."""
        return 206 if self.window.given and 0 < len(self.rows) < self.total else 200

    def headers(self, base_url: str, path: str) -> dict[str, str]:
        """X-Total-Count, X-Result-Count and, when the client named limit or offset, Link (RFC 8288)."""
        made = {"X-Total-Count": str(self.total), "X-Result-Count": str(len(self.rows))}
        if self.capped:
            made["X-Total-Count-Capped"] = "true"
        if self.window.given:
            links = ((name, f"{base_url}{path}?{self._query(offset)}") for name, offset in self._offsets())
            made["Link"] = ", ".join(f'<{url}>; rel="{name}"' for name, url in links)
        return made

    def _offsets(self) -> Iterator[tuple[str, int]]:
        offset, limit = self.window.offset, self.window.limit
        yield "self", offset
        if not limit:
            return
        yield "first", 0
        if offset:
            yield "prev", max(0, min(offset, self.total) - limit)
        if offset + limit < self.total or (self.capped and len(self.rows) == limit):
            yield "next", offset + limit
        if not self.capped:
            yield "last", max(0, self.total - 1) // limit * limit

    def _query(self, offset: int) -> str:
        return "&".join([*self.kept, f"offset={offset}", f"limit={self.window.limit}"])


@answered_in_time()
def page(resource: Resource, rows: QuerySet[Any], raw_query: str) -> Page:
    """The part of `rows` that the query string asks for. At most two queries, and one per prefetch.

    Raises BadRequest naming the parameter at fault, or when the search takes too long.
    """
    given = parameters(raw_query)
    window = _window(given)
    matches = matching(resource, rows, filter_of(given))
    ordered = _ordered(resource, matches, given)
    end = window.offset + window.limit
    found = [*ordered[window.offset : end].prefetch_related(*resource.prefetch)] if window.limit else []
    total, capped = _total(matches, window, len(found))
    kept = tuple(quote(p.raw, safe=URL_SAFE) for p in given if p.name not in ("limit", "offset"))
    return Page(found, total, capped, window, listed(given, "fields"), kept)


def everything(resource: Resource, rows: QuerySet[Any], raw_query: str) -> tuple[QuerySet[Any], str | None]:
    """All the rows that the query string asks for, in order and not yet read, and its `fields`.

    It may have a limit and an offset of its own; no other cap is set. Raises BadRequest as `page` does.
    """
    given = parameters(raw_query)
    offset, limit = _whole(given, "offset") or 0, _whole(given, "limit")
    ordered = _ordered(resource, matching(resource, rows, filter_of(given)), given)
    end = None if limit is None else min(offset + limit, OFFSET_MAX)
    return ordered[min(offset, OFFSET_MAX) : end], listed(given, "fields")


def _ordered(resource: Resource, matches: QuerySet[Any], given: list[Parameter]) -> QuerySet[Any]:
    ordered, costly = sorted_rows(resource, matches, listed(given, "sort"))
    if costly and matches.order_by().values("pk")[: SORT_MAX + 1].count() > SORT_MAX:
        raise BadRequest(
            f"more than {SORT_MAX} match: too many to sort by {costly[:200]!r}; narrow the filter", path="sort"
        )
    return ordered


def matching(resource: Resource, rows: QuerySet[Any], node: Node) -> QuerySet[Any]:
    """Those of the rows whose representation matches the filter."""
    return rows if node == EVERYTHING else rows.filter(scope_of(resource).where(node))


def _total(matches: QuerySet[Any], window: Window, found: int) -> tuple[int, bool]:
    """How many match, counted no further than COUNT_MAX, and whether that was the end of counting."""
    if 0 < found < window.limit or (window.limit and not found and not window.offset):
        return window.offset + found, False
    most = settings.ENV.COUNT_MAX
    counted = matches.order_by().values("pk")[: most + 1].count()
    if counted <= most:
        return counted, False
    return max(most, window.offset + found), True


def _window(given: list[Parameter]) -> Window:
    offset, limit = _whole(given, "offset"), _whole(given, "limit")
    most = settings.ENV.PAGE_MAX
    return Window(
        min(offset or 0, OFFSET_MAX),
        min(limit if limit is not None else settings.ENV.PAGE_DEFAULT, most),
        offset is not None or limit is not None,
    )


def _whole(given: list[Parameter], name: str) -> int | None:
    text = single(given, name)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        raise BadRequest("must be a whole number, 0 or more", path=name)
    return int(text)
