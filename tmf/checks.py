"""Checked at start: every dotted path in the settings leads somewhere, every nudge and every handler to a function."""

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string

from tmf.wiring import resolve


def check_wiring(**_: Any) -> list[CheckMessage]:
    """tmf.E001: a path that leads nowhere. tmf.E002: one that leads to nothing callable."""
    return [fault for name, path, find in _paths() if (fault := _fault(name, path, find))]


def _paths() -> Iterator[tuple[str, str, Callable[[str], Any]]]:
    for event_type, handlers in settings.EVENT_HANDLERS.items():
        yield from ((f"EVENT_HANDLERS[{event_type!r}]", path, resolve) for path in handlers)
    for table in ("EVENT_FORMS", "WORK", "NUDGES"):
        yield from ((f"{table}[{key!r}]", path, resolve) for key, path in getattr(settings, table).items())
    # A user's own connector may come from a package that is no Django app.
    yield from ((f"CONNECTORS[{key!r}]", path, import_string) for key, path in settings.CONNECTORS.items())


def _fault(name: str, path: str, find: Callable[[str], Any]) -> CheckMessage | None:
    try:
        found = find(path)
    except Exception as error:  # a module that cannot be imported fails in any way it likes
        return Error(f"settings.{name}: {path} leads nowhere: {error!r}", id="tmf.E001")
    if found is not None and not callable(found):
        return Error(f"settings.{name}: {path} is nothing that can be called", id="tmf.E002")
    return None
