"""What clients leave unsaid, spelled out: null for nothing, short date-times (docs/conformance.md 0.3)."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from tmf.shapes import Attribute, Shape

DATE_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d)(?P<rest>:\d\d(?:\.\d{1,9})?)?"
    r"(?:(?P<zulu>[Zz])|(?P<hours>[+-]\d\d):?(?P<minutes>\d\d))?",
    re.ASCII,
)


def spelled_out(shape: Shape, document: Any) -> Any:
    """The document as it is to be kept; the one given stays as it is.

    An optional attribute that is null counts as left out, save where null is a value. A date-time gets the seconds
    and the offset that it lacks (UTC), and Z for +00:00. What cannot be read stays as it is, for `check` to refuse.
    """
    return _object(shape, document, _reached(shape))


def date_time(text: str) -> str:
    """RFC 3339 with T, seconds and an offset, or the text itself when it is no date-time."""
    found = DATE_TIME.fullmatch(text)
    if not found:
        return text
    offset = f"{found['hours']}:{found['minutes']}" if found["hours"] else "Z"
    return f"{found['day']}T{found['time']}{found['rest'] or ':00'}{'Z' if offset in ('+00:00', '-00:00') else offset}"


@cache
def _reached(shape: Shape) -> Mapping[str, Shape]:
    return {each.name: each for each in shape.reach()}


def _object(shape: Shape, value: Any, known: Mapping[str, Shape]) -> Any:
    if not isinstance(value, dict):
        return value
    made = {}
    for name, held in value.items():
        attribute = shape.attributes.get(name)
        if attribute is None:
            made[name] = held
        elif held is not None:
            made[name] = _value(attribute, held, known)
        elif attribute.required or attribute.takes_null:
            made[name] = None
    return made


def _value(attribute: Attribute, value: Any, known: Mapping[str, Shape]) -> Any:
    if attribute.schema.get("format") == "date-time":
        return date_time(value) if isinstance(value, str) else value
    inner = known.get(attribute.target)
    if inner is None:
        return value
    return [_object(inner, each, known) for each in value] if isinstance(value, list) else _object(inner, value, known)
