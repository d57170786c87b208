"""The notification that a listener gets: TMF630's event envelope, in the form of the listener's API version.

An event is written once. `settings.EVENT_FORMS` names what makes other forms of it than the one below.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings

from tmf.models import Event
from tmf.resources import Json, timestamp
from tmf.wiring import resolve

WORD = re.compile(r"[A-Z][a-z0-9]*")
WITH_FIELD_PATH = ("AttributeValueChangeEvent", "InformationRequiredEvent")  # of a PATCH's two events the first only


def notification(event: Event, version: str, base_url: str = "") -> Json | None:
    """What a listener of this version of the event's API hears; None when that version knows no such event.

    Paths in `href` become absolute when `base_url` (scheme and host) is given.
    """
    path = settings.EVENT_FORMS.get(f"{event.api}-{version}")
    form = (resolve(path) if path else None) or envelope
    made: Json | None = form(event)
    return {**made, "event": _absolute(made["event"], base_url)} if made and base_url else made


def envelope(event: Event) -> Json:
    """TMF630 version 4 (docs/conformance.md 0.6)."""
    made = {**headline(event), "timeOcurred": timestamp(event.occurred_at)}  # the specification's spelling
    if event.field_path and event.type.endswith(WITH_FIELD_PATH):
        made["fieldPath"] = event.field_path
    return {**made, "event": {event.resource: event.payload}}


def headline(event: Event) -> Json:
    """What the envelopes of all versions say of an event."""
    title = _title(event.type)
    made: Json = {
        "eventId": str(event.event_id),
        "eventTime": timestamp(event.occurred_at),
        "eventType": event.type,
        "domain": event.api,
        "title": title,
        "description": f"{title}: {event.resource} {event.resource_id}",
        "priority": "4",
    }
    return {**made, "correlationId": event.correlation_id} if event.correlation_id else made


def _title(event_type: str) -> str:
    """`ServiceOrderStateChangeEvent` → `Service order state change`."""
    words = WORD.findall(event_type.removesuffix("Event"))
    return " ".join(words).capitalize()


def _absolute(value: Any, base_url: str) -> Any:
    match value:
        case dict():
            return {key: _href(key, inner, base_url) for key, inner in value.items()}
        case list():
            return [_absolute(inner, base_url) for inner in value]
        case _:
            return value


def _href(key: str, value: Any, base_url: str) -> Any:
    if key == "href" and isinstance(value, str) and value.startswith("/"):
        return base_url + value
    return _absolute(value, base_url)
