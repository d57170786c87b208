"""Doorways: how a nudge enters a verb of settings.WORK, one thread per process at a time."""

from __future__ import annotations

import threading

from django.conf import settings
from django.utils.module_loading import import_string

from tmf import processes


class Doorway:
    """Runs the verb. Whoever comes while it runs makes it run once more, and leaves at once."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._inside = False
        self._again = False

    def enter(self) -> None:
        if not self._taken():
            try:
                while self._wanted():
                    import_string(settings.WORK[self._kind])()
            except BaseException:
                self._leave()
                raise

    def _leave(self) -> None:
        with self._lock:
            self._inside = False

    def _taken(self) -> bool:
        with self._lock:
            taken, self._inside, self._again = self._inside, True, True
        return taken

    def _wanted(self) -> bool:
        """Whether to run again; leaving and being asked once more exclude each other."""
        with self._lock:
            wanted, self._again = self._again and not processes.stopping.is_set(), False
            self._inside = wanted
        return wanted
