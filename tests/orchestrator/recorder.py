"""A connector whose target is this process: it keeps a ledger, and behaves as the test scripts it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from orchestrator.connectors.base import Absent, Accepted, Done, Task

Behaviour = Callable[[Task], Done | Accepted | Absent]


class Ledger:
    """What was applied, in order, and how each service's calls shall go."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.applied: list[Task] = []
        self.keys: list[str] = []
        self.looked_up: list[str] = []
        self.scripts: defaultdict[str, list[Behaviour]] = defaultdict(list)
        self.looks: list[Behaviour] = []

    def note(self, task: Task) -> None:
        with self.lock:
            self.applied.append(task)
            self.keys.append(task.operation_key)

    def requests(self) -> list[Any]:
        return [task.request for task in self.applied]

    def names(self) -> list[str]:
        """What was done and undone, in order."""
        return [_name(task) for task in self.applied]


LEDGER = Ledger()


class Recorder:
    """Does what `LEDGER.scripts[request["name"]]` says next; without a script it is done at once.

    When it undoes, the name is that of the request's `undo`.
    """

    def apply(self, task: Task) -> Done | Accepted:
        with LEDGER.lock:
            script = LEDGER.scripts.get(_name(task))
            behaviour = script.pop(0) if script else None
        result = behaviour(task) if behaviour else Done({"echo": task.request})
        LEDGER.note(task)
        assert not isinstance(result, Absent)
        return result

    undo = apply

    def look_up(self, task: Task) -> Done | Accepted | Absent:
        LEDGER.looked_up.append(task.operation_key)
        return LEDGER.looks.pop(0)(task) if LEDGER.looks else Absent()

    def read_answer(self, task: Task, body: Any) -> Done | Accepted:
        return Done(body) if body.get("final", True) else Accepted(task.correlation)


def _name(task: Task) -> str:
    request: Any = task.request or {}
    request = request.get("undo", request) if task.undoing else request
    return str(request.get("name") or request.get("service", {}).get("name", ""))
