"""Rivals: competing writes that happen just before or just after a named function runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.utils.module_loading import import_string


@contextmanager
def rival_before(name: str, act: Callable[[], Any], *, times: int = 1, after: int = 0) -> Iterator[None]:
    """Runs `act` before that many calls of the function of this dotted name, once `after` calls have passed."""
    original, calls = import_string(name), 0

    def raced(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if after < calls <= after + times:
            act()
        return original(*args, **kwargs)

    with mock.patch(name, raced):
        yield
    assert calls >= after + times, f"{name} was called {calls} times: the rival did not strike {times} times"
