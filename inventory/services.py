"""What a client may do to a service (docs/conformance.md 2). What orders do is in `fulfilment`."""

from collections.abc import Mapping, Sequence, Set

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from inventory.lifecycle import settle_dates
from inventory.models import Service
from inventory.representation_v5 import settled
from inventory.resources import RECORDED, SERVICE
from inventory.states import IN_USE, INITIAL, MOVES, flags
from tmf import journal, outbox
from tmf.actors import Actor
from tmf.endpoints import Change
from tmf.errors import Conflict, Invalid
from tmf.inserts import insert_objects
from tmf.once import creation
from tmf.resources import Json, Resource
from tmf.revisions import advance, remove
from tmf.validation import accepted_create

INSERTED = (
    "id", "party", "revision", "body", "body_v5", "state", "operating_status", "name", "category", "specification_id",
    "order_id", "service_date", "start_date", "end_date", "created_at", "updated_at",
)  # fmt: skip
EVENT_OF = {"state": "ServiceStateChangeEvent"}  # attributes whose change has an event of its own


def service_create(*, actor: Actor, document: Json) -> Service:
    """Records a service; it belongs to the actor's party. Raises Invalid, Conflict."""
    document = accepted_create(SERVICE, document)
    fields, body = SERVICE.split(document)
    service = Service(body=body, body_v5=settled({}, {}, body), **fields)
    return service_record(actor=actor, service=service, document=document)


def service_record(*, actor: Actor, service: Service, document: Json) -> Service:
    """Writes a new service that a client described. Raises Conflict for a state in which no service begins."""
    if service.state not in INITIAL:
        raise Conflict(f"a new service cannot be {service.state}", path="state")
    now = timezone.now()
    service.party, service.specification_id = actor.party, document["serviceSpecification"]["id"]
    service.service_date = service.created_at = service.updated_at = now
    settle_dates(service, "", now)
    check_consistent(service, document, document.keys())
    with creation():
        insert_objects([service], fields=INSERTED)
        journal.record([_entry(service, "", actor)])
        outbox.record(RECORDED, service, "ServiceCreateEvent")
    return service


def service_patch(*, actor: Actor, change: Change) -> Service:
    """Writes a change of the shape `SERVICE.update`. Raises Invalid, Conflict, LostRace."""
    service: Service = change.row
    fields, body = changed_columns(SERVICE, change)
    fields |= {"body": body, "body_v5": settled(service.body_v5, service.body, body)}
    types, path = event_types(change.attributes), field_path(change.attributes)
    return service_write(actor=actor, service=service, fields=fields, types=types, field_path=path)


def service_write(
    *, actor: Actor, service: Service, fields: Json, types: Sequence[str], field_path: str, aside: Json | None = None
) -> Service:
    """Writes columns, with the events that tell of it. Raises LostRace."""
    before = service.state
    with transaction.atomic(durable=True):
        advance(service, by=len(types), **fields)
        if service.state != before:
            journal.record([_entry(service, before, actor)])
        outbox.record(RECORDED, service, *types, field_path=field_path, aside=aside)
    return service


def service_delete(*, actor: Actor, row: Service) -> None:
    """Removes the record of a service. Raises Conflict when a setting keeps services in use, LostRace."""
    if row.state in IN_USE and not settings.ENV.SERVICE_DELETE_IN_USE:
        raise Conflict(f"a service that is {row.state} cannot be deleted: terminate it first", path="state")
    with transaction.atomic(durable=True):
        remove(row)
        journal.record([journal.entry("Service", row.pk, row.state, "deleted", actor=actor.name)])
        outbox.record(RECORDED, row, "ServiceDeleteEvent")


def event_types(names: Set[str], event_of: Mapping[str, str] = EVENT_OF) -> list[str]:
    """The events that tell of a change of these attributes."""
    types = ["ServiceAttributeValueChangeEvent"] if names - event_of.keys() else []
    return types + [event for name, event in event_of.items() if name in names]


def field_path(names: Set[str]) -> str:
    return ",".join(sorted(names - EVENT_OF.keys()))


def changed_columns(resource: Resource, change: Change) -> tuple[Json, Json]:
    """The columns that a change writes, by field, and what of the document has none. Raises Invalid, Conflict."""
    service, names = change.row, change.attributes
    if "state" in names:
        MOVES.check(service.state, change.after["state"])
    given, rest = resource.split(change.after)
    made = Service()
    for column in resource.columns:
        value = given.get(column.field) if column.attribute in names else getattr(service, column.field)
        setattr(made, column.field, value)
    settle_dates(made, service.state, timezone.now(), given=names & change.after.keys())
    check_consistent(made, change.after, names)
    fields = {column.field: getattr(made, column.field) for column in resource.columns}
    return {**fields, "specification_id": change.after["serviceSpecification"]["id"]}, rest


def check_consistent(made: Service, document: Json, names: Set[str]) -> None:
    """Raises Invalid when the client says something else than what follows from the state and the dates."""
    for name, value in flags(made.state, made.start_date).items():
        if name in names and document.get(name, value) != value:
            raise Invalid(f"is {str(value).lower()} for a service that is {made.state}", path=name)
    dated = {"startDate", "endDate"} & names
    if dated and made.start_date and made.end_date and made.end_date < made.start_date:
        raise Invalid("a service cannot end before it starts", path=min(dated))


def _entry(service: Service, before: str, actor: Actor) -> journal.Entry:
    return journal.entry("Service", service.pk, before, service.state, actor=actor.name, order_id=service.order_id)
