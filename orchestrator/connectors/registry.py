"""Connectors by name: dotted paths in settings.CONNECTORS, so that a user's own package can add one."""

from functools import lru_cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from orchestrator.connectors.base import Connector, Misconfigured


def connector(name: str) -> Connector:
    """The one instance of it; connectors keep no state. Raises Misconfigured for a name nobody knows."""
    if name not in settings.CONNECTORS:
        known = ", ".join(sorted(settings.CONNECTORS))
        raise Misconfigured(f"there is no connector {name!r}; there are {known}", code="connector")
    return _made(settings.CONNECTORS[name])


@lru_cache(maxsize=64)
def _made(path: str) -> Connector:
    return cast(Connector, import_string(path)())
