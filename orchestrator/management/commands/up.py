"""Runs everything in the foreground: web, worker, sweeper and, embedded, the simulated targets."""

import signal
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from orchestrator.demo.load import demo_load
from orchestrator.processes.programs import address, free_port, is_free, programs, readiness
from orchestrator.processes.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run web, worker and sweeper in the foreground; embedded also the simulated targets and the demo catalogue."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stopping.set())
        port = settings.ENV.PORT
        if not is_free(settings.ENV.HOST, port):
            raise CommandError(f"port {port} on {settings.ENV.HOST} is taken; choose another: PORT=8001 make run")
        supervisor = self.prepared(port)
        try:
            supervisor.start()
            self._run(supervisor, stopping, address(port))
        finally:
            self.stdout.write("stopping …")
            supervisor.close()

    def prepared(self, port: int) -> Supervisor:
        """The database brought up to date, the demo's data loaded when embedded, nothing started yet."""
        call_command("migrate", verbosity=0)
        simulator_port = None
        if settings.EMBEDDED:
            simulator_port = free_port(settings.ENV.SIMULATOR_PORT)
            demo_load(f"http://127.0.0.1:{simulator_port}")
        connections.close_all()
        logs = settings.ENV.VAR_DIR / "log"
        started = programs(port=port, simulator_port=simulator_port)
        return Supervisor(started, cwd=settings.BASE_DIR, logs=logs, echo=sys.stdout, announce=self._say)

    def _run(self, supervisor: Supervisor, stopping: threading.Event, url: str) -> None:
        while not stopping.wait(0.2):
            supervisor.tend()
            if not readiness(url):
                self._say(f"ready: {url}  (admin: {url}/admin/, Ctrl-C stops everything)")
                break
        supervisor.run(stopping)

    def _say(self, line: str) -> None:
        self.stdout.write(f"up      │ {line}")
        self.stdout.flush()
