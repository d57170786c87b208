"""A target inside the process, for sandboxes and benchmarks: no HTTP, nothing is kept.

`simulate` in the request, or a service characteristic of that name, forces an outcome in the words of the simulated
target (docs/simulator.md) as far as they make sense without a network; `latency` is how long a call takes, seconds.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.connectors.base import (
    Absent,
    Accepted,
    Done,
    Misconfigured,
    OutcomeUnknown,
    Permanent,
    Task,
)
from orchestrator.connectors.http import by_status
from orchestrator.simulator.http import BadRequest
from orchestrator.simulator.outcomes import Outcome, in_body, parse


class SimulatorConnector:
    def apply(self, task: Task) -> Done | Accepted:
        outcome = _wished(task)
        _take_time(task, outcome)
        if outcome.status >= 300 or outcome.redirect:
            after = float(outcome.retry_after) if outcome.retry_after else None
            raise by_status(task.system, "POST", outcome.status or 307, "forced outcome", after)
        if outcome.reset or outcome.drop_after_apply:
            raise OutcomeUnknown(f"{task.system.name}: closed the connection", code="unanswered")
        if outcome.garbage or outcome.huge or outcome.gzip_bomb:
            raise OutcomeUnknown(f"{task.system.name}: the answer cannot be read", code="answerUnreadable")
        if outcome.is_async:
            return Accepted(f"{'fail' if outcome.fail else 'done'}@{time.time() + outcome.after}", outcome.after)
        return Done(_outputs(task))

    def undo(self, task: Task) -> Done | Accepted:
        return self.apply(replace(task, undoing=True))

    def look_up(self, task: Task) -> Done | Accepted | Absent:
        """Nothing outside was changed: an operation that nobody accepted may be done again."""
        ending, _, due = task.correlation.partition("@")
        if not due:
            return Absent()
        if (left := float(due) - time.time()) > 0:
            return Accepted(task.correlation, left)
        if ending == "fail":
            raise Permanent(f"{task.system.name} reports that the work failed", code="workFailed")
        return Done(_outputs(task))

    def read_answer(self, task: Task, body: Any) -> Done | Accepted:
        return Done(body) if isinstance(body, dict) else Accepted(task.correlation)


def _request(task: Task) -> Mapping[str, Any]:
    request = task.request if isinstance(task.request, dict) else {}
    undo = request.get("undo")
    return undo if task.undoing and isinstance(undo, dict) else request


def _wished(task: Task) -> Outcome:
    """Raises Misconfigured for words that are unknown, or that only a target with a memory understands."""
    request = _request(task)
    service = request.get("service")
    texts = [*in_body(request), *(in_body(service) if isinstance(service, dict) else ())]
    try:
        outcome = parse(";".join(texts))
    except BadRequest as error:
        raise Misconfigured(str(error), code="simulate") from None
    if outcome.times or outcome.callback or outcome.repeats or outcome.on:
        raise Misconfigured("simulate: times, callback, mode and on need the simulated target", code="simulate")
    return outcome


def _take_time(task: Task, outcome: Outcome) -> None:
    seconds = float(_request(task).get("latency", 0)) + outcome.delay
    if outcome.timeout or seconds > task.timeout:
        time.sleep(task.timeout)
        raise OutcomeUnknown(f"{task.system.name}: no answer in time", code="unanswered")
    if seconds:
        time.sleep(seconds)


def _outputs(task: Task) -> dict[str, Any]:
    """The same for the same key."""
    number = zlib.crc32(task.operation_key.encode())
    service = _request(task).get("service")
    listed = service.get("serviceCharacteristic", []) if isinstance(service, dict) else []
    told = {each["name"]: each.get("value") for each in listed if isinstance(each, dict) and "name" in each}
    return {"id": f"simulated-{number:08x}", "state": "active", "number": 100 + number % 3900, "characteristics": told}
