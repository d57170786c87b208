"""A whole OpenSOM of its own for a measurement: fresh database, broker, web, workers, sweeper, simulated target."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
import requests

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("BENCH_BROKER_URL", "redis://127.0.0.1:6379/14")


class Stack:
    """The running processes, and the environment that they share."""

    def __init__(self, database: str, port: int, simulator: int) -> None:
        self.port = port
        self.simulator = simulator
        self.logs = Path(tempfile.mkdtemp(prefix="opensom-bench-"))
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "EMBEDDED": "false",
            "DATABASE_URL": database,
            "CELERY_BROKER_URL": REDIS,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "SECURE_COOKIES": "false",
            "OUTBOUND_ALLOW": "127.0.0.0/8",
            "PORT": str(port),
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": str(ROOT),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str, *words: str) -> None:
        log = (self.logs / f"{name}.log").open("wb")
        self.running[name] = subprocess.Popen(words, env=self.env, cwd=ROOT, stdout=log, stderr=log)

    def manage(self, name: str, *words: str) -> None:
        self.start(name, sys.executable, "manage.py", *words)

    def run(self, *words: str) -> str:
        """A command to its end; what it printed."""
        done = subprocess.run(words, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
        return done.stdout

    def script(self, name: str, *words: str) -> str:
        return self.run(sys.executable, "-m", f"benchmarks.{name}", *words)

    def start_web(self) -> None:
        self.start("web", str(Path(sys.executable).parent / "gunicorn"), "-c", "config/gunicorn.py")

    def start_workers(self, count: int) -> None:
        for number in range(count):
            self.manage(f"worker{number}", "worker")

    def start_simulator(self, latency: float = 0.0) -> None:
        self.manage("simulator", "simulate_target", "--port", str(self.simulator), "--latency", str(latency))
        wait_until(lambda: answers(f"http://127.0.0.1:{self.simulator}/ledger"), 20, "the simulated target answers")

    def wait_answers(self) -> None:
        wait_until(lambda: answers(f"{self.url}/healthz"), 30, f"the web process answers (see {self.logs})")

    def wait_ready(self) -> None:
        wait_until(lambda: answers(f"{self.url}/readyz"), 30, f"/readyz answers 200 (see {self.logs})")

    def cpu_seconds(self, *names: str) -> float:
        """What these processes have used until now, with their children."""
        trees = [psutil.Process(self.running[name].pid) for name in names]
        times = [each.cpu_times() for tree in trees for each in (tree, *tree.children(recursive=True))]
        return sum(used.user + used.system for used in times)

    def stop(self, *names: str) -> None:
        chosen = [self.running.pop(name) for name in names or [*self.running]]
        for process in chosen:
            process.terminate()
        for process in chosen:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


@contextmanager
def stack(port: int = 8790, simulator: int = 8791) -> Iterator[Stack]:
    """A migrated, empty stack; its processes are ended and its database is dropped at the end."""
    name = f"opensom_bench_{os.getpid()}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        made = Stack(urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}")), port, simulator)
        try:
            made.run(sys.executable, "manage.py", "migrate", "--verbosity", "0")
            yield made
        finally:
            made.stop()
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
