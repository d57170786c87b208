"""Writes docs/conformance-table.md, or says what it promises without a test that proves it."""

import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when it is out of date.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """The tests are collected, not run: what is claimed is what pytest would run."""
        words = ("-m", "pytest", "--collect-only", "-qq", "-p", "tests.conformance", "-p", "no:cacheprovider")
        done = subprocess.run(  # noqa: S603
            [sys.executable, *words, f"--conformance={'check' if check else 'write'}", "--ds=tests.settings", "tests"],
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise CommandError(done.stderr.strip() or "the tests cannot be collected: make test tells why")
