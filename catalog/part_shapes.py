"""The parts that TMF633's specifications are made of."""

from tmf import common_shapes as common
from tmf.shapes import (
    REFERRED,
    Attribute,
    Shape,
    anything,
    attributes,
    boolean,
    integer,
    many,
    number,
    one,
    required,
    text,
    uri,
)

VALID_FOR = one(common.TIME_PERIOD, "When it is valid.")
QUANTITY = Shape("Quantity", "An amount in a unit.", {"amount": number("How much."), "units": text("In which unit.")})
ATTACHMENT = Shape(
    "AttachmentRefOrValue",
    "A document, by reference or by value.",
    attributes(
        id=text("Identifier of the document."),
        href=uri("Address of the document's record."),
        attachmentType=text("Kind of document."),
        content=text("The document itself, in Base64."),
        description=text("What it says."),
        mimeType=text("Its media type."),
        name=text("Its name."),
        url=uri("Where it can be read."),
        size=one(QUANTITY, "Its size."),
        validFor=VALID_FOR,
        **REFERRED,
    ),
)
TARGET_ENTITY_SCHEMA = Shape(
    "TargetEntitySchema",
    "The class and schema that instances follow.",
    {
        "@type": required(text("The class of the instances.")),
        "@schemaLocation": required(text("Where their schema is found.")),
    },
)
ASSOCIATION_REF = common.referring("AssociationSpecificationRef", "A specification of an association.")


def _relationship(name: str, description: str, **more: Attribute) -> Shape:
    return Shape(
        name,
        description,
        attributes(
            id=text("Identifier of the other specification.", minLength=1, maxLength=common.ID_MAX),
            href=uri("Address of the other specification."),
            name=text("Name of the other specification."),
            relationshipType=required(text("Kind of relationship.", minLength=1)),
            role=text("The part that the other one plays."),
            validFor=VALID_FOR,
            **more,
            **REFERRED,
        ),
    )


SERVICE_SPEC_RELATIONSHIP = _relationship(
    "ServiceSpecRelationship", "What a service specification is made of or depends on."
)
ENTITY_SPEC_RELATIONSHIP = _relationship(
    "EntitySpecificationRelationship",
    "A relationship with a specification of any kind.",
    associationSpec=one(ASSOCIATION_REF, "The specification of the association itself."),
)
VALUE_SPECIFICATION = Shape(
    "CharacteristicValueSpecification",
    "One value, or range of values, that a characteristic may take.",
    attributes(
        isDefault=boolean("Whether it is taken when none is given."),
        rangeInterval=text("Which ends belong to the range: open, closed, closedBottom, closedTop."),
        regex=text("A pattern that the value must match."),
        unitOfMeasure=text("Its unit."),
        valueFrom=number("Lower end of the range."),
        valueTo=number("Upper end of the range."),
        valueType=text("Name of the value's type."),
        value=anything("The value; any JSON, its type is kept."),
        validFor=VALID_FOR,
    ),
)
CHARACTERISTIC_SPEC_RELATIONSHIP = Shape(
    "CharacteristicSpecificationRelationship",
    "How one characteristic depends on another.",
    attributes(
        characteristicSpecificationId=text("Identifier of the other characteristic."),
        name=text("Name of the other characteristic."),
        parentSpecificationHref=uri("Address of the specification that has it."),
        parentSpecificationId=text("Identifier of the specification that has it."),
        relationshipType=text("Kind of dependency."),
        validFor=VALID_FOR,
    ),
)
FEATURE_CHARACTERISTIC_RELATIONSHIP = Shape(
    "FeatureSpecificationCharacteristicRelationship",
    "How one feature's characteristic depends on another.",
    attributes(
        characteristicId=text("Identifier of the other characteristic."),
        featureId=text("Identifier of the feature that has it."),
        name=text("Name of the other characteristic."),
        relationshipType=text("Kind of dependency."),
        resourceSpecificationHref=uri("Address of the specification that has it."),
        resourceSpecificationId=text("Identifier of the specification that has it."),
        validFor=VALID_FOR,
    ),
)


def _characteristic(name: str, description: str, **own: Attribute) -> Shape:
    return Shape(
        name,
        description,
        attributes(
            id=text("Identifier of the characteristic."),
            name=text("Its name.", minLength=1),
            configurable=boolean("Whether an order may set it."),
            description=text("What it means."),
            extensible=boolean("Whether values other than those listed are allowed."),
            isUnique=boolean("Whether no two services may have the same value."),
            maxCardinality=integer("How many values it may have at most."),
            minCardinality=integer("How many values it must have; none is 0."),
            regex=text("A pattern that each value must match."),
            valueType=text("Name of the values' type."),
            validFor=VALID_FOR,
            **own,
            **{"@valueSchemaLocation": text("Where the schema of a structured value is found.")},
        ),
    )


CHARACTERISTIC_SPECIFICATION = _characteristic(
    "CharacteristicSpecification",
    "A characteristic that services of this specification have.",
    charSpecRelationship=many(CHARACTERISTIC_SPEC_RELATIONSHIP, "Its relationships with other characteristics."),
    characteristicValueSpecification=many(VALUE_SPECIFICATION, "The values it may take."),
)
FEATURE_CHARACTERISTIC = _characteristic(
    "FeatureSpecificationCharacteristic",
    "A characteristic of a feature.",
    featureSpecCharRelationship=many(
        FEATURE_CHARACTERISTIC_RELATIONSHIP, "Its relationships with other characteristics."
    ),
    featureSpecCharacteristicValue=many(VALUE_SPECIFICATION, "The values it may take."),
).needing("name")
FEATURE_SPEC_RELATIONSHIP = Shape(
    "FeatureSpecificationRelationship",
    "How one feature depends on another.",
    attributes(
        featureId=text("Identifier of the other feature."),
        name=required(text("Name of the other feature.")),
        parentSpecificationHref=uri("Address of the specification that has it."),
        parentSpecificationId=text("Identifier of the specification that has it."),
        relationshipType=required(text("Kind of dependency.")),
        validFor=VALID_FOR,
    ),
)
FEATURE_SPECIFICATION = Shape(
    "FeatureSpecification",
    "A feature that services of this specification may have.",
    attributes(
        id=text("Identifier of the feature."),
        name=text("Its name."),
        version=text("Its version."),
        isBundle=boolean("Whether it groups other features."),
        isEnabled=boolean("Whether it is switched on."),
        constraint=many(common.CONSTRAINT_REF, "Constraints on it."),
        featureSpecCharacteristic=many(FEATURE_CHARACTERISTIC, "Its characteristics."),
        featureSpecRelationship=many(FEATURE_SPEC_RELATIONSHIP, "Its relationships with other features."),
        validFor=VALID_FOR,
    ),
)
