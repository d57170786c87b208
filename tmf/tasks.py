"""The Celery tasks of the shared layer: doorways, without arguments, lost and repeated at no cost."""

from celery import shared_task

from tmf.doorways import Doorway
from tmf.sweeper import sweep_once

dispatch_doorway = Doorway("dispatch")
deliver_doorway = Doorway("deliver")


@shared_task
def dispatch() -> None:
    dispatch_doorway.enter()


@shared_task
def deliver() -> None:
    deliver_doorway.enter()


@shared_task
def sweep() -> None:
    """Everything that is due, once: for deployments that schedule sweeps (Celery beat) instead of running sweepers."""
    sweep_once()
