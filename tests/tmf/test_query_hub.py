"""The query of a hub subscription: which events are heard, and how much of them (docs/conformance.md 0.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tmf.errors import BadRequest
from tmf.query import compile_query

ENVELOPE: dict[str, Any] = {
    "eventId": "e1",
    "eventTime": "2026-11-21T09:30:00.000Z",
    "eventType": "ServiceOrderStateChangeEvent",
    "event": {
        "serviceOrder": {
            "id": "1",
            "href": "/o/1",
            "state": "completed",
            "category": "home",
            "serviceOrderItem": [{"id": "1", "state": "completed"}],
        }
    },
}
HEARD = [
    "",
    "eventType=ServiceOrderStateChangeEvent",
    "?eventType=ServiceOrderStateChangeEvent",
    " eventType=ServiceOrderStateChangeEvent ",
    "eventType=ServiceOrderCreateEvent,ServiceOrderStateChangeEvent",
    "eventType=ServiceOrderCreateEvent&eventType=ServiceOrderStateChangeEvent",
    "event.serviceOrder.state=completed",
    "eventType=ServiceOrderStateChangeEvent&event.serviceOrder.state=failed,completed",
    "event.serviceOrder.serviceOrderItem.state=completed",
    "eventTime.gte=2026-11-21",
    "eventType.regex=StateChange",
    "filter=$.event.serviceOrder[?(@.state=='completed')]",
    "fields=id",
]
UNHEARD = [
    "eventType=ServiceOrderCreateEvent",
    "eventType=serviceOrderStateChangeEvent",
    "eventType=ServiceOrderStateChangeEvent&event.serviceOrder.state=failed",
    "event.service.state=completed",
    "state=completed",
    "limit=5",
]
NARROWED = {
    "fields=state": {"id": "1", "href": "/o/1", "state": "completed"},
    "fields=event.serviceOrder.state": {"id": "1", "href": "/o/1", "state": "completed"},
    "fields=serviceOrder.state, category": {"id": "1", "href": "/o/1", "state": "completed", "category": "home"},
    "fields=serviceOrderItem.id": {"id": "1", "href": "/o/1", "serviceOrderItem": [{"id": "1"}]},
    "fields=bogus": {"id": "1", "href": "/o/1"},
    "fields=eventId,eventType": {"id": "1", "href": "/o/1"},
}


@pytest.mark.parametrize("query", HEARD)
def test_it_hears(query: str) -> None:
    assert compile_query(query).matches(ENVELOPE)


@pytest.mark.parametrize("query", UNHEARD)
def test_it_does_not_hear(query: str) -> None:
    assert not compile_query(query).matches(ENVELOPE)


@pytest.mark.parametrize(("query", "expected"), NARROWED.items())
def test_it_narrows_the_resource_and_nothing_else(query: str, expected: dict[str, Any]) -> None:
    assert compile_query(query).narrow(ENVELOPE) == {**ENVELOPE, "event": {"serviceOrder": expected}}


@pytest.mark.parametrize("query", ["", "eventType=X", "fields=", "fields=event", "fields=event.serviceOrder"])
def test_it_leaves_the_envelope_whole(query: str) -> None:
    assert compile_query(query).narrow(ENVELOPE) == ENVELOPE


def test_it_narrows_a_copy() -> None:
    before = repr(ENVELOPE)
    compile_query("fields=state").narrow(ENVELOPE)
    assert repr(ENVELOPE) == before


@pytest.mark.parametrize("query", ["garbage", "=x", "a.regex=(", "filter=$..a", "a=%00", "a=" + "x" * 9000])
def test_it_refuses_what_it_cannot_read(query: str) -> None:
    with pytest.raises(BadRequest) as refused:
        compile_query(query)
    assert refused.value.path == "query"
