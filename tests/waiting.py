"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout: float = 10.0, what: str = "", *, pause: float = 0.02) -> T:
    """The first true answer of `condition`. Raises AssertionError saying `what` did not come true in `timeout` s."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            wanted = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"after {timeout} s still not true: {wanted} (last answer: {answer!r})")
        time.sleep(pause)
    return answer
