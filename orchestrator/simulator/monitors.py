"""Asynchronous work: what a monitor shows while and after it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.simulator.http import Answer, Request, dumped, refusal
from orchestrator.simulator.ledger import Operation


class Monitors:
    def __init__(self) -> None:
        self._by_id: dict[str, dict[str, Any]] = {}

    def clear(self) -> None:
        self._by_id.clear()

    def read(self, monitor_id: str) -> Answer:
        found = self._by_id.get(monitor_id)
        return Answer(200, found) if found else refusal(404, f"There is no monitor {monitor_id}")

    def open(self, request: Request, operation: Operation, root: str) -> dict[str, Any]:
        """The operation's monitor, in progress. `root` is the path under which monitors are found."""
        monitor = {
            "id": operation.key,
            "href": f"{request.origin}{root}/monitor/{operation.key}",
            "state": "InProgress",
            "sourceHref": f"{request.origin}{request.path}",
            "request": {"method": request.method, "to": request.path},
        }
        self._by_id[operation.key] = monitor
        return monitor


def finish(monitor: dict[str, Any], work: Callable[[], Answer]) -> None:
    """Completed when the work succeeds, Failed when it is refused."""
    answer = work()
    monitor["state"] = "Completed" if answer.status < 300 else "Failed"
    body = None if answer.body is None else dumped(answer.body).decode()
    monitor["response"] = {"statusCode": str(answer.status), "body": body}
