"""A person's task: accepted at once, done when an operator says so.

The answer is `{"outputs": {…}}`, or `{"refused": "why"}`.
"""

from __future__ import annotations

from typing import Any

from orchestrator.connectors.base import Absent, Accepted, Done, Permanent, Task
from orchestrator.connectors.http import masked

PERSON = "person"


class ManualConnector:
    def apply(self, task: Task) -> Done | Accepted:
        return Accepted(PERSON)

    def undo(self, task: Task) -> Done | Accepted:
        return Accepted(PERSON)

    def look_up(self, task: Task) -> Done | Accepted | Absent:
        return Accepted(PERSON) if task.correlation else Absent()

    def read_answer(self, task: Task, body: Any) -> Done | Accepted:
        if isinstance(body, dict) and body.get("refused"):
            raise Permanent(f"an operator refused it: {masked(str(body['refused']), task.system)}", code="refused")
        if isinstance(body, dict) and isinstance(body.get("outputs", {}), dict):
            return Done(body.get("outputs", {}))
        return Accepted(PERSON)
