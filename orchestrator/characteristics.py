"""A service's characteristics held against its specification (TMF633 CharacteristicSpecification)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
from django.utils.dateparse import parse_date, parse_datetime

Json = Mapping[str, Any]
MANDATORY = "is mandatory"


def faults(
    values: Mapping[str, Any], specified: tuple[Json, ...], *, partial: bool = False
) -> Iterator[tuple[str, str]]:
    """(name, what is wrong) for every characteristic at fault.

    `partial`: a change of some of them, so that none is missing. A specification that lists no
    characteristics takes any.
    """
    by_name = {str(c["name"]): c for c in specified if c.get("name")}
    if not by_name:
        return
    for name, value in values.items():
        if name not in by_name:
            known = ", ".join(sorted(by_name)[:20])
            yield name, f"the specification has no characteristic of this name; it has {known}"
            continue
        yield from ((name, fault) for fault in _value_faults(value, by_name[name]))
    if not partial:
        for name, spec in by_name.items():
            if (spec.get("minCardinality") or 0) > 0 and name not in values:
                yield name, MANDATORY


def defaults(specified: tuple[Json, ...]) -> dict[str, Any]:
    """The default values that the specification gives."""
    found: dict[str, Any] = {}
    for spec in specified:
        chosen = [v["value"] for v in _options(spec) if v.get("isDefault") and "value" in v]
        if chosen and spec.get("name"):
            found[str(spec["name"])] = chosen[0] if (spec.get("maxCardinality") or 1) == 1 else chosen
    return found


def _options(spec: Json) -> list[Json]:
    return list(spec.get("characteristicValueSpecification") or ())


def _value_faults(value: Any, spec: Json) -> Iterator[str]:
    most = spec.get("maxCardinality")
    several = most is None or most == 0 or most > 1
    is_list = isinstance(value, list) and not str(spec.get("valueType", "")).lower().startswith("array")
    values = value if is_list and several else [value]
    least = spec.get("minCardinality") or 0
    if is_list and not several:
        yield "takes one value, not a list"
        return
    if len(values) < least or (most and len(values) > most):
        yield f"takes {least} to {most or 'any number of'} values, {len(values)} are given"
    if spec.get("isUnique") and len({json.dumps(v, sort_keys=True) for v in values}) < len(values):
        yield "takes each value once"
    for single in values:
        yield from _single_faults(single, spec)


def _single_faults(value: Any, spec: Json) -> Iterator[str]:
    value_type = str(spec.get("valueType") or "").lower()
    if not _TYPES.get(value_type, lambda _: True)(value):
        yield f"must be of type {spec['valueType']}"
        return
    if (pattern := spec.get("regex")) and not _matches(pattern, value):
        yield f"must match {pattern}"
    options = _options(spec)
    if options and not spec.get("extensible") and not any(_allowed(value, option) for option in options):
        yield f"must be {_spelled(options)}"


def _allowed(value: Any, option: Json) -> bool:
    if option.get("value") is not None and not _has_range(option):
        return bool(option["value"] == value) or str(option["value"]) == str(value)
    if _has_range(option):
        return _in_range(value, option)
    return not option.get("regex") or _matches(option["regex"], value)


def _has_range(option: Json) -> bool:
    return option.get("valueFrom") is not None or option.get("valueTo") is not None


def _in_range(value: Any, option: Json) -> bool:
    """Bounds that are no numbers are the designer's fault: they refuse nothing."""
    try:
        low, high = (_bound(option.get(name)) for name in ("valueFrom", "valueTo"))
    except (TypeError, ValueError):
        return True
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    interval = str(option.get("rangeInterval") or "closed").lower()
    open_low, open_high = interval in ("open", "closedtop"), interval in ("open", "closedbottom")
    above = low is None or (number > low if open_low else number >= low)
    below = high is None or (number < high if open_high else number <= high)
    return above and below


def _bound(value: Any) -> float | None:
    return None if value is None else float(value)


def _spelled(options: list[Json]) -> str:
    words = [
        f"{o.get('valueFrom', '…')} to {o.get('valueTo', '…')}" if _has_range(o) else repr(o.get("value"))
        for o in options
    ]
    return "one of " + ", ".join(words[:20]) if len(words) > 1 else words[0]


def _matches(pattern: str, value: Any) -> bool:
    """Whole-value match in linear time. A pattern that does not compile is the designer's fault: it refuses nothing."""
    validator = _pattern(pattern)
    return validator is None or validator.is_valid(str(value))


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> jsonschema_rs.Validator | None:
    try:
        return jsonschema_rs.validator_for(
            {"pattern": f"^(?:{pattern})$"}, pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000)
        )
    except ValueError:
        return None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return re.fullmatch(r"[+-]?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?", value) is not None
    return isinstance(value, int | float)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and re.fullmatch(r"[+-]?\d+(\.0*)?", str(value)) is not None


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and (parse_datetime(value) or parse_date(value)) is not None
    except ValueError:
        return False


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "float": _is_number,
    "decimal": _is_number,
    "integer": _is_integer,
    "int": _is_integer,
    "long": _is_integer,
    "boolean": _is_boolean,
    "bool": _is_boolean,
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, list),
    "date": _is_moment,
    "datetime": _is_moment,
    "date-time": _is_moment,
    "timestamp": _is_moment,
}
