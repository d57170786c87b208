"""`definitions import [DIR]` and `definitions validate [DIR]`: process definitions from a folder of YAML files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orchestrator.library import definitions_import, documents_check, documents_read
from tmf.errors import Invalid


class Command(BaseCommand):
    help = "Checks the process definitions in a folder, or makes them the active ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["import", "validate"])
        parser.add_argument("folder", type=Path, nargs="?", help="without it: DEFINITIONS_DIR")

    def handle(self, *, verb: str, folder: Path | None, **_: Any) -> None:
        folder = folder or settings.ENV.DEFINITIONS_DIR
        if folder is None:
            raise CommandError("which folder? Name it, or set DEFINITIONS_DIR")
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder")
        try:
            documents = documents_read(folder)
            documents_check(documents)
        except Invalid as error:
            raise CommandError(str(error)) from None
        if verb == "import":
            made = definitions_import(documents=documents.values(), actor="definitions import")
            self.stdout.write(f"{len(made)} of {len(documents)} definitions are new")
        else:
            self.stdout.write(f"{len(documents)} definitions are valid")
