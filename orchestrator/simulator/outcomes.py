"""Forced outcomes: what a request's `simulate` text makes the target do. Words are joined by `;`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from orchestrator.simulator.http import BadRequest, Request

WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The defaults are a target that behaves."""

    delay: float = 0.0  # seconds before anything happens
    status: int = 0  # answered instead of success
    retry_after: str = ""  # the answer's Retry-After
    timeout: bool = False  # no answer, the connection stays open
    garbage: bool = False  # applied; the answer's body is no JSON
    huge: bool = False  # applied; the answer's body is 8 MB, chunked
    gzip_bomb: bool = False  # applied; the answer's body is 1 MB of gzip that unpacks to 1 GB
    redirect: str = ""  # 307 to that URL
    reset: bool = False  # TCP reset instead of an answer
    drop_after_apply: bool = False  # applied, then the connection is closed without an answer
    apply: bool = False  # applied although the answer says otherwise
    is_async: bool = False  # 202 with a monitor
    after: float = 0.2  # seconds until the asynchronous work is done
    callback: str = ""  # once, twice, late, early: the monitor is also POSTed to the callback URL
    late: float = 1.0  # seconds that a late callback comes after the work is done
    fail: bool = False  # the asynchronous work fails, nothing is applied
    times: int = 0  # only the first N requests of an operation are treated so; 0: all
    on: str = ""  # only requests with this method; default: those that change something
    repeats: bool = False  # not idempotent: every request is applied

    @property
    def applies(self) -> bool:
        refuses = self.status >= 300 or self.timeout or self.redirect or self.reset
        return self.apply or not refuses

    def concerns(self, method: str) -> bool:
        return method == self.on if self.on else method in WRITES


GOOD = Outcome()
NAMES = {
    "retryAfter": "retry_after",
    "gzipBomb": "gzip_bomb",
    "drop-after-apply": "drop_after_apply",
    "async": "is_async",
}
CALLBACKS = ("once", "twice", "late", "early")
KINDS: dict[str, Callable[[str], Any]] = {"float": float, "int": int, "str": str}


@lru_cache(maxsize=1024)
def parse(text: str) -> Outcome:
    """Raises BadRequest naming the word that is not understood."""
    made = GOOD
    for word in filter(None, (word.strip() for word in text.split(";"))):
        made = replace(made, **dict(_set(word)))
    return made


def _set(word: str) -> Iterator[tuple[str, Any]]:
    name, given, value = word.partition("=")
    if name == "mode" and value in ("repeats", "idempotent"):
        yield "repeats", value == "repeats"
        return
    if name == "callback":
        yield "callback", _one_of(CALLBACKS, value or "once", word)
        yield "is_async", True
        return
    kinds = {each.name: str(each.type) for each in fields(Outcome)}
    kind = kinds.get(NAMES.get(name, name), "")
    if not kind or (kind == "bool") == bool(given):
        raise BadRequest(f"simulate: {word!r} is not understood")
    try:
        yield NAMES.get(name, name), KINDS[kind](value) if given else True
    except ValueError:
        raise BadRequest(f"simulate: {word!r} is not understood") from None
    if name == "fail":
        yield "is_async", True


def _one_of(words: tuple[str, ...], value: str, word: str) -> str:
    if value not in words:
        raise BadRequest(f"simulate: {word!r} is not understood")
    return value


def wished(request: Request) -> Outcome:
    """From the X-Simulate header, then the query, then the body; later words win."""
    texts = [request.headers.get("x-simulate", ""), request.query.get("simulate", "")]
    if "mode" in request.query:
        texts.append(f"mode={request.query['mode']}")
    if isinstance(request.document, dict):
        texts += in_body(request.document)
    outcome = parse(";".join(filter(None, texts)))
    if outcome is parse(""):
        return outcome
    return outcome if outcome.concerns(request.method) else replace(GOOD, repeats=outcome.repeats)


def in_body(document: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(document.get("simulate"), str):
        yield document["simulate"]
    characteristics = document.get("serviceCharacteristic")
    for each in characteristics if isinstance(characteristics, list) else ():
        if isinstance(each, dict) and each.get("name") == "simulate" and isinstance(each.get("value"), str):
            yield each["value"]
