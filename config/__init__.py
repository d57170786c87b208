"""Settings, URLs and the Celery application, which every process needs to find its tasks."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
