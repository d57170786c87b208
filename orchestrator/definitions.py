"""Process definitions: how one specification is fulfilled for one action. Documents in, steps out.

The document's form is `SCHEMA`; what JSON Schema cannot say (keys, order, expressions) is in `faults`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

import jsonschema_rs

from orchestrator.expressions import VARIABLES, ExpressionError, free, names, sources

Json = dict[str, Any]
TEXT = {"type": "string", "minLength": 1}
SECONDS = {"type": "number", "exclusiveMinimum": 0}

STEP_SCHEMA: Json = {
    "type": "object",
    "required": ["key"],
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,79}$"},
        "description": {"type": "string"},
        "target": TEXT,
        "connector": TEXT,
        "request": {"type": "object"},
        "after": {"type": "array", "items": TEXT, "uniqueItems": True},
        "timeout": SECONDS,
        "answerWithin": SECONDS,
        "retry": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "attempts": {"type": "integer", "minimum": 1, "maximum": 1000},
                "backoff": SECONDS,
                "maxBackoff": SECONDS,
            },
        },
        "outputs": {"type": "object", "additionalProperties": TEXT},
        "characteristics": {"type": "array", "items": TEXT, "uniqueItems": True},
        "undo": {
            "type": "object",
            "required": ["request"],
            "properties": {"request": {"type": "object"}, "target": TEXT},
        },
        "pointOfNoReturn": {"enum": ["hard", "soft"]},
        "milestone": TEXT,
    },
}
SCHEMA: Json = {
    "type": "object",
    "required": ["specification", "action", "steps"],
    "additionalProperties": False,
    "properties": {
        "specification": TEXT,
        "action": {"enum": ["add", "modify", "delete"]},
        "description": {"type": "string"},
        "steps": {"type": "array", "items": STEP_SCHEMA, "maxItems": 500},
    },
}
_VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
_STRING = re.compile(r"'(?:\\.|[^'\\])*'" + r'|"(?:\\.|[^"\\])*"')
_OUTPUTS_OF = re.compile(r"(?<![\w.])outputs\s*\.\s*(\w+)")


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step of a definition. `document` is what the plan keeps of it."""

    key: str
    connector: str = ""
    target: str = ""
    request: Any = None
    after: tuple[str, ...] = ()
    timeout: float = 30
    document: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definitions:
    """The active definitions that a plan needs, and what serves a specification that has none."""

    documents: Mapping[tuple[str, str], Json]  # (specification name, action) → {version, digest, document}
    connector_of: Mapping[str, str]  # target name → its connector
    default_target: str = ""
    timeout: float = 30

    def steps(self, specification: str, action: str) -> tuple[StepSpec, ...]:
        """The steps for one fulfilment item, never none: an item without work is one step that calls nobody."""
        return tuple(self._step(document) for document in self._documents(specification, action))

    def count(self, specification: str, action: str) -> int:
        """How many steps there are."""
        return len(self._documents(specification, action))

    def _documents(self, specification: str, action: str) -> list[Json]:
        found = self.documents.get((specification, action)) if action != "noChange" else None
        if found is None and action != "noChange":
            return [{"key": "activate", "target": self.default_target, "undo": {}}]
        return (found["document"]["steps"] if found else []) or [{"key": "record"}]

    def pin(self, specification: str, action: str) -> Json | None:
        """Which definition it is, to be kept with the plan."""
        found = self.documents.get((specification, action))
        if found is None:
            return None
        kept = {name: found[name] for name in ("version", "digest")}
        return {"specification": specification, "action": action, **kept}

    def _step(self, document: Json) -> StepSpec:
        target = document.get("target", "")
        return StepSpec(
            key=document["key"],
            connector=document.get("connector") or self.connector_of.get(target, "") or ("unknown" if target else ""),
            target=target,
            request=document.get("request"),
            after=tuple(document.get("after", ())),
            timeout=float(document.get("timeout", self.timeout)),
            document=self._kept(document),
        )

    def _kept(self, document: Json) -> Json:
        """What the plan keeps of it; an undo at another target knows that one's connector."""
        kept: Json = {name: document[name] for name in _KEPT if name in document}
        if target := kept.get("undo", {}).get("target"):
            kept["undo"] = {**kept["undo"], "connector": self.connector_of.get(target, "unknown")}
        return kept


_KEPT = ("answerWithin", "retry", "outputs", "characteristics", "undo", "pointOfNoReturn", "milestone")


def faults(document: Any) -> list[str]:
    """Everything that is wrong with a definition document, in words; empty when it can be used."""
    shape = [
        f"{'.'.join(map(str, e.instance_path)) or 'document'}: {e.message}" for e in _VALIDATOR.iter_errors(document)
    ]
    return shape or [*_step_faults(document["steps"])]


def _step_faults(steps: list[Json]) -> Iterator[str]:
    keys = [step["key"] for step in steps]
    yield from (f"steps: key {key!r} stands twice" for key in sorted({*keys}) if keys.count(key) > 1)
    for step in steps:
        yield from (f"{step['key']}.after: no step {name!r}" for name in step.get("after", ()) if name not in keys)
        yield from _template_faults(step)
        yield from _output_faults(step)
        if "connector" in step and "target" not in step and step["connector"] != "manual":
            yield f"{step['key']}: a step with a connector needs a target"
    try:
        order = [*TopologicalSorter({step["key"]: step.get("after", ()) for step in steps}).static_order()]
    except CycleError as error:
        yield f"steps: {' → '.join(error.args[1])} wait for each other"
    else:
        yield from _order_faults({step["key"]: step for step in steps}, order)


def _template_faults(step: Json) -> Iterator[str]:
    for where in ("request", "undo"):
        try:
            unknown = names(step.get(where)) - VARIABLES
        except ExpressionError as error:
            yield f"{step['key']}.{where}: {error}"
        else:
            yield from (f"{step['key']}.{where}: there is no variable {name!r}" for name in sorted(unknown))


def _output_faults(step: Json) -> Iterator[str]:
    for name, source in step.get("outputs", {}).items():
        try:
            unknown = free(source) - {"answer"}
        except ExpressionError as error:
            yield f"{step['key']}.outputs.{name}: {error}"
        else:
            yield from (
                f"{step['key']}.outputs.{name}: there is no variable {one!r}, only answer" for one in sorted(unknown)
            )
    for name in step.get("characteristics", ()):
        if name not in step.get("outputs", {}):
            yield f"{step['key']}.characteristics: {name!r} is none of its outputs"


def _order_faults(steps: Mapping[str, Json], order: list[str]) -> Iterator[str]:
    """Requests that take the outputs of a step which need not be done by then. `order`: predecessors first."""
    before: dict[str, set[str]] = {}
    for key in order:
        after = steps[key].get("after", ()) if key in steps else ()
        before[key] = {*after}.union(*(before[name] for name in after))
    for key, step in steps.items():
        for name in sorted(_outputs_of(step.get("request")) - before[key]):
            yield f"{key}.request: takes outputs of {name!r}, which is no step before it"
        for name in sorted(_outputs_of(step.get("undo")) - before[key] - {key}):
            yield f"{key}.undo: takes outputs of {name!r}, which is neither itself nor a step before it"


def _outputs_of(template: Any) -> set[str]:
    """The steps whose outputs a template takes by `outputs.<key>`."""
    try:
        return {name for source in sources(template) for name in _OUTPUTS_OF.findall(_STRING.sub("''", source))}
    except ExpressionError:
        return set()


def digest(document: Json) -> str:
    """SHA-256 of the document in canonical form, hexadecimal."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
