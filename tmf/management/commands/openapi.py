"""Writes the published OpenAPI documents into docs/openapi, or says which of them are out of date."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tmf.docs.views import as_yaml
from tmf.openapi import published


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when a document differs.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        made = {folder() / f"{api.slug}.yaml": as_yaml(api) for api in published()}
        stale = [path for path, text in made.items() if not path.exists() or path.read_text() != text]
        if check and stale:
            names = ", ".join(path.name for path in stale)
            raise CommandError(f"out of date: {names}. To accept the change: manage.py openapi")
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path])
            self.stdout.write(f"written {path.name}")


def folder() -> Path:
    return Path(settings.BASE_DIR) / "docs" / "openapi"
