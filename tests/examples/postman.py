"""docs/examples/opensom.postman_collection.json: the scenarios as a Postman collection (v2.1), one folder for each.

A request keeps what later ones use as a variable of the collection, and checks the status of its answer. One that
waits for the engine is sent again, up to `ROUNDS` times. What was answered is saved beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from tests.examples.paper import pretty
from tests.examples.record import Exchange
from tests.examples.scenario import GIVEN, TOKENS, Json, Step

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ROUNDS = 60
DEFAULTS = {
    "host": "http://127.0.0.1:8000",
    "listener": "https://bss.example.com",
    "files": "https://files.example.com",
}
UNTIL = """const contains = (one, other) => other !== null && typeof other === "object"
    ? one !== null && typeof one === "object" && Object.keys(other).every(name => contains(one[name], other[name]))
    : one === other;
const rounds = Number(pm.collectionVariables.get("rounds") || 0) + 1;
const come = contains(pm.response.json(), %s);
pm.collectionVariables.set("rounds", come ? 0 : rounds);
if (!come && rounds < %d) {
    pm.execution.setNextRequest(pm.info.requestId);
    setTimeout(() => {}, 500);
} else {
    pm.test("it has come so far", () => pm.expect(come).to.be.true);
}"""


def postman(played: Sequence[Exchange]) -> str:
    folders = groupby(played, key=lambda exchange: exchange.scenario)
    collection = {
        "info": {"name": "OpenSOM", "description": "Made by `manage.py examples`.", "schema": SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "variable": [{"key": name, "value": DEFAULTS.get(name, ""), "type": "string"} for name in GIVEN],
        "item": [
            {"name": scenario.title, "description": scenario.say, "item": [_item(each) for each in exchanges]}
            for scenario, exchanges in folders
        ],
    }
    return pretty(collection) + "\n"


def _item(exchange: Exchange) -> Json:
    step = exchange.step
    request = _request(step)
    script = [line for part in _script(exchange) for line in part.splitlines()]
    return {
        "name": step.title,
        "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}],
        "request": request,
        "response": [_answer(exchange, request)],
    }


def _request(step: Step) -> Json:
    headers = {name: value for name, value in step.headers.items() if name != "Content-Type"}
    if step.has_body:
        headers["Content-Type"] = step.media_type
    made: Json = {
        "method": step.method,
        "description": step.say,
        "header": _pairs(headers),
        "url": _url(step.address),
    }
    if step.has_body:
        made["body"] = {
            "mode": "raw",
            "raw": step.text or pretty(step.body),
            "options": {"raw": {"language": "json"}},
        }
    if step.who == "nobody":
        made["auth"] = {"type": "noauth"}
    elif step.who != "bss":
        bearer = {"key": "token", "value": f"{{{{{TOKENS[step.who]}}}}}", "type": "string"}
        made["auth"] = {"type": "bearer", "bearer": [bearer]}
    return made


def _pairs(headers: Any) -> list[Json]:
    return [{"key": name, "value": value} for name, value in headers.items()]


def _url(address: str) -> Json:
    path, _, query = address.partition("?")
    made: Json = {"raw": "{{host}}" + address, "host": ["{{host}}"], "path": path.strip("/").split("/")}
    if query:
        pairs = (pair.partition("=") for pair in query.split("&"))
        made["query"] = [{"key": name, "value": value} for name, _, value in pairs]
    return made


def _script(exchange: Exchange) -> Iterator[str]:
    step = exchange.step
    yield f'pm.test("it answers {exchange.status}", () => pm.response.to.have.status({exchange.status}));'
    for name, path in step.keep.items():
        yield f'pm.collectionVariables.set("{name}", {_taken(path)});'
    if step.until:
        yield UNTIL % (json.dumps(step.until), ROUNDS)


def _taken(path: str) -> str:
    kind, _, header = path.partition(" ")
    if kind == "header":
        return f'pm.response.headers.get("{header}")'
    return "pm.response.json()." + re.sub(r"\.(\d+)", r"[\1]", path)


def _answer(exchange: Exchange, request: Json) -> Json:
    return {
        "name": exchange.step.title,
        "originalRequest": {"method": request["method"], "url": request["url"]},
        "code": exchange.status,
        "_postman_previewlanguage": "json",
        "header": _pairs(exchange.answer_headers),
        "body": "" if exchange.answer is None else pretty(exchange.answer),
    }
