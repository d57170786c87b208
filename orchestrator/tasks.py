"""The engine's Celery tasks: doorways, without arguments, lost and repeated at no cost."""

from celery import shared_task

from tmf.doorways import Doorway

decompose_doorway = Doorway("decompose")
drive_doorway = Doorway("drive")
cancel_doorway = Doorway("cancel")


@shared_task
def decompose() -> None:
    decompose_doorway.enter()


@shared_task
def drive() -> None:
    drive_doorway.enter()


@shared_task
def cancel() -> None:
    cancel_doorway.enter()
