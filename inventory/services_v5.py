"""What a client of v5 may do to a service (docs/conformance.md 2.1)."""

from copy import copy

from django.db import IntegrityError

from inventory.models import Service
from inventory.representation_v5 import changed
from inventory.resources import SERVICE, SERVICE_V5
from inventory.services import EVENT_OF, changed_columns, event_types, field_path, service_record, service_write
from inventory.shapes_v5 import SERVICE_FVO
from tmf.actors import Actor
from tmf.endpoints import Change
from tmf.errors import Conflict
from tmf.patching import differing
from tmf.resources import Json
from tmf.validation import accepted_create, check

COLUMNS = frozenset(column.attribute for column in SERVICE_V5.columns)
EVENT_OF_V5 = {**EVENT_OF, "operatingStatus": "ServiceOperatingStatusChangeEvent"}
ELSEWHERE = COLUMNS | SERVICE_V5.derived  # attributes that no body keeps


def service_create(*, actor: Actor, document: Json) -> Service:
    """Records a service under the id that the client chose, or one of ours. Raises Invalid, Conflict."""
    document = accepted_create(SERVICE_V5, document)
    fields, rest = SERVICE_V5.split(document)
    body, body_v5 = changed({}, {}, rest, rest.keys())
    own_id = {"id": document["id"]} if "id" in document else {}
    service = Service(body=body, body_v5=body_v5, **own_id, **fields)
    try:
        return service_record(actor=actor, service=service, document=document)
    except IntegrityError:
        raise Conflict(f"there is a service {service.pk} already", path="id") from None


def service_patch(*, actor: Actor, change: Change) -> Service:
    """Writes a change of the shape `SERVICE_V5.update`. Raises Invalid, Conflict, LostRace."""
    service: Service = change.row
    check_parts(change)
    fields, rest = changed_columns(SERVICE_V5, change)
    names = change.attributes - ELSEWHERE
    fields["body"], fields["body_v5"] = changed(service.body, service.body_v5, rest, names)
    seen = change.attributes & _seen_by_v4(service, fields)
    return service_write(
        actor=actor,
        service=service,
        fields=fields,
        types=event_types(change.attributes, EVENT_OF_V5),
        field_path=field_path(seen),
        aside={"names": sorted(change.attributes), "seen": sorted(seen)},
    )


def _seen_by_v4(service: Service, fields: Json) -> frozenset[str]:
    """The attributes that differ in the v4 form once these columns are written."""
    after = copy(service)
    for name, value in fields.items():
        setattr(after, name, value)
    return differing(SERVICE.represent(service), SERVICE.represent(after))


def check_parts(change: Change) -> None:
    """What is new in a patched service must be as a POST wants it. What was there before may stay as it is."""
    for name in sorted(change.attributes & change.after.keys() & SERVICE_FVO.attributes.keys()):
        value, parts = change.after[name], SERVICE_FVO.attributes[name].refers_to
        if not parts:
            continue
        known = change.before.get(name, []) if isinstance(value, list) else []
        for index, part in enumerate(value if isinstance(value, list) else [value]):
            if part not in known:
                check(parts[0], part, at=f"{name}[{index}]" if isinstance(value, list) else name)
