"""The resource of TMF638, in v4 and in v5: what a service is made of and how it is kept."""

from dataclasses import replace

from django.db.models import Case, Q, When

from inventory import examples, kinds, shapes, shapes_v5
from inventory.models import Service, ServiceState
from inventory.questions import of_the_body
from inventory.representation_v5 import shown as shown_v5
from inventory.states import ENABLED, PLANNED, STARTED, flags
from tmf.resources import Api, Column, Json, Lookup, Resource, Translated

API_V4 = Api(
    "inventory",
    "v4",
    "Service Inventory",
    "TMF638: the services that exist, will exist, or did. Read what orders have made, its characteristics and the "
    "services and resources it is built on; record and change services that no order made.",
    "4.0.0",
)
API_V5 = replace(
    API_V4,
    version="v5",
    description="TMF638 in its fifth generation, over the same services as version 4. Every object carries `@type`, "
    "characteristics are typed by their values, and there are operatingStatus, externalIdentifier, intent and the "
    "state suspended.",
    release="5.0.0",
    typed=True,
)


def _flags(row: Service, shown: Json, base_url: str) -> None:
    """`hasStarted` and `isServiceEnabled` follow from the state; nobody sets them."""
    shown.update(flags(row.state, row.start_date))


HAS_STARTED = Q(state__in=STARTED) | (Q(start_date__isnull=False) & ~Q(state__in=PLANNED))  # as `flags` has it
SERVICE = Resource(
    name="service",
    api=API_V4,
    model=Service,
    shape=shapes.SERVICE,
    create=shapes.SERVICE_CREATE,
    update=shapes.SERVICE_UPDATE,
    example=examples.SERVICE,
    columns=(
        Column("name", "name"),
        Column("category", "category"),
        Column("state", "state", spelled={state: kinds.V4_STATES.get(state, state) for state in ServiceState.values}),
        Column("serviceDate", "service_date", "date"),
        Column("startDate", "start_date", "date"),
        Column("endDate", "end_date", "date"),
    ),
    server_set=frozenset({"id", "href", "serviceDate"}),
    fixed=frozenset({"id", "href", "serviceDate"}),
    derived=frozenset({"hasStarted", "isServiceEnabled"}),
    overlay=_flags,
    lookups=(
        Lookup("hasStarted", Case(When(HAS_STARTED, then=True), default=False), "boolean"),
        Lookup("isServiceEnabled", Case(When(state__in=ENABLED, then=True), default=False), "boolean"),
    ),
    always=("id", "href", "state", "serviceSpecification", "serviceDate"),
    events=("ServiceCreateEvent", "ServiceAttributeValueChangeEvent", "ServiceStateChangeEvent", "ServiceDeleteEvent"),
)


def _form_v5(row: Service, shown: Json, base_url: str) -> None:
    form = shown_v5(shown, row.body_v5)
    shown.clear()
    shown.update(form, **flags(row.state, row.start_date))
    if row.operating_status:
        shown["operatingStatus"] = row.operating_status


def _aside(row: Service) -> Json | None:
    """What v5 says of a service beside or instead of v4."""
    told: Json = {"body": row.body_v5} if row.body_v5 else {}
    if row.state in kinds.V4_STATES:
        told["state"] = row.state
    if row.operating_status:
        told["operatingStatus"] = row.operating_status
    return told or None


SERVICE_V5 = replace(
    SERVICE,
    api=API_V5,
    shape=shapes_v5.SERVICE,
    create=shapes_v5.SERVICE_FVO,
    update=shapes_v5.SERVICE_MVO,
    example=examples.SERVICE_V5,
    columns=tuple(
        replace(column, spelled={}) for column in (*SERVICE.columns, Column("operatingStatus", "operating_status"))
    ),
    server_set=frozenset({"href", "serviceDate"}),
    overlay=_form_v5,
    translated=tuple(
        Translated(name, "body_v5", of_the_body)
        for name in sorted({"@type", *kinds.SERVICE.parts, *kinds.V5_ONLY} - {"operatingStatus"})
    ),
    always=("@type", *SERVICE.always),
    events=(*SERVICE.events, "ServiceOperatingStatusChangeEvent"),
)
# What events are recorded as: v4's form, and aside what v5 says otherwise.
RECORDED = replace(SERVICE, events=SERVICE_V5.events, aside=_aside)
RESOURCES = (SERVICE, SERVICE_V5)
