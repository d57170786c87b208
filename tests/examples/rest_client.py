"""docs/examples/opensom.http: the scenarios' requests for the REST Client of Visual Studio Code.

A request whose answer is used later has a name; what is taken from its answer is a file variable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from tests.examples.paper import pretty
from tests.examples.scenario import TOKENS, Scenario, Step

HEAD = """# Made by `manage.py examples`: the requests of docs/examples, in order. README.md says what they need.
@host = http://127.0.0.1:8000
@token = paste a token here
@adminToken = paste an administrator's token here
@readerToken = paste a token that may only read here
@listener = https://bss.example.com
@files = https://files.example.com
"""


def rest_client(scenarios: Sequence[Scenario]) -> str:
    kept: list[str] = []  # what the answer before tells: variables belong above the request that follows
    return "\n".join([HEAD, *(part for scenario in scenarios for part in _scenario(scenario, kept))])


def _scenario(scenario: Scenario, kept: list[str]) -> Iterator[str]:
    yield f"# ---- {scenario.title} ----\n"
    for step in scenario.steps:
        yield f"### {step.title}"
        if kept:
            yield "\n".join(["", *kept, ""])
        yield from _request(step)
        yield ""
        kept[:] = [f"@{name} = {{{{{_name(step)}.response.{_path(path)}}}}}" for name, path in step.keep.items()]


def _request(step: Step) -> Iterator[str]:
    if step.until:
        yield f"# Send it again until the answer contains {json.dumps(step.until)}"
    if step.keep:
        yield f"# @name {_name(step)}"
    yield f"{step.method} {{{{host}}}}{step.address}"
    if token := TOKENS[step.who]:
        yield f"Authorization: Bearer {{{{{token}}}}}"
    yield from (f"{key}: {value}" for key, value in step.headers.items() if key != "Content-Type")
    if step.has_body:
        yield f"Content-Type: {step.media_type}"
        yield ""
        yield step.text or pretty(step.body)


def _name(step: Step) -> str:
    return f"{next(iter(step.keep))}Answer"


def _path(path: str) -> str:
    kind, _, header = path.partition(" ")
    if kind == "header":
        return f"headers.{header}"
    return "body.$." + re.sub(r"\.(\d+)", r"[\1]", path)
