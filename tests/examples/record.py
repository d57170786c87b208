"""What was seen when the scenarios were played: exchanges and notifications, already stable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.examples.scenario import Json, Scenario, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    event: str
    api: str  # the slug of the document that tells of it
    address: str
    document: Json

    @property
    def resource(self) -> tuple[str, Json]:
        """Its name and representation."""
        event: Json = self.document["event"]
        return next(iter(event.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One step, played. `request` is its address, headers and body with the variables filled in."""

    scenario: Scenario
    step: Step
    number: int  # of the step, from 1
    address: str
    headers: Mapping[str, str]
    body: Any
    status: int
    answer_headers: Mapping[str, str]
    answer: Any  # None without a body
    heard: tuple[Notification, ...]

    @property
    def heading(self) -> str:
        return f"{self.number}. {self.step.title}"

    def documents(self) -> Iterator[Json]:
        """The resources in the answer."""
        yield from self.answer if isinstance(self.answer, list) else [self.answer] if self.answer else ()
