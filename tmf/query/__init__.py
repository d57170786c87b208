"""Filters, selection, sorting and paging of collections (TMF630 parts 1 and 6; docs/conformance.md 0.5, 0.6).

`page` answers the part of a resource's rows that a raw query string asks for, `everything` all of it. `select`
narrows a document to `fields`. `compile_query` makes the matcher of a hub subscription's query.

A query string becomes a tree (`parse`, `jsonpath` → `tree`). The tree is evaluated three ways that agree:
in Python (`tree`, the reference), as PostgreSQL's SQL (`lookups`, `columns`, `postgres`), and on SQLite by
the reference itself as a function of the connection (`sqlite`).
"""

from tmf.query.hub import Matcher, compile_query
from tmf.query.paging import Page, everything, matching, page
from tmf.query.parse import listed, parameters, parse_filter
from tmf.query.selection import select
from tmf.query.tree import Condition, Node

__all__ = [
    "Condition",
    "Matcher",
    "Node",
    "Page",
    "compile_query",
    "everything",
    "fields_of",
    "matching",
    "page",
    "parse_filter",
    "select",
]


def fields_of(raw_query: str) -> str | None:
    """The `fields` of a query string, for `select`; None when it names none."""
    return listed(parameters(raw_query), "fields")
