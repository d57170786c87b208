"""Writes `docs/configuration.md` from the class that reads the environment."""

from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic.fields import FieldInfo

HEAD = """# Configuration

Everything is set by environment variables; `config/env.py` is the one place that reads them. An empty value counts
as unset. A wrong value stops the process at start, with the variable's name. This page is generated from that file:
`manage.py configuration` writes it, `make check` refuses it when it is out of date.

| variable | type | default | meaning |
|---|---|---|---|
"""


class Command(BaseCommand):
    help = "Write docs/configuration.md; with --check, only say whether it is up to date."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = settings.BASE_DIR / "docs" / "configuration.md"
        text = page()
        if not options["check"]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            raise CommandError("docs/configuration.md is out of date: run manage.py configuration")


def page() -> str:
    fields: dict[str, FieldInfo] = type(settings.ENV).model_fields
    return HEAD + "".join(_row(name, field) for name, field in fields.items())


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {_kind(field)} | {_default(field)} | {field.description} |\n"


def _kind(field: FieldInfo) -> str:
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not type(None)]
    if all(isinstance(kind, str) for kind in kinds):
        return " or ".join(f"`{kind}`" for kind in kinds)
    names = {"str": "text", "bool": "true or false", "int": "whole number", "float": "number", "Path": "folder"}
    bounds = [bound for each in field.metadata if (bound := _bound(each))]
    return ", ".join([*(names[kind.__name__] for kind in kinds), *bounds])


def _bound(constraint: Any) -> str:
    words = {"ge": "at least", "gt": "more than", "le": "at most", "min_length": "its length at least"}
    return ", ".join(f"{word} {getattr(constraint, name)}" for name, word in words.items() if hasattr(constraint, name))


def _default(field: FieldInfo) -> str:
    if field.default in (None, ""):
        return ""
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, Path):
        return f"`{field.default.relative_to(settings.BASE_DIR)}`"
    return f"`{field.default}`"
