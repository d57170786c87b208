"""Work that a target has accepted: how it is named, and when it is done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings

from orchestrator.connectors.base import Accepted, Permanent, Task
from orchestrator.connectors.http import Answer, masked, path_below, retry_after_of
from tmf.errors import BadRequest
from tmf.gate import loads

DONE = frozenset({"completed", "complete", "done", "succeeded", "success", "finished"})
FAILED = frozenset({"failed", "failure", "error", "rejected", "cancelled", "aborted", "terminatedwitherror"})
CORRELATION_MAX = 1000


def accepted(task: Task, answer: Answer) -> Accepted:
    """The monitor is where Location says, or where its id says; without either the operation key is asked for."""
    location = path_below(task.system, answer.headers.get("Location", ""))
    if not location and isinstance(answer.document, dict) and is_monitor(answer.document):
        location = f"/monitor/{quote(str(answer.document.get('id')), safe='')}"
    named = location if location and len(location) <= CORRELATION_MAX else task.operation_key
    return Accepted(named, _poll_after(answer))


def waiting(task: Task) -> Accepted:
    """It is still being worked on."""
    return Accepted(task.correlation, settings.ENV.POLL_SECONDS)


def _poll_after(answer: Answer) -> float:
    asked = retry_after_of(answer.headers)
    return settings.ENV.POLL_SECONDS if asked is None else asked


def is_monitor(document: Mapping[str, Any]) -> bool:
    return "state" in document and any(name in document for name in ("response", "request", "sourceHref"))


def is_done(task: Task, state: Any, body: Any, done: Collection[str] = DONE, failed: Collection[str] = FAILED) -> bool:
    """What a state in any case means. Raises Permanent when the work failed, with the reason in `body`."""
    word = str(state).lower()
    if word in failed:
        reason = body.get("reason") or body.get("message") if isinstance(body, dict) else body
        told = f": {masked(str(reason), task.system)}" if reason else ""
        raise Permanent(f"{task.system.name} reports that the work failed{told}", code="workFailed")
    return word in done


def body_of(body: Any) -> Any:
    """TMF640 has the response's body as a text; some send it as an object."""
    if not isinstance(body, str):
        return body
    try:
        return loads(body.encode())
    except BadRequest:
        return body
