"""What was applied, per operation key: the truth that tests compare the engine's view with."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.simulator.http import Answer, Request


@dataclass(slots=True)
class Operation:
    """One operation key. `sequences` and `times` tell when it was applied: a global counter, epoch seconds."""

    key: str
    method: str
    path: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    requests: int = 0
    forced: int = 0
    sequences: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    answer: Answer | None = None  # the first, given again to repetitions
    result: Answer | None = None  # of the work itself, also when the answer was a 202

    def shown(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "method": self.method,
            "path": self.path,
            "body": self.body,
            "headers": self.headers,
            "requests": self.requests,
            "applications": len(self.sequences),
            "sequences": self.sequences,
            "times": self.times,
        }


class Ledger:
    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._applied = 0
        self._nameless = 0

    def operation(self, request: Request) -> Operation:
        """The request's operation, by its Idempotency-Key; a request without one is an operation of its own."""
        key = request.headers.get("idempotency-key", "")
        if not key:
            self._nameless += 1
            key = f"nameless-{self._nameless}"
        if key not in self._operations:
            self._operations[key] = Operation(key, request.method, request.path, request.document, request.headers)
        return self._operations[key]

    def applied(self, operation: Operation, answer: Answer) -> Answer:
        self._applied += 1
        operation.sequences.append(self._applied)
        operation.times.append(time.time())
        operation.answer = operation.answer or answer
        operation.result = answer
        return answer

    def find(self, key: str) -> Operation | None:
        """The operation if it was applied."""
        found = self._operations.get(key)
        return found if found and found.sequences else None

    def shown(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Filtered by `key` or `prefix`; in the order of their first application, the others behind."""
        chosen = [
            each
            for each in self._operations.values()
            if each.key == query.get("key", each.key) and each.key.startswith(query.get("prefix", ""))
        ]
        chosen.sort(key=lambda each: each.sequences[0] if each.sequences else self._applied + 1)
        return {"applied": sum(len(e.sequences) for e in chosen), "operations": [each.shown() for each in chosen]}

    def clear(self) -> None:
        self._operations.clear()
        self._applied = 0
