"""A query string, read as TMF630 wants it: names with operators, lists, quotes, JSONPath.

state=acknowledged,held            one of them; so is state=acknowledged&state=held, or with ;
orderDate.gte=2026-01-01           .eq .ne .gt .gte .lt .lte .regex, or orderDate%3E=2026-01-01
externalId="a,b"                   in double quotes a value is taken as it stands
orderDate%3E2026-01-01;priority=1  after a ; a whole condition is an alternative
filter=$.note[?(@.author=='x')]    JSONPath, see tmf.query.jsonpath
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from tmf.errors import BadRequest
from tmf.query import jsonpath
from tmf.query.regex import RegexError, compiled
from tmf.query.tree import EVERYTHING, Condition, Node, Path, both, either
from tmf.query.values import UNSTORABLE

RESERVED = frozenset({"fields", "limit", "offset", "sort"})
LENGTH_MAX = 8000
CONDITIONS_MAX = 50
VALUES_MAX = 500
DEPTH_MAX = 20

SUFFIXES = frozenset({"eq", "ne", "gt", "gte", "lt", "lte", "regex"})
SIGNS = {"=": "", ">=": "gte", ">": "gt", "<=": "lte", "<": "lt", "*=": "regex", "!=": "ne"}
_SIGN = re.compile(r">=|<=|\*=|!=|=|>|<")
_CONDITION = re.compile(r"[@A-Za-z_$][\w@$.-]*(?:>=|<=|\*=|!=|=|>|<)")
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(?=[,;]|$)', re.DOTALL)
_BARE = re.compile(r"[^,;]*", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True)
class Parameter:
    """One part between two `&`, decoded: `operator` is what a literal sign said, empty for a plain `=`."""

    name: str
    operator: str
    value: str
    raw: str


def parameters(raw_query: str) -> list[Parameter]:
    """Raises BadRequest when the text is no query string."""
    if len(raw_query) > LENGTH_MAX:
        raise BadRequest(f"the query is longer than {LENGTH_MAX} characters")
    return [_parameter(raw, _decoded(raw)) for raw in raw_query.removeprefix("?").split("&") if raw]


def single(given: list[Parameter], name: str) -> str | None:
    """The value of a parameter that may be given once. Raises BadRequest when it is repeated."""
    values = [p.value for p in given if p.name == name]
    if len(values) > 1:
        raise BadRequest("given more than once", path=name)
    return values[0] if values else None


def listed(given: list[Parameter], name: str) -> str | None:
    """The values of a parameter that is a list, joined by commas; None when it is not given."""
    values = [p.value for p in given if p.name == name]
    return ",".join(values) if values else None


def parse_filter(raw_query: str, ignore: Iterable[str] = RESERVED) -> Node:
    """What the query string asks of a document. Raises BadRequest naming the parameter at fault."""
    return filter_of(parameters(raw_query), ignore)


def filter_of(given: list[Parameter], ignore: Iterable[str] = RESERVED) -> Node:
    asked: dict[tuple[Path, str], list[str]] = {}
    further: list[Node] = []
    for parameter in given:
        if parameter.name in ignore or parameter.name == "filter":
            continue
        alternatives = [*_alternatives(parameter)]
        if len({(c.path, c.operator) for c in alternatives}) > 1:
            further.append(either([*alternatives]))
            continue
        for condition in alternatives:
            asked.setdefault((condition.path, condition.operator), []).extend(condition.values)
    if paths := [p.value for p in given if p.name == "filter" and "filter" not in ignore]:
        further.append(either([jsonpath.parse(path) for path in paths]))
    return _bounded([*(Condition(path, op, tuple(values)) for (path, op), values in asked.items()), *further])


def _bounded(parts: list[Node]) -> Node:
    if len(parts) > CONDITIONS_MAX:
        raise BadRequest(f"more than {CONDITIONS_MAX} conditions")
    return both(parts) if parts else EVERYTHING


def _decoded(raw: str) -> str:
    try:
        text = unquote_plus(raw, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("the query is not UTF-8") from None
    if UNSTORABLE.search(text):
        raise BadRequest("the query has a character that no text may have")
    return text


def _parameter(raw: str, text: str) -> Parameter:
    found = _SIGN.search(text)
    if not found:
        raise BadRequest("a name without a value", path=text[:200])
    name = text[: found.start()]
    return Parameter(name, SIGNS[found[0]], text[found.end() :], raw)


def _alternatives(parameter: Parameter) -> Iterator[Condition]:
    """The conditions in one parameter, any of which is enough: one, unless `;` begins another."""
    path, operator = _named(parameter)
    if operator == "regex":
        yield Condition(path, operator, (_pattern(parameter),))
        return
    values, rest = _values(parameter.value, parameter.name)
    yield Condition(path, operator, tuple(values))
    if rest:
        yield from _alternatives(_parameter(parameter.raw, rest))


def _named(parameter: Parameter) -> tuple[Path, str]:
    path = tuple(parameter.name.split("."))
    if not all(path) or len(path) > DEPTH_MAX:
        raise BadRequest("is no attribute's name", path=parameter.name[:200] or "=")
    if path[-1] not in SUFFIXES or len(path) == 1:
        return path, parameter.operator or "eq"
    if parameter.operator:
        raise BadRequest("has two operators", path=parameter.name[:200])
    return path[:-1], path[-1]


def _pattern(parameter: Parameter) -> str:
    """A pattern is never a list: commas belong to it."""
    quoted = _QUOTED.fullmatch(parameter.value)
    pattern = _ESCAPED.sub(r"\1", quoted[1]) if quoted else parameter.value
    return checked_pattern(pattern, parameter.name)


def checked_pattern(pattern: str, name: str) -> str:
    try:
        compiled(pattern)
    except RegexError as error:
        raise BadRequest(f"the regular expression {error}", path=name[:200]) from None
    return pattern


def _values(text: str, name: str) -> tuple[list[str], str]:
    """The list's values, and what follows when after a `;` another condition begins."""
    values: list[tuple[str, bool]] = []
    at = 0
    while len(values) < VALUES_MAX:
        quoted = _QUOTED.match(text, at)
        found = quoted or _BARE.match(text, at)
        assert found  # noqa: S101 (the second pattern matches anything)
        values.append((_ESCAPED.sub(r"\1", found[1]), True) if quoted else (found[0], False))
        at = found.end() + 1
        if at > len(text):
            return _list(values), ""
        if text[at - 1] == ";" and _CONDITION.match(text, at):
            return _list(values), text[at:]
    raise BadRequest(f"more than {VALUES_MAX} values", path=name[:200])


def _list(values: list[tuple[str, bool]]) -> list[str]:
    """In a list, blanks around values do not count and empty ones are nothing; a single value is as it is."""
    if len(values) == 1:
        return [values[0][0]]
    return [value if quoted else value.strip() for value, quoted in values if quoted or value.strip()]
