"""The shapes of TMF633's four resources."""

from catalog.part_shapes import (
    ATTACHMENT,
    CHARACTERISTIC_SPECIFICATION,
    ENTITY_SPEC_RELATIONSHIP,
    FEATURE_SPECIFICATION,
    SERVICE_SPEC_RELATIONSHIP,
    TARGET_ENTITY_SCHEMA,
)
from tmf import common_shapes as common
from tmf.shapes import Attribute, Shape, attributes, boolean, date_time, many, one, required, text, uri

RELATED_PARTY = common.RELATED_PARTY.needing("id")
CATEGORY_REF = common.versioned("ServiceCategoryRef", "A service category.")
CANDIDATE_REF = common.versioned("ServiceCandidateRef", "A service candidate.")
RESOURCE_SPECIFICATION_REF = common.versioned("ResourceSpecificationRef", "A resource specification.")
SERVICE_LEVEL_REF = common.referring("ServiceLevelSpecificationRef", "A service level specification.")


def _attributes(what: str, **own: Attribute) -> dict[str, Attribute]:
    """The attributes of one kind of catalogue entry: what all four have, and its own."""
    made = attributes(
        name=required(text(f"Name of the {what}.", minLength=1, maxLength=300)),
        description=text(f"What the {what} is, for people."),
        version=text(f"Version of the {what}; 1.0 when none is given.", maxLength=60),
        lifecycleStatus=text("Where it stands in its life, from `In Study` to `Obsolete`.", maxLength=60),
        lastUpdate=date_time("When it last changed; the server's clock decides."),
        validFor=one(common.TIME_PERIOD, f"When the {what} is valid."),
        **own,
    )
    return {**made, "@type": text("The class of this object.", maxLength=120)}


def _trio(name: str, what: str, always: tuple[str, ...], own: dict[str, Attribute]) -> tuple[Shape, Shape, Shape]:
    """The representation, and the bodies of POST and PATCH."""
    create = Shape(f"{name}_Create", f"A {what} to be made.", _attributes(what, **own))
    shown = {"id": text("Its identifier."), "href": uri("Its address."), **create.attributes}
    mandatory = [n for n, a in create.attributes.items() if a.required]
    update = create.only(
        f"{name}_Update", f"What is to change in a {what}.", [n for n in create.attributes if n != "lastUpdate"]
    )
    return Shape(name, f"A {what}.", shown).needing("id", "href", *mandatory, *always), create, update


SERVICE_SPECIFICATION, SERVICE_SPECIFICATION_CREATE, SERVICE_SPECIFICATION_UPDATE = _trio(
    "ServiceSpecification",
    "service specification",
    ("@type", "isBundle", "lastUpdate", "lifecycleStatus"),
    {
        "isBundle": boolean("Whether it groups other specifications."),
        "attachment": many(ATTACHMENT, "Documents about it."),
        "constraint": many(common.CONSTRAINT_REF, "Constraints that its services respect."),
        "entitySpecRelationship": many(ENTITY_SPEC_RELATIONSHIP, "Its relationships with other specifications."),
        "featureSpecification": many(FEATURE_SPECIFICATION, "The features its services may have."),
        "relatedParty": many(RELATED_PARTY, "Parties that have to do with it."),
        "resourceSpecification": many(RESOURCE_SPECIFICATION_REF, "The resources its services are built on."),
        "serviceLevelSpecification": many(SERVICE_LEVEL_REF, "The service levels it promises."),
        "serviceSpecRelationship": many(SERVICE_SPEC_RELATIONSHIP, "The specifications it is made of or depends on."),
        "specCharacteristic": many(CHARACTERISTIC_SPECIFICATION, "The characteristics its services have."),
        "targetEntitySchema": one(TARGET_ENTITY_SCHEMA, "The schema that its services follow."),
    },
)
SERVICE_CANDIDATE, SERVICE_CANDIDATE_CREATE, SERVICE_CANDIDATE_UPDATE = _trio(
    "ServiceCandidate",
    "service candidate",
    (),
    {
        "category": many(CATEGORY_REF, "The categories in which it is offered."),
        "serviceSpecification": required(one(common.SERVICE_SPECIFICATION_REF, "The specification that is offered.")),
    },
)
SERVICE_CATEGORY, SERVICE_CATEGORY_CREATE, SERVICE_CATEGORY_UPDATE = _trio(
    "ServiceCategory",
    "service category",
    ("lastUpdate",),
    {
        "isRoot": boolean("Whether it stands at the top of the tree: exactly when it has no parent."),
        "parentId": text("Identifier of the category above it.", minLength=1, maxLength=100),
        "category": many(CATEGORY_REF, "The categories below it."),
        "serviceCandidate": many(CANDIDATE_REF, "The candidates it groups."),
    },
)
SERVICE_CATALOG, SERVICE_CATALOG_CREATE, SERVICE_CATALOG_UPDATE = _trio(
    "ServiceCatalog",
    "service catalogue",
    ("lastUpdate",),
    {
        "category": many(CATEGORY_REF, "The categories it groups."),
        "relatedParty": many(RELATED_PARTY, "Parties that have to do with it."),
    },
)
