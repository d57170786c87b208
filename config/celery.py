"""The Celery application. Messages are hints (docs/engine.md, rule 1): no results, no retries, no arguments."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("opensom")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = "opensom"
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Django has configured logging already; connecting here is how Celery is told to leave it alone."""


@app.on_after_configure.connect
def make_queue_folders(**_: object) -> None:
    """kombu's filesystem transport expects its folders to be there."""
    for option in ("data_folder_in", "data_folder_out", "control_folder"):
        if folder := settings.CELERY_BROKER_TRANSPORT_OPTIONS.get(option):
            Path(folder).mkdir(parents=True, exist_ok=True)
