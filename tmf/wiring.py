"""What the dotted paths in the settings name."""

from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string


def resolve(path: str) -> Any:
    """The thing a path names, or None when the path leads into an app that is not installed.

    So each floor of the house runs without those above it. Raises ImportError for a path that leads nowhere.
    """
    return import_string(path) if apps.is_installed(path.partition(".")[0]) else None
