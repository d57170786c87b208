"""Indexes that only one database has, declared beside the others and created everywhere alike."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Index, Model, Q


class BodyIndex(GinIndex):
    """Serves equality anywhere in a `body` on PostgreSQL (GIN, `jsonb_path_ops`).

    SQLite has nothing alike: there it becomes an index without entries, so that one migration fits both.
    """

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name=name, **{"fields": ["body"], "opclasses": ["jsonb_path_ops"], **more})

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        if schema_editor.connection.vendor == "postgresql":
            return super().create_sql(model, schema_editor, using, **kwargs)
        empty = Index(fields=["id"], name=self.name, condition=Q(pk=None))
        return empty.create_sql(model, schema_editor, **kwargs)
