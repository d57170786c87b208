"""Anything with HTTP and JSON, by a request that says everything.

    method, path                mandatory; the path begins below the target's base URL
    query, headers, body        optional
    expect                      statuses that are success; default: every 2xx
    accepted {status, correlation}  which statuses mean "later" (default 202), and where the work's name stands
                                in the answer's body (`job.id`); default: the Location header
    poll {path, state, done, failed, outputs}   how it is asked for: path with `{correlation}` and `{key}`, where the
                                state stands, which states end it, where the outputs stand
    answer {state, done, failed, outputs}       the same for a callback's body; default: as `poll`
    lookUp {path, outputs}      where `{key}` is asked for after a lost answer; 404 means never heard of
    undo                        the request that takes this one back

The outputs are `{"status": …, "body": …}`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from orchestrator.connectors.base import (
    Absent,
    Accepted,
    ConnectorError,
    Done,
    Misconfigured,
    OutcomeUnknown,
    Task,
)
from orchestrator.connectors.http import Answer, Conflict, NotThere, call
from orchestrator.connectors.monitors import CORRELATION_MAX, DONE, FAILED, accepted, body_of, is_done, waiting

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
NOTHING = object()
Json = dict[str, Any]


class RestConnector:
    def apply(self, task: Task) -> Done | Accepted:
        request = _meant(task)
        later = _part(request, "accepted").get("status", [202])
        try:
            answer = _call(task, request, expect=[*request["expect"], *later] if "expect" in request else ())
        except Conflict:
            # Perhaps a lost attempt of ours made it: then it is known under our key.
            known = self.look_up(task) if _part(request, "lookUp") else Absent()
            if isinstance(known, Absent):
                raise
            return known
        return _accepted(task, request, answer) if answer.status in later else _done(answer)

    def undo(self, task: Task) -> Done | Accepted:
        return self.apply(replace(task, undoing=True, correlation=""))

    def look_up(self, task: Task) -> Done | Accepted | Absent:
        request = _meant(task)
        if task.correlation and (task.correlation.startswith("/") or "path" in _part(request, "poll")):
            return _polled(task, request)
        try:
            return _found(task, request)
        except Misconfigured:
            raise
        except ConnectorError as error:
            raise OutcomeUnknown(f"it cannot be looked up: {error.message}", code=error.code) from error

    def read_answer(self, task: Task, body: Any) -> Done | Accepted:
        request = _meant(task)
        told = _part(request, "answer") or _part(request, "poll")
        if _at(body, told.get("state", "state")) is NOTHING and "state" not in told:
            return Done({"status": 200, "body": body})
        return _judged(task, told, 200, body)


def _meant(task: Task) -> Json:
    """The request of the operation itself: what is asked for, or what takes it back. Raises Misconfigured."""
    if not task.undoing:
        return _checked(task.request)
    undo = task.request.get("undo") if isinstance(task.request, dict) else None
    if not isinstance(undo, dict):
        raise Misconfigured("what this request did can only be taken back by an undo request of its own", code="undo")
    return _checked(undo)


def _checked(request: Any) -> Json:
    """The request, if it is one. Raises Misconfigured."""
    if not isinstance(request, dict) or request.get("method") not in METHODS:
        raise Misconfigured(f"a rest request has a method: {', '.join(sorted(METHODS))}", code="request")
    if not isinstance(request.get("path"), str):
        raise Misconfigured("a rest request has a path", code="request")
    for name in ("query", "headers", "accepted", "poll", "answer", "lookUp"):
        if not isinstance(request.get(name, {}), dict):
            raise Misconfigured(f"a rest request's {name} is an object", code="request")
    if not isinstance(request.get("expect", []), list):
        raise Misconfigured("a rest request's expect is a list of statuses", code="request")
    return request


def _part(request: Json, name: str) -> Json:
    part: Json = request.get(name, {})
    return part


def _call(task: Task, request: Json, expect: Collection[int]) -> Answer:
    return call(
        task,
        request["method"],
        request["path"],
        body=request.get("body"),
        query=request.get("query"),
        headers=request.get("headers"),
        expect=expect,
        json_only=False,
    )


def _done(answer: Answer) -> Done:
    return Done({"status": answer.status, "body": answer.text or answer.document})


def _accepted(task: Task, request: Json, answer: Answer) -> Accepted:
    made = accepted(task, answer)
    path = _part(request, "accepted").get("correlation")
    named = _at(answer.document, path) if isinstance(path, str) else NOTHING
    if isinstance(named, str | int) and named and len(str(named)) <= CORRELATION_MAX:
        return replace(made, correlation=str(named))
    can_ask = made.correlation.startswith("/") or _part(request, "lookUp") or "path" in _part(request, "poll")
    return made if can_ask else replace(made, poll_after=None)


def _polled(task: Task, request: Json) -> Done | Accepted | Absent:
    poll = _part(request, "poll")
    path = str(poll.get("path", task.correlation if task.correlation.startswith("/") else ""))
    path = path.replace("{correlation}", quote(task.correlation, safe="/?&=%")).replace("{key}", _key(task))
    try:
        answer = call(task, "GET", path)
    except NotThere:
        return Absent()
    return _judged(task, poll, answer.status, answer.document)


def _judged(task: Task, told: Json, status: int, document: Any) -> Done | Accepted:
    """By the word at `state`. Raises Permanent when it means failure."""
    done, failed = (
        frozenset(str(word).lower() for word in told.get(name, usual))
        for name, usual in (("done", DONE), ("failed", FAILED))
    )
    state = _at(document, told.get("state", "state"))
    found = _at(document, told.get("outputs", "response.body"))
    body = body_of(document if found is NOTHING else found)
    if state is NOTHING or not is_done(task, state, body, done, failed):
        return waiting(task)
    return Done({"status": status, "body": body})


def _found(task: Task, request: Json) -> Done | Accepted | Absent:
    if "path" not in _part(request, "lookUp"):
        if task.correlation:
            return Accepted(task.correlation)  # only its answer will tell
        raise Misconfigured(f"{task.system.name}: a queryable target needs a lookUp in the request", code="lookUp")
    look_up = _part(request, "lookUp")
    try:
        answer = call(task, "GET", str(look_up["path"]).replace("{key}", _key(task)))
    except NotThere:
        return Absent()
    found = _at(answer.document, look_up.get("outputs", "body"))
    return Done({"status": answer.status, "body": answer.document if found is NOTHING else found})


def _key(task: Task) -> str:
    return quote(task.operation_key, safe="")


def _at(document: Any, path: Any) -> Any:
    """The value at a dotted path, with numbers for elements of arrays; NOTHING when there is none."""
    for name in str(path).split("."):
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return NOTHING
    return document
