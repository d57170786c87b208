"""How long the database may work on one statement of the web process: nobody's filter may keep it busy for minutes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError
from psycopg.errors import QueryCanceled

from tmf.errors import BadRequest


def limit_statements(database: dict[str, Any], seconds: float) -> None:
    """Sets the limit for every connection that a process makes from now on. SQLite knows none."""
    if database["ENGINE"].endswith("postgresql"):
        options = database.setdefault("OPTIONS", {})
        options["options"] = f"{options.get('options', '')} -c statement_timeout={round(1000 * seconds)}".strip()


@contextmanager
def answered_in_time() -> Iterator[None]:
    """Raises BadRequest when the database gave up a list's question."""
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise BadRequest("the search takes too long: narrow it, best by an attribute that has an index") from error
