"""A list whose question keeps the database busy for too long (STATEMENT_SECONDS)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError
from psycopg.errors import QueryCanceled

from tmf.errors import BadRequest


@contextmanager
def answered_in_time() -> Iterator[None]:
    """Raises BadRequest when the database gave up a list's question."""
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise BadRequest("the search takes too long: narrow it, best by an attribute that has an index") from error
