"""Shapes that more than one API uses. Where the APIs demand different attributes, they say so by `needing`."""

from tmf.shapes import (
    REFERRED,
    Attribute,
    Shape,
    anything,
    attributes,
    boolean,
    date_time,
    many,
    one,
    required,
    text,
    uri,
    url,
)

ID_MAX = 200  # longest identifier of another system that is copied into a column


def referring(name: str, description: str, **more: Attribute) -> Shape:
    """A reference to an entity kept elsewhere: its id is mandatory, the rest is a courtesy."""
    return Shape(
        name,
        description,
        attributes(
            id=required(text("Identifier of what is referred to.", minLength=1, maxLength=ID_MAX)),
            href=uri("Address of what is referred to."),
            name=text("Its name."),
            **more,
            **REFERRED,
        ),
    )


def versioned(name: str, description: str) -> Shape:
    return referring(name, description, version=text("Its version."))


def playing(name: str, description: str) -> Shape:
    """A reference or value that plays a role, which is mandatory."""
    return Shape(
        name,
        description,
        attributes(
            id=text("Identifier, when it is kept elsewhere."),
            href=uri("Address, when it is kept elsewhere."),
            name=text("Its name."),
            role=required(text("The part it plays.")),
            **REFERRED,
        ),
    )


TIME_PERIOD = Shape(
    "TimePeriod",
    "A stretch of time; an open end is left out.",
    {"startDateTime": date_time("When it begins."), "endDateTime": date_time("When it ends.")},
)
NOTE = Shape(
    "Note",
    "A remark.",
    attributes(
        id=text("Identifier within its resource."),
        author=text("Who wrote it."),
        date=date_time("When it was written."),
        text=required(text("What it says.")),
    ),
)
RELATED_PARTY = Shape(
    "RelatedParty",
    "A person or organization that has to do with the resource.",
    attributes(
        id=required(text("Identifier of the party.", minLength=1)),
        href=uri("Address of the party."),
        name=text("Name of the party."),
        role=text("The part it plays."),
        **{"@referredType": required(REFERRED["@referredType"])},
    ),
)
CHARACTERISTIC_RELATIONSHIP = Shape(
    "CharacteristicRelationship",
    "How one characteristic depends on another.",
    attributes(
        id=text("Identifier of the other characteristic."),
        href=uri("Address of the other characteristic."),
        relationshipType=text("Kind of dependency."),
    ),
)
CHARACTERISTIC = Shape(
    "Characteristic",
    "A named value. The value may be any JSON and keeps its type.",
    attributes(
        id=text("Identifier of the characteristic."),
        name=required(text("Its name.", minLength=1)),
        valueType=text("Name of the value's type."),
        value=required(anything("The value: string, number, boolean, null, array or object.")),
        characteristicRelationship=many(CHARACTERISTIC_RELATIONSHIP, "Its relationships with other characteristics."),
    ),
)
CONSTRAINT_REF = versioned("ConstraintRef", "A constraint that must be respected.")
RESOURCE_REF = referring("ResourceRef", "A resource of the resource inventory.")
SERVICE_SPECIFICATION_REF = versioned("ServiceSpecificationRef", "A service specification of a service catalogue.")
RELATED_PLACE = playing("RelatedPlaceRefOrValue", "A place, by reference or by value.")
RELATED_ENTITY = playing("RelatedEntityRefOrValue", "Any other entity, by reference or by value.")
FEATURE_RELATIONSHIP = Shape(
    "FeatureRelationship",
    "How one feature depends on another.",
    attributes(
        id=text("Identifier of the other feature."),
        name=required(text("Name of the other feature.")),
        relationshipType=required(text("Kind of dependency.")),
        validFor=one(TIME_PERIOD, "When the dependency holds."),
    ),
)
FEATURE = Shape(
    "Feature",
    "A capability of a service that may be switched on or off, with characteristics of its own.",
    attributes(
        id=text("Identifier of the feature."),
        name=required(text("Its name.", minLength=1)),
        isBundle=boolean("Whether it groups other features."),
        isEnabled=boolean("Whether it is switched on."),
        constraint=many(CONSTRAINT_REF, "Constraints on it."),
        featureCharacteristic=required(many(CHARACTERISTIC, "Its characteristics.", minItems=1)),
        featureRelationship=many(FEATURE_RELATIONSHIP, "Its relationships with other features."),
    ),
)
ERROR = Shape(
    "Error",
    "Why a request was refused or failed.",
    attributes(
        code=required(text("A word that a program can act on.")),
        reason=required(text("What kind of failure it is.")),
        message=text("What was wrong, naming the attribute."),
        status=text("The HTTP status, as text."),
        referenceError=uri("Where more is said about the error."),
    ),
)
EVENT_SUBSCRIPTION_INPUT = Shape(
    "EventSubscriptionInput",
    "Asks that events be sent to a listener.",
    {
        "callback": required(url("Where events are posted.")),
        "query": text(
            "Which events: `eventType=…` and paths such as `event.<resource>.<attribute>=…`; `fields=` narrows.",
            maxLength=2000,
        ),
    },
)
EVENT_SUBSCRIPTION = Shape(
    "EventSubscription",
    "A listener that is being told of events.",
    {
        "id": required(text("Identifier of the subscription; DELETE /hub/{id} ends it.")),
        **EVENT_SUBSCRIPTION_INPUT.attributes,
    },
)
# Of TM Forum's fifth generation, where every object says its class.
HUB_FVO = Shape(
    "Hub_FVO",
    "Asks that events be sent to a listener.",
    {**EVENT_SUBSCRIPTION_INPUT.attributes, **attributes(), "@type": required(text("The class of this object: Hub."))},
)
HUB = Shape(
    "Hub",
    "A listener that is being told of events.",
    {
        **EVENT_SUBSCRIPTION.attributes,
        "href": required(uri("Address of the subscription.")),
        **attributes(),
        "@type": required(text("The class of this object: Hub.")),
    },
)


def event(event_type: str, resource: str, payload: Shape, *, field_path: bool = False) -> Shape:
    """The envelope in which a listener gets an event of one resource (TMF630 v4)."""
    inner = Shape(f"{event_type}Payload", "What the event is about.", {resource: one(payload, "The resource then.")})
    path = {"fieldPath": text("Path of the attribute concerned.")} if field_path else {}
    return Shape(
        event_type,
        "A notification, posted to a listener.",
        {
            "eventId": required(text("Identifier of the event; the same in every attempt to deliver it.")),
            "eventTime": required(date_time("When it happened.")),
            "eventType": required(text("Type of the event.", enum=[event_type])),
            "correlationId": text("What ties it to other messages."),
            "domain": text("Where it comes from."),
            "title": text("Title for people."),
            "description": text("What happened, for people."),
            "priority": text("Urgency."),
            "timeOcurred": date_time("When it happened (the specification's spelling)."),
            **path,
            "event": required(one(inner, "The resource, whole, as it was then.")),
        },
    )


def typed_event(event_type: str, resource: str, payload: Shape) -> Shape:
    """The envelope in which a listener gets an event of one resource (TM Forum's fifth generation)."""
    part = Shape(
        f"{payload.name}_{event_type}", "What is told of the resource.", payload.attributes, payload.rules
    ).needing("@type", "id", "href")
    inner = Shape(f"{event_type}Payload", "What the event is about.", {resource: required(one(part, "The resource."))})
    v4 = event(event_type, resource, payload, field_path=event_type.endswith("AttributeValueChangeEvent")).attributes
    kept = {name: attribute for name, attribute in v4.items() if name != "timeOcurred"}
    return Shape(
        event_type,
        "A notification, posted to a listener.",
        {
            **kept,
            "timeOccurred": date_time("When it happened."),
            "event": required(one(inner, "What the event is about.")),
            "@type": required(text("The class of the event, which is its type.", enum=[event_type])),
            "@baseType": required(text("The class that events extend.", enum=["Event"])),
            "@schemaLocation": uri("Where the schema of the added attributes is found."),
        },
    )
