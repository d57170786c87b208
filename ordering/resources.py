"""The resources of TMF641: what an order is made of and how it is kept."""

from django.db.models import Case, F, Q, When

from inventory.resources import SERVICE
from ordering import cancel_shapes, examples, shapes
from ordering.models import CancelServiceOrder, ServiceOrder
from ordering.representation import show_items
from ordering.states import CANCELLING, TERMINAL
from tmf.resources import Api, Children, Column, Lookup, Resource

API = Api(
    "ordering",
    "v4",
    "Service Ordering",
    "TMF641: orders of services, from the request to its fulfilment. Place an order whose items add, modify or "
    "delete services, follow its state, change it, have it cancelled, and be told of what becomes of it.",
    "4.1.0",
)

# As `show_item` shows them, whatever the row says.
SHOWN_STATE = Case(
    When(Q(order__state__in=CANCELLING) & ~Q(state__in=TERMINAL), then=F("order__state")), default=F("state")
)
ITEMS = Children(
    "serviceOrderItem",
    relation="items",
    nested="children",
    lookups=(
        Lookup("id", "item_id"),
        Lookup("action", "action"),
        Lookup("state", SHOWN_STATE),
        Lookup("errorMessage", "errors", "json"),
        Lookup("service.id", "service_id"),
        Lookup("service.href", "service_id", href_of=SERVICE),
    ),
    server_set=frozenset({"state", "errorMessage"}),
)
SERVICE_ORDER = Resource(
    name="serviceOrder",
    api=API,
    model=ServiceOrder,
    shape=shapes.SERVICE_ORDER,
    create=shapes.SERVICE_ORDER_CREATE,
    update=shapes.SERVICE_ORDER_UPDATE,
    example=examples.SERVICE_ORDER,
    columns=(
        Column("externalId", "external_id"),
        Column("category", "category"),
        Column("priority", "priority"),
        Column("state", "state"),
        Column("orderDate", "created_at", "date"),
        Column("requestedStartDate", "requested_start_date", "date"),
        Column("requestedCompletionDate", "requested_completion_date", "date"),
        Column("expectedCompletionDate", "expected_completion_date", "date"),
        Column("startDate", "start_date", "date"),
        Column("completionDate", "completion_date", "date"),
        Column("cancellationDate", "cancellation_date", "date"),
    ),
    server_set=frozenset(shapes.SERVICE_ORDER.attributes.keys() - shapes.SERVICE_ORDER_CREATE.attributes.keys()),
    fixed=frozenset(shapes.SERVICE_ORDER.attributes.keys() - shapes.SERVICE_ORDER_UPDATE.attributes.keys()),
    closed=True,
    derived=frozenset({"errorMessage"}),
    overlay=show_items,
    prefetch=("items",),
    always=("id", "href", "state", "orderDate", "serviceOrderItem"),
    events=(
        "ServiceOrderCreateEvent",
        "ServiceOrderAttributeValueChangeEvent",
        "ServiceOrderStateChangeEvent",
        "ServiceOrderDeleteEvent",
        "ServiceOrderInformationRequiredEvent",
        "ServiceOrderMilestoneEvent",
        "ServiceOrderJeopardyEvent",
    ),
    lookups=(Lookup("errorMessage", "errors", "json"),),
    children=(ITEMS,),
)
CANCEL_SERVICE_ORDER = Resource(
    name="cancelServiceOrder",
    api=API,
    model=CancelServiceOrder,
    shape=cancel_shapes.CANCEL_SERVICE_ORDER,
    create=cancel_shapes.CANCEL_SERVICE_ORDER_CREATE,
    update=None,
    example=examples.CANCEL_SERVICE_ORDER,
    columns=(
        Column("state", "state"),
        Column("requestedCancellationDate", "requested_date", "date"),
        Column("effectiveCancellationDate", "effective_date", "date"),
    ),
    server_set=frozenset(
        cancel_shapes.CANCEL_SERVICE_ORDER.attributes.keys()
        - cancel_shapes.CANCEL_SERVICE_ORDER_CREATE.attributes.keys()
    ),
    always=("id", "href", "state", "serviceOrder"),
    events=(
        "CancelServiceOrderCreateEvent",
        "CancelServiceOrderStateChangeEvent",
        "CancelServiceOrderInformationRequiredEvent",
    ),
)
RESOURCES = (SERVICE_ORDER, CANCEL_SERVICE_ORDER)
