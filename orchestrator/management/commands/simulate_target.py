"""`manage.py simulate_target`: a target that does nothing, and says so in a ledger."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from orchestrator.simulator.server import run


class Command(BaseCommand):
    help = "Runs the simulated target (TMF640, REST, forced outcomes, ledger) until it is stopped."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.ENV.SIMULATOR_PORT, help="0 takes a free one.")
        parser.add_argument("--latency", type=float, default=0.0, help="Seconds before each request is looked at.")

    def handle(self, *args: Any, **options: Any) -> None:
        host, latency = options["host"], options["latency"]
        run(host, options["port"], latency, lambda port: self._started(host, port))

    def _started(self, host: str, port: int) -> None:
        self.stdout.write(f"simulated target on http://{host}:{port}")
        self.stdout.flush()
