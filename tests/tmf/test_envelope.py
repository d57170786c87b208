"""The notification's envelope (docs/conformance.md 0.6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tmf.envelope import envelope, notification
from tmf.models import Event


def event(**more: Any) -> Event:
    moment = datetime(2026, 11, 21, 9, 30, 0, 125000, tzinfo=UTC)
    payload = {
        "id": "1",
        "href": "/tmf-api/x/v4/thing/1",
        "serviceOrderItem": [
            {"service": {"href": "/tmf-api/serviceInventory/v4/service/7"}},
            {"service": {"href": "https://elsewhere/service/8", "name": "/not/a/href"}},
        ],
    }
    given = {"api": "ordering", "type": "ServiceOrderInformationRequiredEvent", "resource": "serviceOrder"}
    return Event(**{**given, "resource_id": "1", "occurred_at": moment, "payload": payload, **more})


def test_it_makes_our_own_hrefs_absolute_and_leaves_others() -> None:
    told = notification(event(), "v4", "https://som.example")
    assert told
    shown = told["event"]["serviceOrder"]
    assert shown["href"] == "https://som.example/tmf-api/x/v4/thing/1"
    first, second = shown["serviceOrderItem"]
    assert first["service"]["href"] == "https://som.example/tmf-api/serviceInventory/v4/service/7"
    assert second["service"] == {"href": "https://elsewhere/service/8", "name": "/not/a/href"}


def test_it_does_not_touch_the_stored_payload() -> None:
    told = event()
    notification(told, "v4", "https://som.example")
    assert told.payload["href"] == "/tmf-api/x/v4/thing/1"


def test_it_carries_correlation_and_field_path_only_where_due() -> None:
    assert not {"correlationId", "fieldPath"} & envelope(event()).keys()
    shown = envelope(event(correlation_id="c", field_path="note"))
    assert (shown["correlationId"], shown["fieldPath"]) == ("c", "note")
    assert "fieldPath" not in envelope(event(type="ServiceOrderStateChangeEvent", field_path="note"))


def test_it_tells_time_twice_in_utc_and_titles_in_words() -> None:
    shown = envelope(event())
    assert shown["eventTime"] == shown["timeOcurred"] == "2026-11-21T09:30:00.125Z"
    assert shown["title"] == "Service order information required"
    assert shown["description"] == "Service order information required: serviceOrder 1"
