"""Scenarios: what a partner sends, in order, as YAML. `{{name}}` stands for what an earlier answer told.

A step's keys:
    title, say   heading and prose of the step on its page
    call         method and address below `/tmf-api/`: `GET serviceOrdering/v4/serviceOrder/{{order}}?fields=state`
    as           whose token is sent (`TOKENS`); the usual BSS's by default
    headers      further headers of the request
    body         JSON; `text` instead is sent as it stands
    status       of the answer; without it any 2xx
    keep         name → what later steps call this: a dotted path in the answer's body, or `header ETag`
    until        what the answer's body contains once the engine has worked so far; the call is repeated until then
    meanwhile    the call is made while the engine reads or writes a file of the partner's
    hear         the notifications to be shown: `event`, and what its resource contains
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
FOLDER = Path(__file__).parent / "scenarios"
ROOT = "/tmf-api/"
TOKENS = {"bss": "token", "admin": "adminToken", "reader": "readerToken", "nobody": ""}
GIVEN = ("host", "listener", "files", "token", "adminToken", "readerToken")  # variables that no answer tells
VARIABLE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    event: str
    at: str  # the last part of the listener's address
    content: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    title: str
    method: str
    address: str  # path and query, with variables
    say: str = ""
    who: str = "bss"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    text: str = ""
    status: int | None = None
    keep: Mapping[str, str] = field(default_factory=dict)
    until: Json = field(default_factory=dict)
    meanwhile: bool = False
    hear: tuple[Hearing, ...] = ()

    @property
    def has_body(self) -> bool:
        return self.body is not None or bool(self.text)

    @property
    def media_type(self) -> str:
        usual = "application/merge-patch+json" if self.method == "PATCH" else "application/json"
        return self.headers.get("Content-Type", usual)

    @property
    def path(self) -> str:
        return self.address.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    name: str  # of its files, `04-order`
    number: int
    title: str
    say: str
    mask: Mapping[str, Any]  # characteristics whose values differ from run to run → what is shown instead
    steps: tuple[Step, ...]


@cache
def scenarios() -> tuple[Scenario, ...]:
    """All of them in the order in which they are played; later ones use what earlier ones kept."""
    return tuple(_scenario(path) for path in sorted(FOLDER.glob("*.yaml")))


def _scenario(path: Path) -> Scenario:
    told = yaml.safe_load(path.read_text())
    steps = tuple(_step(told.get("listener", ""), **step) for step in told["steps"])
    number = int(path.stem.partition("-")[0])
    return Scenario(
        name=path.stem, number=number, title=told["title"], say=told["say"], mask=told.get("mask", {}), steps=steps
    )


def _step(listener: str, *, call: str, hear: Any = (), **told: Any) -> Step:
    method, _, address = call.partition(" ")
    who = told.pop("as", "bss")
    heard = tuple(_hearing(listener, **each) for each in hear)
    return Step(method=method, address=ROOT + address.replace(" ", "%20"), who=who, hear=heard, **told)


def _hearing(listener: str, *, event: str, at: str = "", **content: Any) -> Hearing:
    return Hearing(event=event, at=at or listener, content=content)


def variables(value: Any) -> Iterator[str]:
    """Those that a value refers to, at any depth."""
    match value:
        case str():
            yield from VARIABLE.findall(value)
        case Mapping():
            yield from (name for each in value.values() for name in variables(each))
        case list() | tuple():
            yield from (name for each in value for name in variables(each))


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """The value with every variable replaced. Raises KeyError for one that is not known."""
    match value:
        case str():
            return VARIABLE.sub(lambda found: known[found[1]], value)
        case Mapping():
            return {name: filled(each, known) for name, each in value.items()}
        case list() | tuple():
            return [filled(each, known) for each in value]
        case _:
            return value


def contains(document: Any, content: Any) -> bool:
    """Whether the document has what the content names: objects by name, lists element by element."""
    match content:
        case dict():
            return isinstance(document, dict) and all(
                name in document and contains(document[name], each) for name, each in content.items()
            )
        case list():
            return isinstance(document, list) and len(document) >= len(content) and all(
                contains(one, other) for one, other in zip(document, content, strict=False)
            )  # fmt: skip
        case _:
            return bool(document == content)


def found(document: Any, path: str) -> Any:
    """What stands at a dotted path, `serviceOrderItem.0.service.id`."""
    for name in path.split("."):
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document
