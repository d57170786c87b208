"""What a broken rule of a JSON Schema is told as: plain words that say what to mend."""

from collections.abc import Callable, Sequence
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

SHOWN = 60  # characters of a client's value that a message repeats at most
NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
FORMATS = {
    "date-time": "a date-time as RFC 3339 has it, such as 2026-11-21T09:30:00Z",
    "uri": "a URI, without blanks",
}


def words(error: ValidationError) -> str:
    kind = error.kind
    say = WORDS.get(kind.name)
    return say(kind, error.instance) if say else f"breaks the rule {kind.name!r}"


def _wrong_type(kind: Any, value: Any) -> str:
    return f"must be {' or '.join(NAMES[name] for name in kind.types)}, not {_kind_of(value)}"


def _wrong_word(kind: Any, value: Any) -> str:
    return f"must be one of {', '.join(str(option) for option in kind.options)}, not {_shown(value)}"


def _wrong_format(kind: Any, value: Any) -> str:
    return f"must be {FORMATS.get(kind.format, kind.format)}, not {_shown(value)}"


def _no_branch(kind: Any, value: Any) -> str:
    """A choice between attributes is told as one; of any other choice, the first branch's complaint."""
    branches = kind.context
    if all(len(branch) == 1 and branch[0].kind.name == "required" for branch in branches):
        return f"needs {' or '.join(branch[0].kind.property for branch in branches)}"
    return words(branches[0][0])


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


WORDS: dict[str, Callable[[Any, Any], str]] = {
    "required": lambda kind, value: "is missing",
    "type": _wrong_type,
    "enum": _wrong_word,
    "format": _wrong_format,
    "anyOf": _no_branch,
    "pattern": lambda kind, value: f"must match {kind.pattern}, unlike {_shown(value)}",
    "minItems": lambda kind, value: f"must have at least {_plural(kind.limit, 'element')}",
    "maxItems": lambda kind, value: f"must have at most {_plural(kind.limit, 'element')}",
    "minLength": lambda kind, value: f"must have at least {_plural(kind.limit, 'character')}",
    "maxLength": lambda kind, value: f"must have at most {_plural(kind.limit, 'character')}, not {len(value)}",
    "minimum": lambda kind, value: f"must be at least {kind.limit}, not {_shown(value)}",
    "maximum": lambda kind, value: f"must be at most {kind.limit}, not {_shown(value)}",
    "uniqueItems": lambda kind, value: "must not have the same element twice",
}


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return f"{value}".lower()
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "a number"


def _shown(value: Any) -> str:
    return repr(short(value)) if isinstance(value, str) else short(str(value))


def short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def path(error: ValidationError) -> str:
    """The attribute at fault, as `serviceOrderItem[1].service.id`: the missing one, not what misses it."""
    return _written(_place(error))


def _place(error: ValidationError) -> Sequence[str | int]:
    if isinstance(error.kind, ValidationErrorKind.Required):
        return [*error.instance_path, error.kind.property]
    return error.instance_path


def _written(steps: Sequence[str | int]) -> str:
    made = ""
    for step in steps:
        made += f"[{step}]" if isinstance(step, int) else f".{short(step)}"
    return made.removeprefix(".")
