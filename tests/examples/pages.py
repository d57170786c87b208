"""A Markdown page for each scenario: prose, request, answer, and what the listener was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from tests.examples.paper import message, pretty, status_line
from tests.examples.record import Exchange, Notification
from tests.examples.scenario import TOKENS
from tests.examples.system import LISTENER, SOM

HEAD = "Made by `manage.py examples` from requests that were really made; the [index](README.md) says what is where.\n"


def pages(played: Sequence[Exchange]) -> dict[str, str]:
    """File name → page."""
    by_scenario = groupby(played, key=lambda exchange: exchange.scenario)
    return {f"{scenario.name}.md": page([*exchanges]) for scenario, exchanges in by_scenario}


def page(exchanges: Sequence[Exchange]) -> str:
    scenario = exchanges[0].scenario
    parts = [f"# {scenario.title}", scenario.say, HEAD.rstrip()]
    return "\n\n".join([*parts, *(part for exchange in exchanges for part in _parts(exchange))]) + "\n"


def _parts(exchange: Exchange) -> Iterator[str]:
    yield f"## {exchange.heading}"
    if exchange.step.say:
        yield exchange.step.say
    yield request(exchange)
    if exchange.step.until:
        yield "Once the work has come so far:"
    yield answer(exchange)
    for each in exchange.heard:
        yield f"The listener is told {each.event}:"
        yield _told(each)


def request(exchange: Exchange) -> str:
    step = exchange.step
    headers = {"Host": SOM.removeprefix("https://")}
    if token := TOKENS[step.who]:
        headers["Authorization"] = f"Bearer {{{{{token}}}}}"
    headers |= exchange.headers
    if step.has_body:
        headers["Content-Type"] = step.media_type
    body = step.text or ("" if exchange.body is None else pretty(exchange.body))
    return message(f"{step.method} {exchange.address} HTTP/1.1", headers, body)


def answer(exchange: Exchange) -> str:
    body = "" if exchange.answer is None else pretty(exchange.answer)
    return message(status_line(exchange.status), exchange.answer_headers, body)


def _told(notification: Notification) -> str:
    headers = {"Host": LISTENER.removeprefix("https://"), "Content-Type": "application/json"}
    return message(f"POST {notification.address} HTTP/1.1", headers, pretty(notification.document))
