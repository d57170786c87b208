"""The simulated target's own state: its services, changed as TMF640 (activation and configuration) says."""

from __future__ import annotations

import hashlib
from typing import Any

from orchestrator.simulator.http import Answer, Request, refusal
from orchestrator.simulator.ledger import Operation

PREFIX = "/tmf-api/ServiceActivation/v4"
Json = dict[str, Any]


class Services:
    def __init__(self) -> None:
        self._by_id: dict[str, Json] = {}

    def clear(self) -> None:
        self._by_id.clear()

    def read(self, request: Request, service_id: str) -> Answer:
        """One service, or all whose first-level attributes equal the query's."""
        if service_id:
            found = self._by_id.get(service_id)
            return Answer(200, found) if found else _unknown(service_id)
        wanted = {name: value for name, value in request.query.items() if name not in ("simulate", "mode")}
        matching = [s for s in self._by_id.values() if all(str(s.get(name)) == wanted[name] for name in wanted)]
        return Answer(200, matching, {"X-Total-Count": str(len(matching))})

    def change(self, request: Request, service_id: str, operation: Operation, *, repeats: bool) -> Answer:
        """POST, PATCH or DELETE. A refusal changes nothing."""
        match request.method, bool(service_id):
            case "POST", False:
                return self._create(request, operation, repeats=repeats)
            case (("PATCH" | "DELETE"), True) if service_id not in self._by_id:
                return _unknown(service_id)
            case "PATCH", True:
                return self._modify(request, service_id)
            case "DELETE", True:
                del self._by_id[service_id]
                return Answer(204)
            case _:
                return refusal(405, "Method not allowed")

    def _create(self, request: Request, operation: Operation, *, repeats: bool) -> Answer:
        if not isinstance(request.document, dict):
            return refusal(400, "A service is a JSON object")
        service_id = str(request.document.get("id") or _id_of(operation))
        if service_id in self._by_id and not repeats:
            return refusal(409, f"There is a service {service_id} already")
        href = f"{request.origin}{PREFIX}/service/{service_id}"
        service = {"state": "active", **request.document, "id": service_id, "href": href}
        self._by_id[service_id] = service
        return Answer(201, service, {"Location": href})

    def _modify(self, request: Request, service_id: str) -> Answer:
        if not isinstance(request.document, dict):
            return refusal(400, "A change is a JSON object")
        before = self._by_id[service_id]
        change = {name: value for name, value in request.document.items() if name not in ("id", "href")}
        if "serviceCharacteristic" in change:
            change["serviceCharacteristic"] = _by_name(before, request.document)
        self._by_id[service_id] = {**before, **change}
        return Answer(200, self._by_id[service_id])


def _by_name(*documents: Json) -> list[Any]:
    """Characteristics of the same name: the later document's."""
    merged = {each.get("name"): each for document in documents for each in document.get("serviceCharacteristic") or ()}
    return [*merged.values()]


def _id_of(operation: Operation) -> str:
    """The same for the same operation, another for each time it is applied again."""
    text = f"{operation.key}/{len(operation.sequences)}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _unknown(service_id: str) -> Answer:
    return refusal(404, f"There is no service {service_id}")
