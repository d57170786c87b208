"""What must be shown, read from the published documents and from the code; and what the examples show.

A fact is (kind, API, subject, word): ("state", "serviceOrdering-v4", "serviceOrder", "held").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from catalog.states import JOB_STATES, LIFECYCLE
from inventory.models import OperatingStatus, ServiceState
from ordering.models import CancelState, OrderState
from tests.examples.record import Exchange, Notification
from tests.examples.scenario import Json
from tmf import errors
from tmf.openapi import document, published


class Fact(NamedTuple):
    kind: str  # operation, state, event or error
    api: str  # the slug of its document
    subject: str  # whose
    word: str


PARTIAL = "an order is refused or done as a whole today; nothing that the engine does ends with a part of it"
# What cannot be shown, and why. Whatever comes to be shown must leave this list.
EXCEPTIONS: dict[Fact, str] = {
    Fact("state", "serviceOrdering-v4", "serviceOrder", "partial"): PARTIAL,
    Fact("state", "serviceOrdering-v4", "serviceOrderItem", "partial"): PARTIAL,
    Fact("state", "serviceOrdering-v4", "cancelServiceOrder", "terminatedWithError"): "follows our own faults only",
    Fact("error", "", "409", "concurrentChange"): "lost against others five times in a row: a matter of chance",
    Fact("error", "", "429", "tooManyRequests"): "nothing is throttled yet",
    Fact("error", "", "500", "internalError"): "follows our own faults only",
    Fact("error", "", "501", "notImplemented"): "documented by version 5; nothing answers it",
    Fact("error", "", "503", "unavailable"): "needs a database that is away",
}
STATES = {
    ("serviceOrdering-v4", "serviceOrder"): [*OrderState.values],
    ("serviceOrdering-v4", "serviceOrderItem"): [*OrderState.values],
    ("serviceOrdering-v4", "cancelServiceOrder"): [*CancelState.values],
    ("serviceInventory-v4", "service"): [*{*ServiceState.values} - {ServiceState.SUSPENDED.value}],
    ("serviceInventory-v5", "service"): [*ServiceState.values],
    ("serviceInventory-v5", "service.operatingStatus"): [*OperatingStatus.values],
    ("serviceCatalog-v4", "serviceSpecification"): [*LIFECYCLE],
    ("serviceCatalog-v4", "importJob"): [*JOB_STATES],
    ("serviceCatalog-v4", "exportJob"): [*JOB_STATES],
}
STATE_NAMES = ("state", "status", "lifecycleStatus")
NO_STATE = ("serviceCatalog", "serviceCategory", "serviceCandidate")  # their lifecycle is the specification's


def wanted() -> Iterator[Fact]:
    for api in published():
        made = document(api)
        for methods in made["paths"].values():
            for operation in methods.values():
                yield Fact("operation", api.slug, operation["tags"][0], operation["operationId"])
        for name in made["webhooks"]:
            yield Fact("event", api.slug, "", name[0].upper() + name[1:])
    for (slug, subject), words in STATES.items():
        yield from (Fact("state", slug, subject, word) for word in sorted(words))
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.TmfError):
            yield Fact("error", "", str(kind.status), kind.code)


def shown(played: Sequence[Exchange]) -> dict[Fact, Exchange]:
    """Each fact with its best example: an answer before a notification, the whole resource before a part of it."""
    found: dict[Fact, tuple[int, Exchange]] = {}
    for exchange in played:
        for rank, fact in _facts(exchange):
            if fact not in found or rank < found[fact][0]:
                found[fact] = (rank, exchange)
    return {fact: exchange for fact, (_, exchange) in found.items()}


def _facts(exchange: Exchange) -> Iterator[tuple[int, Fact]]:
    slug, operation = operation_of(exchange)
    if exchange.status >= 400:
        yield 0, Fact("error", "", str(exchange.status), exchange.answer["code"])
    elif operation:
        rank = 1 if "fields=" in exchange.address else 0
        yield rank, Fact("operation", slug, operation["tags"][0], operation["operationId"])
        for document_ in exchange.documents():
            yield from ((rank, fact) for fact in _states(slug, operation["tags"][0], document_))
    for notification in exchange.heard:
        yield 0, Fact("event", notification.api, "", notification.event)
        yield from ((2, fact) for fact in _told(notification))


def _told(notification: Notification) -> Iterator[Fact]:
    return _states(notification.api, *notification.resource)


def _states(slug: str, subject: str, document_: Json) -> Iterator[Fact]:
    if subject in NO_STATE:
        return
    for name in STATE_NAMES:
        if name in document_:
            yield Fact("state", slug, subject, document_[name])
    if "operatingStatus" in document_:
        yield Fact("state", slug, f"{subject}.operatingStatus", document_["operatingStatus"])
    for item in document_.get("serviceOrderItem") or ():
        if "state" in item:
            yield from _states(slug, "serviceOrderItem", item)


def operation_of(exchange: Exchange) -> tuple[str, Any]:
    """The document's slug and the operation; ("", None) for what no document offers."""
    path = exchange.address.partition("?")[0]
    for slug, pattern, methods in _paths():
        if pattern.fullmatch(path):
            return slug, methods.get(exchange.step.method.lower())
    return "", None


@cache
def _paths() -> tuple[tuple[str, re.Pattern[str], Any], ...]:
    return tuple(
        (api.slug, re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), methods)
        for api in published()
        for path, methods in document(api)["paths"].items()
    )
