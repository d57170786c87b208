"""What differs from run to run, made the same: moments, identifiers, addresses.

A moment becomes that of the step in which it came about: the n-th minute after nine, on a day for each scenario. A
UUID keeps its shape; the same one is shown the same everywhere, as are milestones' numbers. What a client sent stays.
"""

from __future__ import annotations

import hashlib
import re
import time
from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
FIRST_DAY = datetime(2026, 1, 1, 9, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Stable:
    """`begin` each step, then ask for the `text` and `value` of what was seen in it."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses
        self._begun: list[datetime] = []  # when each step began, to the millisecond
        self._shown: list[datetime] = []  # what is shown for its moments
        self._identifiers: dict[str, str] = {}
        self._numbers: dict[str, str] = {}  # of milestones
        self._page = 0
        self._count = 0

    def begin(self, scenario: int, step: int) -> None:
        """A step begins; every moment from now on is its own."""
        if scenario != self._page:
            self._page, self._count = scenario, 0
        self._begun.append(_next_millisecond())
        self._shown.append(FIRST_DAY + timedelta(days=scenario, minutes=step))

    def text(self, text: str) -> str:
        for real, shown in self._addresses.items():
            text = text.replace(real, shown)
        return IDENTIFIER.sub(self._identifier, MOMENT.sub(self._moment, text))

    def value(self, value: Any, mask: Mapping[str, Any]) -> Any:
        match value:
            case str():
                return self.text(value)
            case {"name": str(name), "value": _} if name in mask:
                return {key: mask[name] if key == "value" else self.value(value[key], mask) for key in value}
            case {"milestoneDate": _, "id": str(number)}:  # the key of a row
                named = self._numbers.setdefault(number, str(len(self._numbers) + 1))
                return {name: named if name == "id" else self.value(each, mask) for name, each in value.items()}
            case dict():
                return {self.text(name): self.value(each, mask) for name, each in value.items()}
            case list():
                return sorted((self.value(each, mask) for each in value), key=lambda each: _place(each, mask))
            case _:
                return value

    def _moment(self, match: re.Match[str]) -> str:
        moment = datetime.fromisoformat(match[0])
        step = bisect_right(self._begun, moment) - 1
        if step < 0 or moment > datetime.now(UTC):
            return match[0]
        return self._shown[step].isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _identifier(self, match: re.Match[str]) -> str:
        if match[0] not in self._identifiers:
            self._count += 1
            end = hashlib.sha256(f"{self._page}/{self._count}".encode()).hexdigest()[:12]
            self._identifiers[match[0]] = f"019b{self._page:04x}-{self._count:04x}-7000-8000-{end}"
        return self._identifiers[match[0]]


def _place(value: Any, mask: Mapping[str, Any]) -> int:
    """Characteristics that are found out at the same time come in any order: they follow the others, as in the mask."""
    name = value.get("name") if isinstance(value, dict) else None
    return [*mask].index(name) + 1 if isinstance(name, str) and name in mask else 0


def _next_millisecond() -> datetime:
    """The next full millisecond, once it has come: moments that are shown to the millisecond tell steps apart."""
    now = datetime.now(UTC)
    coming = now.replace(microsecond=now.microsecond // 1000 * 1000) + MILLISECOND
    while datetime.now(UTC) < coming:
        time.sleep(0.0001)
    return coming
