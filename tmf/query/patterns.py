"""Patterns of the regular expressions that filters may use: the parsed tree, and its PostgreSQL form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

LENGTH_MAX = 200
DEPTH_MAX = 10
REPEAT_MAX = 100

DIGIT = ((48, 57),)
WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACE = ((9, 13), (32, 32))
CLASSES = {"d": DIGIT, "w": WORD, "s": SPACE}
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ")
_BOUNDS = re.compile(r"\{([0-9]{1,4})(,([0-9]{0,4}))?\}")


class RegexError(ValueError):
    """The pattern cannot be used; the text says why."""


@dataclass(frozen=True)
class Chars:
    """One character within the ranges of code points, or outside of all of them."""

    ranges: tuple[tuple[int, int], ...]
    outside: bool = False

    def has(self, character: str) -> bool:
        point = ord(character)
        return any(low <= point <= high for low, high in self.ranges) is not self.outside


@dataclass(frozen=True)
class Edge:
    """The text's start (`^`) or its end (`$`)."""

    sign: str


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Choice:
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Repeat:
    part: Part
    low: int
    high: int | None


Part: TypeAlias = Chars | Edge | Sequence | Choice | Repeat
ANY = Chars((), outside=True)


def parse(text: str) -> Part:
    if len(text) > LENGTH_MAX:
        raise RegexError(f"is longer than {LENGTH_MAX} characters")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Part:
        made = self.choice()
        if self.at < len(self.text):
            raise RegexError("has a ) without its (")
        return made

    def choice(self) -> Part:
        parts = [self.sequence()]
        while self.take("|"):
            parts.append(self.sequence())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self) -> Part:
        parts: list[Part] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def atom(self) -> Part:
        match sign := self.next("ends too early"):
            case "(":
                return self.group()
            case "[":
                return self.set()
            case ".":
                return ANY
            case "^" | "$":
                return Edge(sign)
            case "\\":
                return self.escape()
            case "*" | "+" | "?" | "{":
                raise RegexError(f"has nothing to repeat before {sign}")
            case _:
                return _one(sign)

    def group(self) -> Part:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise RegexError(f"nests deeper than {DEPTH_MAX}")
        if self.take("?") and not self.take(":"):
            raise RegexError("has a group of a kind that is not supported")
        made = self.choice()
        if not self.take(")"):
            raise RegexError("has a ( without its )")
        self.depth -= 1
        return Sequence((made,))

    def repeated(self, part: Part) -> Part:
        bounds = self.bounds()
        if bounds is None:
            return part
        if isinstance(part, Edge):
            raise RegexError(f"repeats {part.sign}")
        self.take("?")  # lazy: where it matches differs, whether it matches does not
        if self.at < len(self.text) and self.text[self.at] in "*+?{":
            raise RegexError("has two repetitions in a row")
        return Repeat(part, *bounds)

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in {"*": (0, None), "+": (1, None), "?": (0, 1)}.items():
            if self.take(sign):
                return bounds
        if not (self.at < len(self.text) and self.text[self.at] == "{"):
            return None
        found = _BOUNDS.match(self.text, self.at)
        if not found:
            raise RegexError("has a { that is no {m,n}")
        self.at = found.end()
        return _checked(int(found[1]), found[3] if found[2] else found[1])

    def set(self) -> Part:
        outside = self.take("^")
        ranges: list[tuple[int, int]] = []
        while not self.take("]"):
            ranges += self.range()
        if not ranges:
            raise RegexError("has an empty set")
        return Chars(tuple(ranges), outside)

    def range(self) -> tuple[tuple[int, int], ...]:
        low = self.member()
        dash = self.text[self.at : self.at + 2]
        if len(low) > 1 or low[0][0] != low[0][1] or not dash.startswith("-") or dash == "-]":
            return low
        self.at += 1
        high = self.member()
        if len(high) > 1 or high[0][0] != high[0][1] or high < low:
            raise RegexError("has a range that goes nowhere")
        return ((low[0][0], high[0][1]),)

    def member(self) -> tuple[tuple[int, int], ...]:
        sign = self.next("has a [ without its ]")
        made = self.escape() if sign == "\\" else _one(sign)
        if made.outside:
            raise RegexError("has an opposite class within a set")
        return made.ranges

    def escape(self) -> Chars:
        sign = self.next("ends in a backslash")
        if sign.lower() in CLASSES:
            return Chars(CLASSES[sign.lower()], outside=sign.isupper())
        if sign in CONTROLS or sign in PUNCTUATION:
            return _one(CONTROLS.get(sign, sign))
        raise RegexError(f"has \\{sign}, which is not supported")

    def take(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found

    def next(self, otherwise: str) -> str:
        if self.at >= len(self.text):
            raise RegexError(otherwise)
        self.at += 1
        return self.text[self.at - 1]


def _one(character: str) -> Chars:
    return Chars(((ord(character), ord(character)),))


def _checked(low: int, high_text: str) -> tuple[int, int | None]:
    high = int(high_text) if high_text else None
    if max(low, high or 0) > REPEAT_MAX:
        raise RegexError(f"repeats more than {REPEAT_MAX} times")
    if high is not None and high < low:
        raise RegexError("has a {m,n} that goes nowhere")
    return low, high


def postgres(part: Part) -> str:
    """The pattern in PostgreSQL's advanced syntax, spelled so that nothing in it can be read otherwise."""
    match part:
        case Chars((), True):
            return "."
        case Chars(ranges, outside):
            return f"[{'^' if outside else ''}{''.join(_range(low, high) for low, high in ranges)}]"
        case Edge(sign):
            return sign
        case Sequence(parts):
            return f"(?:{''.join(map(postgres, parts))})"
        case Choice(parts):
            return f"(?:{'|'.join(map(postgres, parts))})"
        case Repeat(repeated, low, high):
            return f"(?:{postgres(repeated)}){{{low},{'' if high is None else high}}}"


def _range(low: int, high: int) -> str:
    return _point(low) if low == high else f"{_point(low)}-{_point(high)}"


def _point(point: int) -> str:
    return chr(point) if chr(point).isascii() and chr(point).isalnum() else f"\\U{point:08x}"
