"""Service activation and configuration (TMF640 v4): service, monitor, callback.

    {"method": "POST", "service": {…}}                create
    {"method": "PATCH", "id": "…", "service": {…}}    change
    {"method": "DELETE", "id": "…"}                   remove

`lookUp` (optional) is the path that finds a created service by `{key}`; by default its `externalId` is the
operation key and is asked for. `undo` (optional) is the request that takes this one back.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    Permanent,
    Task,
)
from orchestrator.connectors.http import Conflict, NotThere, call, masked
from orchestrator.connectors.monitors import accepted, body_of, is_done, is_monitor, waiting

LOOK_UP = "/service?externalId={key}"
SERVERS_OWN = ("id", "href")
Json = dict[str, Any]


class Tmf640Connector:
    def apply(self, task: Task) -> Done | Accepted:
        request = _meant(task)
        try:
            answer = call(task, request["method"], _path(request), body=_body(task, request))
        except Conflict:
            # Perhaps a lost attempt of ours made it: then it stands under our key.
            known = self.look_up(task) if request["method"] == "POST" else Absent()
            if isinstance(known, Absent):
                raise
            return known
        except NotThere:
            if request["method"] != "DELETE":
                raise
            return Done()
        return accepted(task, answer) if answer.status == 202 else Done(_outputs(answer.document))

    def undo(self, task: Task) -> Done | Accepted:
        return self.apply(replace(task, undoing=True, correlation=""))

    def look_up(self, task: Task) -> Done | Accepted | Absent:
        if task.correlation and task.correlation != task.operation_key:
            return _polled(task)
        try:
            return _found(task, _meant(task))
        except Misconfigured:
            raise
        except ConnectorError as error:
            raise OutcomeUnknown(f"it cannot be looked up: {error.message}", code=error.code) from error

    def read_answer(self, task: Task, body: Any) -> Done | Accepted:
        """The monitor or the service itself, bare or in an event."""
        document = body
        if isinstance(body, dict) and isinstance(body.get("event"), dict):
            document = next(iter(body["event"].values()), None)
        if not isinstance(document, dict) or not document:
            return waiting(task)
        if is_monitor(document):
            return _monitored(task, document)
        if "code" in document and "reason" in document:
            raise Permanent(f"{task.system.name}: {masked(str(document['reason']), task.system)}", code="failed")
        return Done(_outputs(document)) if "id" in document else waiting(task)


def _meant(task: Task) -> Json:
    """The request of the operation itself: what is asked for, or what takes it back. Raises Misconfigured."""
    return _inverse(task.request) if task.undoing else _checked(task.request)


def _checked(request: Any) -> Json:
    """The request, if it is one. Raises Misconfigured."""
    if not isinstance(request, dict) or request.get("method") not in ("POST", "PATCH", "DELETE"):
        raise Misconfigured("a tmf640 request has the method POST, PATCH or DELETE", code="request")
    if request["method"] != "POST" and not request.get("id"):
        raise Misconfigured(f"a tmf640 {request['method']} needs the service's id", code="request")
    if request["method"] != "DELETE" and not isinstance(request.get("service"), dict):
        raise Misconfigured(f"a tmf640 {request['method']} needs the service", code="request")
    return request


def _path(request: Json) -> str:
    return "/service" if request["method"] == "POST" else f"/service/{quote(str(request['id']), safe='')}"


def _body(task: Task, request: Json) -> Any:
    match request["method"]:
        case "POST" if "lookUp" not in request:
            return {"externalId": task.operation_key, **request["service"]}
        case "POST":
            return request["service"]
        case "PATCH":
            return {name: value for name, value in request["service"].items() if name not in SERVERS_OWN}
        case _:
            return None


def _inverse(request: Any) -> Json:
    if isinstance(request, dict) and isinstance(request.get("undo"), dict):
        return _checked(request["undo"])
    checked = _checked(request)
    service_id = checked.get("id") or checked.get("service", {}).get("id")
    if checked["method"] == "POST" and service_id:
        return {"method": "DELETE", "id": service_id}
    raise Misconfigured("what this request did can only be taken back by an undo request of its own", code="undo")


def _outputs(document: Any) -> Json:
    """`id`, `state` and `characteristics` by name, as far as the service tells them."""
    if not isinstance(document, dict):
        return {}
    listed = document.get("serviceCharacteristic")
    characteristics = {
        each["name"]: each.get("value")
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict) and isinstance(each.get("name"), str)
    }
    told = {name: document[name] for name in ("id", "href", "state") if name in document}
    return {**told, "characteristics": characteristics}


# -- accepted work --------------------------------------------------------------------------


def _polled(task: Task) -> Done | Accepted | Absent:
    try:
        document = call(task, "GET", task.correlation).document
    except NotThere:
        return Absent()
    if isinstance(document, dict) and is_monitor(document):
        return _monitored(task, document)
    return Done(_outputs(document)) if isinstance(document, dict) and "id" in document else waiting(task)


def _monitored(task: Task, monitor: Json) -> Done | Accepted:
    response = monitor.get("response")
    body = body_of(response.get("body")) if isinstance(response, dict) else None
    return Done(_outputs(body)) if is_done(task, monitor["state"], body) else waiting(task)


# -- what became of it ----------------------------------------------------------------------


def _found(task: Task, request: Json) -> Done | Absent:
    if request["method"] == "POST":
        return _created(task, request)
    try:
        document = call(task, "GET", _path(request)).document
    except NotThere:
        return Done() if request["method"] == "DELETE" else Absent()
    if request["method"] == "DELETE" or not _shows(document, request["service"]):
        return Absent()
    return Done(_outputs(document))


def _created(task: Task, request: Json) -> Done | Absent:
    path = str(request.get("lookUp", LOOK_UP)).replace("{key}", quote(task.operation_key, safe=""))
    try:
        document = call(task, "GET", path).document
    except NotThere:
        return Absent()
    found = document if isinstance(document, list) else [document]
    if "lookUp" not in request:  # a target that ignores filters answers with everybody's services
        found = [each for each in found if isinstance(each, dict) and each.get("externalId") == task.operation_key]
    if not found or not isinstance(found[0], dict):
        return Absent()
    return Done(_outputs(found[0].get("body", found[0])))


def _shows(document: Any, wanted: Mapping[str, Any]) -> bool:
    """Whether the service already is what the change wants: then it need not be made again."""
    if not isinstance(document, dict):
        return False
    has, wants = _outputs(document)["characteristics"], _outputs(wanted)["characteristics"]
    others = {name: value for name, value in wanted.items() if name not in ("serviceCharacteristic", *SERVERS_OWN)}
    return all(document.get(name) == value for name, value in others.items()) and wants.items() <= has.items()
