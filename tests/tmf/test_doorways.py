"""Doorways: one thread of the process inside at a time, and nobody who knocks is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.waiting import wait_until
from tmf import processes
from tmf.doorways import Doorway

calls: list[str] = []
inside: Callable[[], None] = lambda: None  # noqa: E731


def verb() -> int:
    calls.append("in")
    inside()
    return 0


@pytest.fixture(autouse=True)
def _verb(settings: Any) -> None:
    global inside
    settings.WORK = {"test": f"{__name__}.verb"}
    calls.clear()
    inside = lambda: None  # noqa: E731


def test_it_runs_the_verb_once_for_one_who_enters() -> None:
    Doorway("test").enter()
    assert calls == ["in"]


def test_who_comes_while_it_runs_leaves_at_once_and_makes_it_run_once_more() -> None:
    global inside
    doorway, go = Doorway("test"), threading.Event()
    inside = lambda: None if go.wait(10) else pytest.fail("nobody came")  # noqa: E731
    runner = threading.Thread(target=doorway.enter)
    runner.start()
    wait_until(lambda: calls == ["in"])
    for _ in range(5):
        doorway.enter()
    assert calls == ["in"]
    go.set()
    runner.join(10)
    assert calls == ["in", "in"]


def test_it_opens_again_after_a_failure() -> None:
    global inside
    doorway = Doorway("test")

    def fail() -> None:
        raise RuntimeError("no")

    inside = fail
    with pytest.raises(RuntimeError):
        doorway.enter()
    inside = lambda: None  # noqa: E731
    doorway.enter()
    assert calls == ["in", "in"]


def test_it_stays_shut_when_the_process_is_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr(processes, "stopping", stopping)
    Doorway("test").enter()
    assert calls == []
