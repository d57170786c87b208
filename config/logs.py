"""The form of the log lines: JSON for machines, coloured text for people, never a secret."""

import logging
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_NAME = re.compile(r"authorization|token|secret|password|cookie|credential|signature", re.IGNORECASE)
SECRET_TEXT = re.compile(r"(Bearer|Basic)\s+[\w~+/.=-]+|(?<=://)[^/@\s]+(?=@)", re.IGNORECASE)
MASK = "***"


def mask_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hides values with telling names, bearer tokens and the logins of URLs."""
    for name, value in event.items():
        if SECRET_NAME.search(name):
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = SECRET_TEXT.sub(MASK, value)
    return event


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _last(form: str) -> list[Processor]:
    if form == "json":
        return [structlog.processors.format_exc_info, mask_secrets, structlog.processors.JSONRenderer(default=str)]
    return [structlog.processors.format_exc_info, mask_secrets, structlog.dev.ConsoleRenderer(pad_event_to=0)]


def logging_config(level: str, form: str) -> dict[str, Any]:
    """For logging.config.dictConfig: everything goes to standard error, through one formatter."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*_shared(), structlog.stdlib.PositionalArgumentsFormatter()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(form)],
    }
    quiet = {"level": "WARNING", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structlog": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structlog"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.request": {"level": "CRITICAL"},  # django_structlog says the same, with the request's id
            "django.server": quiet,
            "celery": quiet if level == "INFO" else {},
            "urllib3": quiet,
            "gunicorn.error": {"level": level, "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }


def configure(level: str) -> None:
    """structlog itself. What is below `level` costs one comparison."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
