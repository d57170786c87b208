"""CEL expressions and the request templates made of them.

In a template, a string that is one `${ expression }` becomes the expression's value with its JSON type;
inside a longer string its text is inserted. `$${` stands for a literal `${`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import cel

from tmf.resources import timestamp

MAX_LENGTH = 2000
VARIABLES = frozenset({"order", "item", "service", "outputs", "supporting"})
# Strings whole, raw ones first since a backslash ends them; and braces outside strings.
_TOKENS = re.compile(r"""[rR]'[^']*'|[rR]"[^"]*"|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[{}]""")
_BOUND = re.compile(r"\.(?:all|exists|exists_one|existsOne|map|filter)\(\s*([A-Za-z_]\w*)\s*,")


class ExpressionError(Exception):
    """An expression that does not compile, or has no value over the given data."""


@lru_cache(maxsize=4096)
def compiled(source: str) -> cel.Program:
    """Raises ExpressionError."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"an expression may have {MAX_LENGTH} characters, this has {len(source)}")
    try:
        return cel.compile(source)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the extension is no Exception
        raise ExpressionError(f"`{source.strip()}`: {(str(error) or repr(error)).splitlines()[0]}") from None


def evaluate(source: str, context: Mapping[str, Any]) -> Any:
    """The value of the expression over the context, as JSON. Raises ExpressionError."""
    try:
        return _json(_executed(source, context))
    except TypeError as error:
        raise ExpressionError(f"`{source.strip()}`: {error}") from None


def _executed(source: str, context: Mapping[str, Any]) -> Any:
    program = compiled(source)
    try:
        return program.execute(dict(context))
    except (KeyboardInterrupt, SystemExit):
        raise
    except KeyError as error:
        raise ExpressionError(f"`{source.strip()}`: there is no {error}") from None
    except BaseException as error:  # a panic of the extension is no Exception
        raise ExpressionError(f"`{source.strip()}`: {(str(error) or repr(error)).splitlines()[0]}") from None


def _json(value: Any) -> Any:
    """The value as JSON that any database keeps; a moment becomes its text. Raises TypeError."""
    match value:
        case None | bool() | int():
            return value
        case str() if "\0" not in value:
            return value
        case float() if math.isfinite(value):
            return value
        case datetime():
            return timestamp(value)
        case list():
            return [_json(each) for each in value]
        case dict() if all(isinstance(key, str) for key in value):
            return {key: _json(each) for key, each in value.items()}
        case _:
            raise TypeError(f"its value {value!r} cannot be written as JSON")


def names(template: Any) -> frozenset[str]:
    """The variables that a template's expressions refer to. Raises ExpressionError when one does not compile."""
    return frozenset(name for source in sources(template) for name in free(source))


def free(source: str) -> set[str]:
    """The variables of one expression, save those that its macros bind, as `x` in `list.map(x, x + 1)`."""
    return {*compiled(source).variables()} - ({*_BOUND.findall(source)} - VARIABLES)


def sources(template: Any) -> Iterator[str]:
    """Every expression in a template."""
    if isinstance(template, str):
        yield from (text for text, is_code in pieces(template) if is_code)
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from sources(value)
    elif isinstance(template, list):
        for value in template:
            yield from sources(value)


def render(template: Any, context: Mapping[str, Any]) -> Any:
    """The template with every expression replaced by its value. Raises ExpressionError."""
    if isinstance(template, str):
        return _rendered_text(template, context)
    if isinstance(template, Mapping):
        return {key: render(value, context) for key, value in template.items()}
    if isinstance(template, list):
        return [render(value, context) for value in template]
    return template


def _rendered_text(template: str, context: Mapping[str, Any]) -> Any:
    if "${" not in template:
        return template
    found = pieces(template)
    if len(found) == 1 and found[0][1]:
        return evaluate(found[0][0], context)
    return "".join(_shown(evaluate(text, context)) if is_code else text for text, is_code in found)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@lru_cache(maxsize=4096)
def pieces(template: str) -> tuple[tuple[str, bool], ...]:
    """The template as (text, is it code) in order. Raises ExpressionError for an unclosed `${`."""
    found: list[tuple[str, bool]] = []
    literal, at = "", 0
    while (start := template.find("${", at)) >= 0:
        if start > at and template[start - 1] == "$":
            literal, at = literal + template[at : start - 1] + "${", start + 2
            continue
        literal += template[at:start]
        if literal:
            found.append((literal, False))
        end = _closing(template, start + 2)
        found.append((template[start + 2 : end], True))
        literal, at = "", end + 1
    literal += template[at:]
    if literal:
        found.append((literal, False))
    return tuple(found)


def _closing(template: str, at: int) -> int:
    """Where the `}` stands that closes the expression which begins at `at`; braces in strings do not count."""
    depth = 0
    for token in _TOKENS.finditer(template, at):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if depth < 0:
            return token.start()
    raise ExpressionError(f"`{template}`: an expression begins with ${{ and has no closing }}")
