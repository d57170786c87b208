"""What SQLite is taught so that it can filter: the reference evaluation itself, as functions of the connection."""

from __future__ import annotations

import json
import sqlite3
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tmf.query.regex import compiled
from tmf.query.tree import decode, reach


def teach(sender: type, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of `connection_created`."""
    if connection.vendor == "sqlite":
        add_functions(connection.connection)


def add_functions(connection: sqlite3.Connection) -> None:
    for name, arguments, function in FUNCTIONS:
        connection.create_function(name, arguments, function, deterministic=True)


def _holds(document: str | None, filter_text: str) -> bool:
    return document is not None and decode(filter_text).matches(_document(document))


@lru_cache(maxsize=64)  # several conditions look at the same row
def _document(text: str) -> Any:
    return json.loads(text)


def _regex(text: str | None, pattern: str) -> bool:
    return text is not None and compiled(pattern).search(text)


def _moment(stored: str | None) -> str | None:
    """A date-time as Django or SQLite wrote it, as `resources.timestamp` prints it."""
    if stored is None:
        return None
    whole, _, fraction = stored.partition(".")
    return f"{whole.replace(' ', 'T')}.{fraction.ljust(3, '0')[:3]}Z"


def _number(document: str, path: str) -> float | None:
    first = _first(document, path)
    return float(first) if isinstance(first, int | float) and not isinstance(first, bool) else None


def _text(document: str, path: str) -> str | None:
    first = _first(document, path)
    if isinstance(first, bool):
        return "true" if first else "false"
    return first if isinstance(first, str) else None


def _first(document: str, path: str) -> Any:
    found = reach(_document(document), tuple(json.loads(path)))
    return found[0] if found else None


FUNCTIONS = (
    ("tmf_holds", 2, _holds),
    ("tmf_regex", 2, _regex),
    ("tmf_moment", 1, _moment),
    ("tmf_number", 2, _number),
    ("tmf_text", 2, _text),
)
