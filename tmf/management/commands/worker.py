"""manage.py worker: a Celery worker as this project wants it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from celery.app import app_or_default
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tmf import processes
from tmf.nudges import nudge


class Command(BaseCommand):
    help = "Does what nudges say is due: a Celery worker. SIGTERM: finishes what is under way, then ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=settings.CELERY_WORKER_CONCURRENCY, help="tasks at once")

    def handle(self, *args: Any, concurrency: int, **options: Any) -> None:
        if settings.BROKER_URL is None:
            raise CommandError("there is no broker (CELERY_BROKER_URL): sweepers do all the work")
        worker_shutting_down.connect(_stop)
        worker_ready.connect(_begin)
        app = app_or_default()
        # Workers need not know of each other: no gossip, no mingle, no heartbeats over the broker.
        switches = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--pool", "threads"]
        name = f"{processes.own_id()}@%h"
        queue = app.conf.task_default_queue
        with processes.alive("worker"):
            app.worker_main(["worker", *switches, "-c", str(concurrency), "-n", name, "-Q", queue])


def _begin(**_: object) -> None:
    """Takes up what came due while no worker was there, and is warm when the next order comes."""
    for kind in settings.NUDGES:
        nudge(kind)


def _stop(**_: object) -> None:
    processes.stopping.set()
