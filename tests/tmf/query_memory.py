"""A SQLite database in memory beside the test run's own, with the tables that filters are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import Model

ALIAS = "memory"


@contextmanager
def memory(*models: type[Model]) -> Iterator[BaseDatabaseWrapper]:
    """`Model.objects.using("memory")` works within."""
    described = {**connections["default"].settings_dict, "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    connection = DatabaseWrapper({**described, "OPTIONS": {}, "CONN_HEALTH_CHECKS": False}, ALIAS)
    connections[ALIAS] = connection
    connection.disable_constraint_checking()
    with connection.schema_editor() as editor:
        for model in models:
            editor.create_model(model)
    try:
        yield connection
    finally:
        connection.connection.close()
        del connections[ALIAS]
