"""The shapes of TMF638 v4, and what its service has in common with the service of an order."""

from inventory.models import ServiceState
from tmf import common_shapes as common
from tmf.shapes import (
    REFERRED,
    Attribute,
    Shape,
    attributes,
    boolean,
    choice,
    date_time,
    itself,
    later,
    many,
    one,
    read_only,
    required,
    text,
    uri,
)

STATES_V4 = [state.value for state in ServiceState if state != ServiceState.SUSPENDED]
SERVICE_ID = r"^[A-Za-z0-9_][A-Za-z0-9._~:@!$&'()*+,;=-]*$"  # what a client may name a service: a segment of its href
ACTIONS = ("add", "modify", "delete", "noChange")

RELATED_ORDER_ITEM = Shape(
    "RelatedServiceOrderItem",
    "An order item that made or changed the service.",
    attributes(
        id=text("Identifier of the item."),
        href=uri("Address of the item."),
        itemId=text("The item's id in its order."),
        serviceOrderId=text("Identifier of the order."),
        serviceOrderHref=uri("Address of the order."),
        itemAction=choice("What the item did to the service.", ACTIONS),
        role=text("The part the item played."),
        **REFERRED,
    ),
)


SERVICE_RELATIONSHIP = Shape(
    "ServiceRelationship",
    "How the service depends on another one.",
    attributes(
        id=text("Identifier of the relationship."),
        href=uri("Address of the relationship."),
        relationshipType=required(text("Kind of dependency.")),
        service=later("ServiceRefOrValue", "The other service."),
        serviceRelationshipCharacteristic=many(common.CHARACTERISTIC, "Characteristics of the relationship."),
    ),
)


def service_attributes(
    *,
    feature: Shape = common.FEATURE,
    note: Shape = common.NOTE,
    order_item: Shape = RELATED_ORDER_ITEM,
    relationship: Shape = SERVICE_RELATIONSHIP,
) -> dict[str, Attribute]:
    """The attributes of a service, save `supportingService`; what may be demanded of its parts differs by API."""
    return attributes(
        category=text("Kind of service: customer facing, resource facing, or a word of the operator.", maxLength=200),
        description=text("What the service is, for people."),
        endDate=date_time("When it ended, or will."),
        hasStarted=boolean("Whether it has ever been active."),
        isBundle=boolean("Whether it groups other services."),
        isServiceEnabled=boolean("Whether it can be used now."),
        isStateful=boolean("Whether its state changes without orders."),
        name=text("Its name.", maxLength=300),
        serviceDate=date_time("When the record was made."),
        serviceType=text("Type of the service, in the operator's words."),
        startDate=date_time("When it began, or will."),
        startMode=text("How it is started: by itself, by the customer, by the operator."),
        state=choice("Where it stands in its life.", STATES_V4),
        feature=many(feature, "Its features."),
        note=many(note, "Remarks about it."),
        place=many(common.RELATED_PLACE, "Places that matter to it."),
        relatedEntity=many(common.RELATED_ENTITY, "Other entities that matter to it."),
        relatedParty=many(common.RELATED_PARTY, "Parties that have to do with it."),
        serviceCharacteristic=many(common.CHARACTERISTIC, "What distinguishes it from others of its specification."),
        serviceOrderItem=many(order_item, "The order items that made it what it is."),
        serviceRelationship=many(relationship, "Its relationships with other services."),
        serviceSpecification=one(common.SERVICE_SPECIFICATION_REF, "What kind of service it is."),
        supportingResource=many(common.RESOURCE_REF, "The resources it is built on."),
    )


def service_ref_or_value(shared: dict[str, Attribute]) -> Shape:
    return Shape(
        "ServiceRefOrValue",
        "A service, by reference or by value.",
        {
            "id": text("Identifier of the service in the inventory.", minLength=1, maxLength=100),
            "href": uri("Address of the service."),
            **shared,
            **REFERRED,
            "supportingService": itself("ServiceRefOrValue", "The services it is built on."),
        },
    )


_SHARED = service_attributes(
    feature=common.FEATURE.needing("id", "name", "featureCharacteristic"),
    note=common.NOTE.needing("date", "author", "text"),
    order_item=RELATED_ORDER_ITEM.needing("itemId", "serviceOrderId"),
    relationship=SERVICE_RELATIONSHIP.needing("relationshipType", "service"),
)
_SUPPORTING = many(service_ref_or_value(_SHARED).needing("id"), "The services it is built on.")
_ATTRIBUTES = {**_SHARED, "supportingService": _SUPPORTING}
_MANDATORY = ("state", "serviceSpecification")

SERVICE = Shape(
    "Service",
    "A service as the inventory knows it.",
    {"id": text("Its identifier."), "href": uri("Its address."), **_ATTRIBUTES},
).needing("id", "href", "serviceDate", *_MANDATORY)

SERVICE_CREATE = Shape(
    "Service_Create",
    "A service to be recorded.",
    {**_ATTRIBUTES, "serviceDate": read_only(_ATTRIBUTES["serviceDate"])},
).needing(*_MANDATORY)

SERVICE_UPDATE = Shape(
    "Service_Update",
    "What is to change in a service.",
    {name: attribute for name, attribute in _ATTRIBUTES.items() if name != "serviceDate"},
).needing()
