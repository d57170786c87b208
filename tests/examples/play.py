"""Plays the scenarios and records what is answered and heard."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.examples.record import Exchange, Notification
from tests.examples.scenario import TOKENS, Hearing, Json, Scenario, Step, filled, found
from tests.examples.stable import Stable
from tests.examples.system import Answer, System

SHOWN = (
    "Content-Type", "Location", "ETag", "WWW-Authenticate", "Link", "X-Total-Count", "X-Result-Count",
    "Idempotency-Replayed", "Retry-After",
)  # fmt: skip


def play(system: System, scenarios: Iterable[Scenario]) -> list[Exchange]:
    player = Player(system)
    return [exchange for scenario in scenarios for exchange in player.play(scenario)]


class Player:
    def __init__(self, system: System) -> None:
        self._system = system
        self._known = system.known
        self._stable = Stable(system.addresses)

    def play(self, scenario: Scenario) -> Iterator[Exchange]:
        since = len(self._system.listener.heard)
        for number, step in enumerate(scenario.steps, 1):
            self._stable.begin(scenario.number, number)
            try:
                yield self._step(scenario, number, step, since)
            except (AssertionError, KeyError, LookupError) as error:
                raise AssertionError(f"{scenario.name}, step {number}, {step.title}: {error}") from error

    def _step(self, scenario: Scenario, number: int, step: Step, since: int) -> Exchange:
        address, body, sent = self._filled(step.address), self._filled(step.body), self._headers(step)
        answer = self._answer(step, address, sent, _encoded(step, body))
        _check(step, answer)
        for name, path in step.keep.items():
            self._known[name] = _kept(answer, path)
        return Exchange(
            scenario=scenario, step=step, number=number,
            address=self._stable.text(address),
            headers={name: self._stable.text(sent[name]) for name in step.headers if name != "Content-Type"},
            body=self._stable.value(body, {}),
            status=answer.status,
            answer_headers={name: self._stable.text(value) for name, value in _headers(answer)},
            answer=self._stable.value(answer.body, scenario.mask),
            heard=tuple(self._notification(scenario, each, since) for each in step.hear),
        )  # fmt: skip

    def _filled(self, value: Any) -> Any:
        return filled(value, self._known)

    def _headers(self, step: Step) -> dict[str, str]:
        headers = {name: str(self._filled(value)) for name, value in step.headers.items()}
        if step.has_body:
            headers["Content-Type"] = step.media_type
        if token := TOKENS[step.who]:
            headers["Authorization"] = f"Bearer {self._known[token]}"
        return headers

    def _answer(self, step: Step, address: str, headers: dict[str, str], body: bytes | None) -> Answer:
        def send() -> Answer:
            return self._system.send(step.method, address, headers, body)

        if step.meanwhile:
            return self._system.send_meanwhile(send)
        if step.until:
            return self._system.send_until(send, self._filled(step.until))
        return send()

    def _notification(self, scenario: Scenario, wanted: Hearing, since: int) -> Notification:
        content: Json = self._filled(wanted.content)
        document = self._system.hear(Hearing(event=wanted.event, at=wanted.at, content=content), since)
        return Notification(
            event=wanted.event, api=wanted.at, address=f"/{wanted.at}",
            document=self._stable.value(document, scenario.mask),
        )  # fmt: skip


def _encoded(step: Step, body: Any) -> bytes | None:
    if step.text:
        return step.text.encode()
    return None if body is None else json.dumps(body).encode()


def _check(step: Step, answer: Answer) -> None:
    """It is answered as the scenario says."""
    fits = answer.status == step.status if step.status else 200 <= answer.status < 300
    assert fits, f"answered {answer.status} {answer.body}"


def _headers(answer: Answer) -> Iterator[tuple[str, str]]:
    """Those that are worth showing."""
    names = (*SHOWN, "Allow") if answer.status == 405 else SHOWN
    yield from ((name, answer.headers[name]) for name in names if name in answer.headers)


def _kept(answer: Answer, path: str) -> str:
    kind, _, name = path.partition(" ")
    return answer.headers[name] if kind == "header" else str(found(answer.body, path))
