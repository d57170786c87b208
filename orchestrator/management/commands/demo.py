"""One real order from POST to inventory, told while it happens; then everything stays up to be played with."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from orchestrator.demo.client import Bss, Refused
from orchestrator.demo.journey import Journey
from orchestrator.demo.listener import Listener
from orchestrator.demo.load import demo_load, read
from orchestrator.demo.paper import Paper
from orchestrator.demo.telling import tell_addresses, tell_inventory
from orchestrator.processes.programs import address, free_port, is_free, programs, readiness
from orchestrator.processes.supervisor import Supervisor
from tmf.clients import token_issue

PARTY = "demo-customer"
WIPED = ("opensom.sqlite3", "opensom.sqlite3-wal", "opensom.sqlite3-shm", "queue", "queue-control", "log")


class Command(BaseCommand):
    help = "Fulfil a sample order against simulated targets and show its journey. Started by `make demo`."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when the order has ended; 0 when it completed")
        parser.add_argument("--keep", action="store_true", help="go on with the database of the last time")
        parser.add_argument("--timeout", type=float, default=120, help="seconds that start and order may take")

    def handle(self, *args: Any, **options: Any) -> None:
        self.paper = Paper(sys.stdout)
        self.stopping = threading.Event()
        self.deadline = time.monotonic() + options["timeout"]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        with _own_folder():
            self._prepare(keep=options["keep"])
            self._play(once=options["once"])

    def _prepare(self, *, keep: bool) -> None:
        """A fresh database with the demo's data, an operator and a BSS's token."""
        if not keep:
            _wipe()
        self.port, self.simulator_port = _ports()
        self.paper.line("preparing the database …")
        call_command("migrate", verbosity=0)
        demo_load(f"http://127.0.0.1:{self.simulator_port}")
        self.password = _operator()
        self.bss = Bss(address(self.port), token_issue(client="demo", party=PARTY, scopes=settings.BSS_SCOPES, days=7))
        connections.close_all()

    def _play(self, *, once: bool) -> None:
        started = programs(port=self.port, simulator_port=self.simulator_port)
        logs = settings.ENV.VAR_DIR / "log"
        self.supervisor = Supervisor(started, cwd=settings.BASE_DIR, logs=logs, announce=self.paper.line)
        listener = Listener()
        try:
            self._start()
            self._order(listener)
            if not once:
                tell_addresses(self.paper, self.bss, self.password)
                self.supervisor.run(self.stopping)
        finally:
            self.paper.line("stopping every process …")
            self.supervisor.close()
            listener.close()

    def _start(self) -> None:
        self.supervisor.start()
        names = ", ".join(f"{name} ({pid})" for name, pid in self.supervisor.pids.items())
        self.paper.line(f"starting {names} …")
        missing: list[str] = []

        def ready() -> bool:
            missing[:] = readiness(self.bss.root)
            return not missing

        self._until(ready, lambda: f"not alive: {', '.join(missing)}; see {settings.ENV.VAR_DIR / 'log'}")

    def _order(self, listener: Listener) -> None:
        """Registers the listener, places the order, shows its journey. Raises CommandError unless it completes."""
        try:
            for api in ("ordering", "inventory"):
                self.bss.post(api, "hub", {"callback": listener.url})
            self.paper.title("The order")
            self.paper.restart()
            order = self.bss.post("ordering", "serviceOrder", read("order.json"))
            self.paper.event("▶", f"POST {self.bss.url('ordering', 'serviceOrder')} → 201, id {order['id']}", "bold")
            journey = Journey(order["id"], listener.heard, self.paper)
            self._until(lambda: _over(journey), lambda: _why(journey))
            self._until(lambda: _announced(journey), lambda: "the last notification did not arrive")
            tell_inventory(self.paper, self.bss, order["id"])
        except Refused as error:
            raise CommandError(str(error)) from None
        if journey.state != "completed":
            raise CommandError(_why(journey))

    def _until(self, condition: Callable[[], bool], why: Callable[[], str]) -> None:
        while not condition():
            self.supervisor.tend()
            if self.stopping.wait(0.1):
                raise CommandError("interrupted")
            if time.monotonic() > self.deadline:
                raise CommandError(f"it took too long: {why()}")


def _over(journey: Journey) -> bool:
    journey.look()
    return journey.ended or journey.state == "held"


def _announced(journey: Journey) -> bool:
    """The listener has heard of the state that the order ended in."""
    journey.look()
    return journey.state in journey.announced


def _why(journey: Journey) -> str:
    return "; ".join([f"the order is {journey.state}", *journey.troubles()])


@contextmanager
def _own_folder() -> Iterator[None]:
    """The demo's folder, for one demo at a time."""
    home = settings.ENV.VAR_DIR
    if not settings.EMBEDDED or home.name != "demo":
        raise CommandError("the demo wants a folder of its own, as `make demo` gives it")
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(f"another demo is running in {home}") from None
        yield


def _wipe() -> None:
    for name in WIPED:
        path = settings.ENV.VAR_DIR / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _ports() -> tuple[int, int]:
    """The web's and the simulator's. A port that somebody chose is not exchanged for another."""
    host, port = settings.ENV.HOST, settings.ENV.PORT
    if "PORT" in settings.ENV.model_fields_set and not is_free(host, port):
        raise CommandError(f"port {port} on {host} is taken; choose another: PORT=8001 make demo")
    return free_port(port, host), free_port(settings.ENV.SIMULATOR_PORT)


def _operator() -> str:
    """The operator's new password. The database is this demo's own."""
    users = get_user_model()
    password = secrets.token_urlsafe(9)
    operator, _ = users.objects.get_or_create(username="operator", defaults={"is_staff": True, "is_superuser": True})
    operator.set_password(password)
    operator.save()
    return password
