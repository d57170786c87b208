"""JSONPath in `filter=` (TMF630 part 6), a bounded subset, read into the tree that all filters become.

`$.note[?(@.author=='x' && @.date > '2026-01-01')]` asks for some note that is both; the `$.` may be left
out. `$[?(@.state=='held')]` speaks of the listed resources themselves. Within brackets: comparisons
`== != < <= > >= =~ in` of a path with a literal, `match()`, `search()`, `!`, `&&`, `||`, a path alone (it is
there), and nested filters. Literals compare as values in a URL do: `@.id == 12` finds "12" too. `== null`
means that nothing is there. `[*]` is every element, which is what a path means anyhow.
Indexes, slices, `..`, unions and references to `$` within brackets are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from jsonpath import CompoundJSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.filter import (
    BaseExpression,
    BooleanLiteral,
    FilterExpression,
    FloatLiteral,
    FunctionExtension,
    InfixExpression,
    IntegerLiteral,
    ListLiteral,
    Nil,
    PrefixExpression,
    RegexLiteral,
    RelativeFilterQuery,
    StringLiteral,
)
from jsonpath.segments import JSONPathChildSegment, JSONPathSegment
from jsonpath.selectors import Filter, IndexSelector, NameSelector, WildcardSelector

from tmf.errors import BadRequest
from tmf.query.regex import RegexError, compiled
from tmf.query.tree import EVERYTHING, And, Condition, Node, Not, Or, Path, Some, both
from tmf.query.values import UNSTORABLE

LENGTH_MAX = 1000
BRACKETS_MAX = 20
CONDITIONS_MAX = 50

Ending: TypeAlias = Callable[[Path], Node]
Step: TypeAlias = str | int | Node  # an attribute, an element, those elements that match
_ENVIRONMENT = JSONPathEnvironment()
_COMPARISONS = {"==": "eq", "!=": "ne", "<>": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_TURNED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
_LITERALS = (StringLiteral, IntegerLiteral, FloatLiteral, BooleanLiteral)


def parse(text: str) -> Node:
    """Raises BadRequest, naming `filter`, when the text is not of the subset."""
    segments = _segments(text)
    try:
        return _root(segments)
    except RegexError as error:
        raise _refused(f"has a regular expression that {error}") from None


def steps(text: str) -> list[Step]:
    """A path as steps from the resource, for whoever must find places: indexes are allowed. Raises BadRequest."""
    try:
        return [_step(_selector(segment)) for segment in _segments(text)]
    except RegexError as error:
        raise _refused(f"has a regular expression that {error}") from None


def _step(selector: object) -> Step:
    match selector:
        case NameSelector(name=name):
            return _clean(name)
        case IndexSelector(index=index) if index >= 0:
            return index
        case WildcardSelector():
            return EVERYTHING
        case Filter(expression=expression):
            return _expression(expression)
        case _:
            raise _refused(f"has {selector}, which is not supported")


def _segments(text: str) -> list[JSONPathSegment]:
    if len(text) > LENGTH_MAX or _depth(text) > BRACKETS_MAX or text.count("@") > CONDITIONS_MAX:
        raise _refused("is too long or too deep")
    try:
        path = _ENVIRONMENT.compile(text)
    except (JSONPathError, re.error, RecursionError, ValueError, IndexError, ArithmeticError) as error:
        raise _refused(f"cannot be read: {str(error).splitlines()[0][:200]}") from None
    if isinstance(path, CompoundJSONPath) or path.pseudo_root or not path.segments:
        raise _refused("must be one path to something")
    return [*path.segments]


def _refused(why: str) -> BadRequest:
    return BadRequest(f"the JSONPath {why}", path="filter")


def _clean(text: str) -> str:
    if UNSTORABLE.search(text):
        raise _refused("has a character that no text may have")
    return text


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        deepest = max(deepest, depth)
    return deepest + text.count("!")


def _root(segments: list[JSONPathSegment]) -> Node:
    """At the root `$` is the list, so its filter is about the resource itself; else `$` is the resource."""
    while isinstance(_selector(segments[0]), WildcardSelector):
        segments.pop(0)
        if not segments:
            raise _refused("must be one path to something")
    first = _selector(segments[0])
    if not isinstance(first, Filter):
        return _walk(segments, _is_there)
    rest = [_walk(segments[1:], _is_there)] if segments[1:] else []
    return both([_expression(first.expression), *rest])


def _walk(segments: Sequence[JSONPathSegment], ending: Ending) -> Node:
    """What a path asks: names up to a filter, which some element must match together with all that follows."""
    path: Path = ()
    for place, segment in enumerate(segments, 1):
        match _selector(segment):
            case NameSelector(name=name):
                path = (*path, _clean(name))
            case WildcardSelector():
                pass
            case Filter(expression=expression):
                rest = [_walk(segments[place:], ending)] if segments[place:] or ending is not _is_there else []
                return Some(path, both([_expression(expression), *rest]))
            case _:
                raise _refused(f"has {segment}, which is not supported")
    return ending(path)


def _selector(segment: JSONPathSegment) -> object:
    if not isinstance(segment, JSONPathChildSegment) or len(segment.selectors) != 1:
        raise _refused(f"has {segment}, which is not supported")
    return segment.selectors[0]


def _is_there(path: Path) -> Node:
    return Condition(path, "exists")


def _is_not_there(path: Path) -> Node:
    return Not(_is_there(path))


def _expression(expression: BaseExpression) -> Node:
    match expression:
        case FilterExpression(expression=inner):
            return _expression(inner)
        case PrefixExpression(operator="!", right=right):
            return Not(_expression(right))
        case InfixExpression(operator="&&", left=left, right=right):
            return And((_expression(left), _expression(right)))
        case InfixExpression(operator="||", left=left, right=right):
            return Or((_expression(left), _expression(right)))
        case InfixExpression(operator=sign, left=left, right=right):
            return _comparison(sign, left, right)
        case RelativeFilterQuery():
            return _query(expression, _is_there)
        case FunctionExtension(name="match" | "search" as name, args=[query, StringLiteral(value=pattern)]):
            return _query(query, _regex(f"^(?:{pattern})$" if name == "match" else pattern))
        case _:
            raise _refused(f"has {expression}, which is not supported")


def _comparison(sign: str, left: BaseExpression, right: BaseExpression) -> Node:
    match sign, left, right:
        case "=~", _, RegexLiteral(value=pattern):
            if pattern.flags & ~32:  # 32: str, not bytes
                raise _refused("has a regular expression with flags, which are not supported")
            return _query(left, _regex(pattern.pattern))
        case "in", _, ListLiteral(items=items):
            return _query(left, _test("eq", tuple(map(_text, items))))
        case "==" | "!=" | "<>", _, Nil():
            return _query(left, _is_not_there if sign == "==" else _is_there)
    if sign not in _COMPARISONS:
        raise _refused(f"has {sign}, which is not supported")
    operator = _COMPARISONS[sign]
    if isinstance(left, _LITERALS):
        return _query(right, _test(_TURNED.get(operator, operator), (_text(left),)))
    return _query(left, _test(operator, (_text(right),)))


def _query(query: BaseExpression, ending: Ending) -> Node:
    if not isinstance(query, RelativeFilterQuery):
        raise _refused(f"has {query} where a path from @ is needed")
    return _walk([*query.path.segments], ending)


def _test(operator: str, values: tuple[str, ...]) -> Ending:
    return lambda path: Condition(path, operator, values)


def _regex(pattern: str) -> Ending:
    compiled(pattern)
    return _test("regex", (pattern,))


def _text(literal: BaseExpression) -> str:
    match literal:
        case BooleanLiteral(value=truth):
            return "true" if truth else "false"
        case StringLiteral(value=text):
            return _clean(text)
        case IntegerLiteral(value=value) | FloatLiteral(value=value):
            return str(value)
        case _:
            raise _refused(f"has {literal} where a literal is needed")
