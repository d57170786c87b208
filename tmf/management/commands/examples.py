"""Writes docs/examples from what a running system answers, or says which of its files are out of date."""

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

TESTS = "tests/examples/test_examples.py"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when a file differs.")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """The tests play the scenarios and compare; to write is to accept what they find."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--ds=tests.settings", TESTS],
            cwd=settings.BASE_DIR,
            env=os.environ | {"OPENSOM_EXAMPLES": "check" if check else "write"},
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise CommandError(done.stdout.strip())
