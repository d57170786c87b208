"""What a text from a URL means beside a JSON scalar.

A value in a URL has no type. `12` equals the number 12 and the string "12"; `true` equals the boolean
and the string; two date-times compare as instants in milliseconds, the precision that is printed,
whatever their offsets; a date is its first instant in UTC; all other strings compare by code point.
Null, objects and arrays are no values: nothing compares with them.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tmf.query.regex import compiled
from tmf.spelling import date_time

# RFC 3339, years 1000 to 9999, days that exist, offsets that PostgreSQL knows. One text for Python and
# PostgreSQL, so that both agree on what is a date-time and neither fails on one.
_DAY = (
    "(?:[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)"
)
_TIME = "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,9})?(?:Z|[-+](?:0[0-9]|1[0-5]):[0-5][0-9])?"
DATE_TIME = f"^{_DAY}(?:{_TIME})?$"
_DATE_TIME = re.compile(f"{_DAY}(?:{_TIME})?")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # what no database keeps in a text
_PARTS = re.compile(r"(.{10})T(.{8})(?:[.]([0-9]+))?(.*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:[.][0-9]{1,30})?(?:[eE][-+]?[0-9]{1,2})?")
_LOST_PLUS = re.compile(r" (?=[0-9]{2}:[0-9]{2}$)")

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def instant(text: str) -> datetime | None:
    """The moment a date or date-time names, cut to milliseconds; None when it is neither."""
    if not 10 <= len(text) <= 40 or not _DATE_TIME.fullmatch(text):
        return None
    parts = _PARTS.fullmatch(text if len(text) > 10 else f"{text}T00:00:00")
    assert parts  # noqa: S101 (the pattern above is the narrower one)
    day, time, fraction, offset = parts.groups()
    milliseconds = (fraction or "").ljust(3, "0")[:3]
    return datetime.fromisoformat(f"{day}T{time}.{milliseconds}{'+00:00' if offset in ('', 'Z') else offset}")


@lru_cache(maxsize=4096)
def meant_instant(value: str) -> datetime | None:
    """As `instant`, for a value of a URL: written as in a body, and an unescaped plus may have become a blank."""
    return instant(date_time(_LOST_PLUS.sub("+", value)))


@lru_cache(maxsize=4096)
def number(value: str) -> Decimal | None:
    return Decimal(value) if _NUMBER.fullmatch(value) else None


def holds(leaf: Any, operation: str, values: tuple[str, ...]) -> bool:
    """Whether a JSON value passes the test. `ne` wants it to differ from every value, the others ask for one."""
    if operation == "typed":
        return json_type(leaf) in values
    if leaf is None or isinstance(leaf, dict | list):
        return operation == "exists" and leaf is not None
    match operation:
        case "exists":
            return True
        case "eq":
            return any(_equal(leaf, value) for value in values)
        case "ne":
            return not any(_equal(leaf, value) for value in values)
        case "regex":
            return isinstance(leaf, str) and any(compiled(value).search(leaf) for value in values)
        case _:
            return any(_compares(leaf, COMPARISONS[operation], value) for value in values)


def json_type(leaf: Any) -> str:
    """The type of a JSON value, where whole numbers are integers, 1.0 too."""
    match leaf:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "integer" if float(leaf).is_integer() else "number"
        case list():
            return "array"
        case _:
            return "object"


def _equal(leaf: str | bool | float, value: str) -> bool:
    if isinstance(leaf, bool):
        return value == ("true" if leaf else "false")
    if isinstance(leaf, str) and leaf == value:
        return True
    return _compares(leaf, operator.eq, value)


def _compares(leaf: str | bool | float, comparison: Callable[[Any, Any], bool], value: str) -> bool:
    if isinstance(leaf, bool):
        return False
    if isinstance(leaf, str):
        mine, meant = instant(leaf), meant_instant(value)
        return comparison(mine, meant) if mine and meant else comparison(leaf, value)
    wanted = number(value)
    return wanted is not None and comparison(Decimal(repr(leaf)), wanted)
