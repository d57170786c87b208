"""manage.py sweeper: does what is due, for ever or once."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tmf import processes
from tmf.sweeper import sweep_once, sweep_until_stopped


class Command(BaseCommand):
    help = "Does whatever is due, with or without a broker. Any number may run. SIGTERM ends it cleanly."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="until nothing is due, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: processes.stopping.set())
        with processes.alive("sweeper"):
            if once:
                self.stdout.write(f"{sweep_once()} settled")
            else:
                sweep_until_stopped()
