"""What listeners of each version hear of a service: the event row holds v4's form, and aside what v5 says otherwise."""

from inventory.kinds import V5_ONLY
from inventory.representation_v5 import shown
from inventory.resources import SERVICE_V5
from tmf.envelope import envelope, headline
from tmf.models import Event
from tmf.resources import Json, timestamp

ALWAYS = ("id", "href", "@type")


def notification_v4(event: Event) -> Json | None:
    """None for what v4 has no words for: operating status, and what only v5 shows."""
    return envelope(event) if _is_heard_by_v4(event) else None


def notification_v5(event: Event) -> Json | None:
    """A new service whole, of any other what has changed. None for a change of what only v4 shows."""
    names = _names(event)
    if names is not None and not names:
        return None
    service = service_v5(event)
    told = service if names is None else {name: service[name] for name in (*ALWAYS, *names) if name in service}
    made = {**headline(event), "@type": event.type, "@baseType": "Event", "timeOccurred": timestamp(event.occurred_at)}
    if event.type == "ServiceAttributeValueChangeEvent" and names:
        made["fieldPath"] = ",".join(names)
    return {**made, "event": {"service": told}}


def service_v5(event: Event) -> Json:
    """The whole service as it was then, as v5 shows it."""
    aside = event.aside or {}
    own = {name: aside[name] for name in ("state", "operatingStatus") if name in aside}
    return {**shown(event.payload, aside.get("body", {})), "href": SERVICE_V5.path(event.resource_id), **own}


def _is_heard_by_v4(event: Event) -> bool:
    seen = (event.aside or {}).get("seen")
    match event.type:
        case "ServiceOperatingStatusChangeEvent":
            return False
        case "ServiceStateChangeEvent":
            return seen is None or "state" in seen
        case "ServiceAttributeValueChangeEvent":
            return seen is None or bool({*seen} - {"state"})
        case _:
            return True


def _names(event: Event) -> list[str] | None:
    """The attributes that v5's event tells beside id, href and class; None for all, an empty list for no event."""
    match event.type:
        case "ServiceCreateEvent":
            return None
        case "ServiceStateChangeEvent":
            return ["state"]
        case "ServiceOperatingStatusChangeEvent":
            return ["operatingStatus"]
        case "ServiceAttributeValueChangeEvent":
            return _changed(event)
        case _:
            return [*ALWAYS]


def _changed(event: Event) -> list[str]:
    names = (event.aside or {}).get("names")
    if names is not None:  # a change through v5
        return [name for name in names if name not in ("state", "operatingStatus")]
    return [name for name in event.field_path.split(",") if name not in V5_ONLY]
