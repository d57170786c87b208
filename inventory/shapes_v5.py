"""The shapes of TMF638 v5: every object says its class in `@type`.

Answers and PATCHes share their parts; a POST's parts (`…_FVO`) need more.
"""

from inventory.models import OperatingStatus, ServiceState
from inventory.shapes import ACTIONS, SERVICE_ID, service_attributes
from tmf import common_shapes as common
from tmf.common_shapes import ID_MAX
from tmf.resources import Json
from tmf.shapes import (
    EXTENSION,
    REFERRED,
    Attribute,
    Shape,
    anything,
    attributes,
    boolean,
    choice,
    date_time,
    itself,
    later,
    many,
    one,
    required,
    text,
    uri,
    variant,
)

FEATURE_RELATIONSHIPS = ("excluded", "includes", "may include", "requires")
IDENTIFIER = text("Its identifier.", minLength=1, maxLength=100, pattern=SERVICE_ID)


def typed(**named: Attribute) -> dict[str, Attribute]:
    """Attributes of an object that must say its class."""
    return {**attributes(**named), "@type": required(EXTENSION["@type"])}


def when_typed(test: Json, then: Json) -> Json:
    """A rule for objects whose `@type` passes a test."""
    return {"if": {"properties": {"@type": test}, "required": ["@type"]}, "then": then}


REFERENCE = when_typed({"pattern": "Ref$"}, {"required": ["id"]})


def referring(name: str, description: str, **more: Attribute) -> Shape:
    return Shape(
        name,
        description,
        typed(
            id=required(text("Identifier of what is referred to.", minLength=1, maxLength=ID_MAX)),
            href=uri("Address of what is referred to."),
            name=text("Its name."),
            **more,
            **REFERRED,
        ),
    )


def held(name: str, description: str, /, *rules: Json, **more: Attribute) -> Shape:
    """Something by reference, which needs an id, or by value; `@type` says which."""
    return Shape(
        name,
        description,
        typed(
            id=text("Its identifier; mandatory for a reference.", minLength=1),
            href=uri("Its address."),
            name=text("Its name."),
            **more,
            **REFERRED,
        ),
        rules=(REFERENCE, *rules),
    )


# -- characteristics --------------------------------------------------------------------------
JSON_TYPES = {"String": "string", "Integer": "integer", "Number": "number", "Boolean": "boolean", "Object": "object"}


def _value_rules() -> tuple[Json, ...]:
    """What a value must be for the class that `@type` names; other classes may have any."""
    scalars = {f"{name}Characteristic": {"type": json} for name, json in JSON_TYPES.items()}
    lists = {
        f"{name}ArrayCharacteristic": {"type": "array", "items": {"type": json}} for name, json in JSON_TYPES.items()
    }
    return tuple(
        when_typed({"const": name}, {"required": ["value"], "properties": {"value": value}})
        for name, value in {**scalars, **lists}.items()
    )


CHARACTERISTIC_RELATIONSHIP = Shape(
    "CharacteristicRelationship",
    "How one characteristic depends on another.",
    typed(
        id=text("Identifier of the other characteristic."),
        relationshipType=text("Kind of dependency."),
    ),
)
CHARACTERISTIC = Shape(
    "Characteristic",
    "A named value. Its class says of what type the value is: String, Integer, Number, Boolean or Object, or an "
    "array of these, as in IntegerArrayCharacteristic.",
    typed(
        id=text("Identifier of the characteristic."),
        name=text("Its name.", minLength=1),
        valueType=text("Name of the value's type."),
        value=anything("The value, of the type that `@type` says."),
        characteristicRelationship=many(CHARACTERISTIC_RELATIONSHIP, "Its relationships with other characteristics."),
    ),
    rules=_value_rules(),
)

# -- parts of a service -----------------------------------------------------------------------
FEATURE_RELATIONSHIP = Shape(
    "FeatureRelationship",
    "How one feature depends on another.",
    {
        "id": text("Identifier of the other feature."),
        "name": text("Name of the other feature."),
        "relationshipType": choice("Kind of dependency.", FEATURE_RELATIONSHIPS),
        "validFor": one(common.TIME_PERIOD, "When the dependency holds."),
    },
)
CONSTRAINT = referring("ConstraintRef", "A constraint that must be respected.", version=text("Its version."))
FEATURE = Shape(
    "Feature",
    "A capability of a service that may be switched on or off, with characteristics of its own.",
    typed(
        id=text("Identifier of the feature."),
        name=text("Its name.", minLength=1),
        isBundle=boolean("Whether it groups other features."),
        isEnabled=boolean("Whether it is switched on."),
        constraint=many(
            referring("ConstraintRef", "A constraint.", version=text("Its version.")), "Constraints on it."
        ),
        featureCharacteristic=many(CHARACTERISTIC, "Its characteristics."),
        featureRelationship=many(FEATURE_RELATIONSHIP, "Its relationships with other features."),
    ),
)
NOTE = Shape(
    "Note",
    "A remark.",
    typed(
        id=text("Identifier within the service."),
        author=text("Who wrote it."),
        date=date_time("When it was written."),
        text=text("What it says."),
    ),
)
EXTERNAL_IDENTIFIER = Shape(
    "ExternalIdentifier",
    "What another system calls the service.",
    typed(
        id=text("The identifier there.", minLength=1),
        owner=text("The system or party that gave it."),
        externalIdentifierType=text("What kind of identifier it is."),
    ),
)
RELATED_ORDER_ITEM = Shape(
    "RelatedServiceOrderItem",
    "An order item that made or changed the service.",
    typed(
        itemId=text("The item's id in its order."),
        serviceOrderId=text("Identifier of the order."),
        serviceOrderHref=uri("Address of the order."),
        itemAction=choice("What the item did to the service.", ACTIONS),
        role=text("The part the item played."),
        **REFERRED,
    ),
)
PARTY = held(
    "PartyRefOrPartyRoleRef",
    "A party (PartyRef), or the role that a party plays (PartyRoleRef).",
    partyId=text("Of a role: identifier of the party that plays it."),
    partyName=text("Of a role: name of the party that plays it."),
)
RELATED_PARTY = Shape(
    "RelatedPartyRefOrPartyRoleRef",
    "A party that has to do with the service.",
    typed(role=text("The part it plays."), partyOrPartyRole=one(PARTY, "Which party, or whose role.")),
)
PLACE = held(
    "PlaceRefOrValue",
    "A place by reference (PlaceRef) or by value (GeographicAddress, GeographicSite, GeographicLocation).",
    city=text("Of an address: the city."),
    country=text("Of an address: the country."),
    locality=text("Of an address: a part of the city or region."),
    postcode=text("Of an address: the postal code."),
    stateOrProvince=text("Of an address: state or province."),
    streetName=text("Of an address: the street."),
    streetNr=text("Of an address: the number in the street."),
)
RELATED_PLACE = Shape(
    "RelatedPlaceRefOrValue",
    "A place that matters to the service.",
    typed(role=text("The part it plays."), place=one(PLACE, "Which place.")),
)
ENTITY = held("EntityRefOrValue", "Any entity, by reference (EntityRef) or by value (Entity).")
RELATED_ENTITY = Shape(
    "RelatedEntityRefOrValue",
    "Another entity that matters to the service.",
    typed(role=text("The part it plays."), entity=one(ENTITY, "Which entity.")),
)
EXPRESSION = Shape(
    "Expression",
    "What is wanted, in a language for intents.",
    typed(
        expressionLanguage=choice("The language.", ("Turtle", "JSON-LD", "RDF-XML", "Other")),
        expressionValue=text("The expression itself."),
        iri=uri("Where the language's vocabulary is described."),
    ),
)
INTENT = held(
    "IntentRefOrValue",
    "What the service is wanted for, by reference (IntentRef) or by value (Intent).",
    when_typed({"const": "Intent"}, {"required": ["name"]}),
    description=text("What is wanted, for people."),
    version=text("Version of the intent."),
    priority=text("How urgent it is."),
    context=text("What it is about."),
    isBundle=boolean("Whether it groups other intents."),
    lifecycleStatus=text("Where the intent stands in its life."),
    creationDate=date_time("When it was made."),
    lastUpdate=date_time("When it last changed."),
    statusChangeDate=date_time("When its status last changed."),
    validFor=one(common.TIME_PERIOD, "When it holds."),
    expression=one(EXPRESSION, "What is wanted."),
    characteristic=many(CHARACTERISTIC, "Its characteristics."),
    relatedParty=many(RELATED_PARTY, "Parties that have to do with it."),
)
SERVICE_RELATIONSHIP = Shape(
    "ServiceRelationship",
    "How the service depends on another one.",
    typed(
        relationshipType=required(text("Kind of dependency.")),
        service=later("ServiceRefOrValue", "The other service."),
        serviceRelationshipCharacteristic=many(CHARACTERISTIC, "Characteristics of the relationship."),
    ),
)
_SPECIFICATION = referring("ServiceSpecificationRef", "A service specification.", version=text("Its version."))
_RESOURCE = referring("ResourceRef", "A resource of the resource inventory.")
_PARTS = {
    **service_attributes(),
    **typed(
        state=choice("Where it stands in its life.", ServiceState.values),
        operatingStatus=choice("How it runs now, whatever its state.", OperatingStatus.values),
        externalIdentifier=many(EXTERNAL_IDENTIFIER, "What other systems call it."),
        feature=many(FEATURE, "Its features."),
        intent=one(INTENT, "What it is wanted for."),
        note=many(NOTE, "Remarks about it."),
        place=many(RELATED_PLACE, "Places that matter to it."),
        relatedEntity=many(RELATED_ENTITY, "Other entities that matter to it."),
        relatedParty=many(RELATED_PARTY, "Parties that have to do with it."),
        serviceCharacteristic=many(CHARACTERISTIC, "What distinguishes it from others of its specification."),
        serviceOrderItem=many(RELATED_ORDER_ITEM, "The order items that made it what it is."),
        serviceRelationship=many(SERVICE_RELATIONSHIP, "Its relationships with other services."),
        serviceSpecification=one(_SPECIFICATION, "What kind of service it is."),
        supportingResource=many(_RESOURCE, "The resources it is built on."),
    ),
}
_WITHIN = Shape(
    "ServiceRefOrValue",
    "A service by reference (ServiceRef) or by value (Service).",
    {
        "id": text("Its identifier; mandatory for a reference.", minLength=1, maxLength=100),
        "href": uri("Its address."),
        **_PARTS,
        **REFERRED,
        "supportingService": itself("ServiceRefOrValue", "The services it is built on."),
    },
    rules=(REFERENCE,),
)
_ATTRIBUTES = {**_PARTS, "supportingService": many(_WITHIN, "The services it is built on.")}
_ALL = {"id": IDENTIFIER, "href": uri("Its address."), **_ATTRIBUTES}

SERVICE = Shape("Service", "A service as the inventory knows it.", _ALL).needing(
    "id", "href", "state", "serviceDate", "serviceSpecification", "@type"
)
SERVICE_FVO = variant(
    Shape("Service", "A service to be recorded.", {n: a for n, a in _ALL.items() if n not in ("href", "serviceDate")}),
    "_FVO",
    {
        "Service": ["state", "serviceSpecification"],
        "Characteristic": ["name"],
        "CharacteristicRelationship": ["id", "relationshipType"],
        "ExternalIdentifier": ["id"],
        "Expression": ["expressionValue"],
        "Feature": ["name"],
        "FeatureRelationship": ["relationshipType", "name"],
        "RelatedEntityRefOrValue": ["role", "entity"],
        "RelatedPartyRefOrPartyRoleRef": ["role"],
        "RelatedPlaceRefOrValue": ["role", "place"],
    },
)
SERVICE_MVO = Shape(
    "Service_MVO",
    "What is to change in a service.",
    {name: attribute for name, attribute in _ATTRIBUTES.items() if name != "serviceDate"},
)
