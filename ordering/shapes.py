"""The shapes of TMF641's service order."""

from inventory.shapes import ACTIONS, SERVICE_ID, service_attributes, service_ref_or_value
from ordering.models import OrderState
from tmf import common_shapes as common
from tmf.shapes import (
    REFERRED,
    Attribute,
    Json,
    Shape,
    attributes,
    choice,
    date_time,
    integer,
    itself,
    many,
    one,
    read_only,
    required,
    text,
    uri,
)

RELATED_PARTY = common.RELATED_PARTY
SERVICE = service_ref_or_value(service_attributes())
APPOINTMENT_REF = common.referring("AppointmentRef", "An appointment with the customer.")
APPOINTMENT = Shape(
    APPOINTMENT_REF.name,
    APPOINTMENT_REF.description,
    {**APPOINTMENT_REF.attributes, "description": text("What the appointment is about.")},
)
EXTERNAL_REFERENCE = Shape(
    "ExternalReference",
    "How another system names the order.",
    attributes(
        id=text("Identifier in the other system."),
        href=uri("Address in the other system."),
        externalReferenceType=text("Kind of reference."),
        name=required(text("Name of the reference.")),
    ),
)
ORDER_RELATIONSHIP = Shape(
    "ServiceOrderRelationship",
    "How the order depends on another order.",
    attributes(
        id=required(text("Identifier of the other order.", minLength=1)),
        href=uri("Address of the other order."),
        relationshipType=required(text("Kind of dependency, such as `dependsOn`.", minLength=1)),
        **REFERRED,
    ),
)


def _either(first: str, second: str) -> Json:
    return {"anyOf": [{"required": [first]}, {"required": [second]}]}


ITEM_REF = Shape(
    "ServiceOrderItemRef",
    "An item of an order. `id` is read as `itemId`.",
    attributes(
        itemId=text("The item's id in its order.", minLength=1),
        serviceOrderHref=uri("Address of the order, when it is another one."),
        serviceOrderId=text("Identifier of the order, when it is another one."),
        **REFERRED,
    ),
    rules=(_either("itemId", "id"),),
)
ITEM_RELATIONSHIP = Shape(
    "ServiceOrderItemRelationship",
    "How an item depends on another item.",
    attributes(
        relationshipType=required(text("Kind of dependency, such as `reliesOn`.", minLength=1)),
        orderItem=required(one(ITEM_REF, "The item it depends on.")),
    ),
)


def _error(name: str, description: str, **more: Attribute) -> Shape:
    return Shape(
        name,
        description,
        {**common.ERROR.needing().attributes, "timestamp": date_time("When it was found."), **more},
    )


CONCERNED = many(ITEM_REF, "The items concerned.")
ITEM_ERROR = _error("ServiceOrderItemErrorMessage", "Why an item was refused, is held or failed.")
ORDER_ERROR = _error(
    "ServiceOrderErrorMessage", "Why the order was refused, is held or failed.", serviceOrderItem=CONCERNED
)
MILESTONE = Shape(
    "ServiceOrderMilestone",
    "A point in the order's fulfilment that is worth telling.",
    attributes(
        id=text("Its identifier."),
        name=text("Its name."),
        description=text("What it means."),
        message=text("What is to be said about it."),
        milestoneDate=date_time("When it was, or will be, reached."),
        status=text("Whether it has been reached."),
        serviceOrderItem=CONCERNED,
    ),
)
JEOPARDY_ALERT = Shape(
    "ServiceOrderJeopardyAlert",
    "A warning that the order may miss its date.",
    attributes(
        id=text("Its identifier."),
        name=text("Its name."),
        alertDate=date_time("When it was raised."),
        exception=text("What went wrong."),
        jeopardyType=text("Kind of danger."),
        message=text("What is to be said about it."),
        serviceOrderItem=CONCERNED,
    ),
)
_EXISTING: Json = {
    "if": {"properties": {"action": {"enum": ["modify", "delete", "noChange"]}}, "required": ["action"]},
    "then": {"properties": {"service": _either("id", "href")}},
    "else": {"properties": {"service": {"properties": {"id": {"pattern": SERVICE_ID}}}}},
}
ITEM = Shape(
    "ServiceOrderItem",
    "One thing that is ordered: a service and what is to be done to it. Items nest.",
    attributes(
        id=required(text("The item's id, unique in the order.", minLength=1, maxLength=common.ID_MAX)),
        action=required(choice("What is to be done to the service.", ACTIONS)),
        quantity=integer("How many are ordered.", minimum=1),
        state=read_only(choice("How far the item has come.", OrderState.values)),
        errorMessage=read_only(many(ITEM_ERROR, "Why it was refused, is held or failed.")),
        appointment=one(APPOINTMENT, "An appointment made for it."),
        service=required(one(SERVICE, "The service; `id` or `href` when it exists already.")),
        serviceOrderItem=itself("ServiceOrderItem", "The items it is made of."),
        serviceOrderItemRelationship=many(ITEM_RELATIONSHIP, "What it depends on in this order."),
    ),
    rules=(_EXISTING,),
)
ITEMS = many(ITEM, "What is ordered.", minItems=1)

_OPEN = {
    "description": text("What the order is about."),
    "externalId": text("The client's own identifier of the order.", maxLength=200),
    "notificationContact": text("Whom to tell about the order."),
    "priority": text("Urgency, from 0 (first) to 4 (last); 4 when none is given.", maxLength=20),
    "requestedStartDate": date_time("When the client wants the work to begin."),
    "requestedCompletionDate": date_time("When the client wants the work to be done."),
    "externalReference": many(EXTERNAL_REFERENCE, "How other systems name the order."),
    "note": many(common.NOTE, "Remarks about the order."),
    "orderRelationship": many(ORDER_RELATIONSHIP, "Its relationships with other orders."),
    "relatedParty": many(RELATED_PARTY, "Parties that have to do with the order."),
    "serviceOrderItem": ITEMS,
}
_AT_FIRST = attributes(
    category=text("Kind of order.", maxLength=200),
    cancellationDate=date_time("When the order was cancelled."),
    cancellationReason=text("Why the order was cancelled."),
)
_STATE = choice("How far the order has come.", OrderState.values)
_EXPECTED = date_time("When the work is expected to be done.")

SERVICE_ORDER = Shape(
    "ServiceOrder",
    "An order of services.",
    {
        "id": text("Its identifier."),
        "href": uri("Its address."),
        "state": _STATE,
        "orderDate": date_time("When it was received."),
        **_OPEN,
        **_AT_FIRST,
        "startDate": date_time("When the work began."),
        "expectedCompletionDate": _EXPECTED,
        "completionDate": date_time("When the work ended."),
        "errorMessage": many(ORDER_ERROR, "Why it was refused, is held or failed."),
        "milestone": many(MILESTONE, "Points of its fulfilment."),
        "jeopardyAlert": many(JEOPARDY_ALERT, "Warnings that it may miss its date."),
    },
).needing("id", "href", "state", "orderDate", "serviceOrderItem")

SERVICE_ORDER_CREATE = Shape("ServiceOrder_Create", "An order to be placed.", {**_OPEN, **_AT_FIRST}).needing(
    "serviceOrderItem"
)
SERVICE_ORDER_UPDATE = Shape(
    "ServiceOrder_Update",
    "What is to change in an order. Nothing else may be named.",
    {**_OPEN, "expectedCompletionDate": _EXPECTED, "state": _STATE},
).needing()
