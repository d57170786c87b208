"""The kinds of objects within a v5 service, and how each is told from how v4 has it (docs/decisions/0009).

v4 keeps `{id, name, role, …}` flat where v5 nests it, and demands no `@type`. A kind's rules say which `@type`
an object has that came without one. `Kind.is_plain` says whether a filter on v5's names can be asked of the v4
form (`inventory.questions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tmf.query.values import json_type

Json = dict[str, Any]

CLASSES = ("@type", "@baseType", "@schemaLocation")
V5_ONLY = frozenset({"externalIdentifier", "intent", "operatingStatus"})  # first-level attributes of a service
V4_STATES = {"suspended": "inactive"}  # what v4 says of a state that it has no word for

PLACE_VALUES = frozenset(
    {"GeographicAddress", "GeographicSite", "GeographicLocation", "GeoJsonPoint", "GeoJsonMultiPoint"}
    | {"GeoJsonLineString", "GeoJsonMultiLineString", "GeoJsonPolygon"}
)
ROLES = frozenset({"PartyRole", "Supplier", "BusinessPartner", "Consumer", "Producer", "Customer"})
REFERENCE = frozenset({"id", "href", "name", "@referredType"})  # an object with nothing else is a reference


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of object. `type` is its `@type` unless told otherwise.

    `parts` are the attributes that hold further objects, one or a list.
    `wrapped` is the attribute, and the kind, of the object in which v5 nests what v4 keeps beside the role.
    """

    type: str
    parts: Mapping[str, Kind] = field(default_factory=dict)
    wrapped: tuple[str, Kind] | None = None

    def type_of(self, flat: Json) -> str:
        """The `@type` in v5 of an object as v4 has it."""
        own = flat.get("@type")
        return own if isinstance(own, str) and own else self.type

    def is_told(self, typed: Json) -> bool:
        """Whether v4 need not be told this v5 object's `@type`: the rules lead back to it, or v4 has no use for it."""
        return typed.get("@type") == self.type

    def is_plain(self, flat: Any) -> bool:
        """Whether filters on the v5 form of this object (of v4's form) can be answered from the v4 form."""
        return isinstance(flat, dict) and self._is_plain(flat) and all(
            all_plain(part, flat[name]) for name, part in self.parts.items() if name in flat
        )  # fmt: skip

    def _is_plain(self, flat: Json) -> bool:
        if self.wrapped is None:
            return isinstance(flat.get("@type", ""), str) and flat.get("@type") != ""
        return flat.get("id") is not None and not any(name in flat for name in CLASSES) and (
            self.wrapped[1].type_of(flat) == self.wrapped[1].type
        )  # fmt: skip


def all_plain(kind: Kind, value: Any) -> bool:
    return all(map(kind.is_plain, value)) if isinstance(value, list) else kind.is_plain(value)


class Characteristic(Kind):
    """A named value, whose `@type` follows from the value."""

    def type_of(self, flat: Json) -> str:
        own = flat.get("@type")
        if not isinstance(own, str) or own in ("", self.type):
            return typed_by_value(flat)
        return own if own not in VALUES or fits(own, flat) else typed_by_value(flat)

    def is_told(self, typed: Json) -> bool:
        return typed.get("@type") in VALUES or typed.get("@type") == self.type

    def _is_plain(self, flat: Json) -> bool:
        value = flat.get("value")
        return "@type" not in flat and value is not None and not isinstance(value, list)


class Nested(Kind):
    """What v5 nests and v4 keeps flat: its class means nothing to v4."""

    def is_told(self, typed: Json) -> bool:
        return True


class Party(Nested):
    def type_of(self, flat: Json) -> str:
        return "PartyRoleRef" if flat.get("@referredType") in ROLES else "PartyRef"


class Place(Nested):
    """A reference, unless it says what it is a value of, or has nothing to refer by."""

    def type_of(self, flat: Json) -> str:
        own = flat.get("@type")
        if isinstance(own, str) and own in PLACE_VALUES:
            return own
        return self.type if _refers(flat) else "GeographicAddress"

    def is_told(self, typed: Json) -> bool:
        return typed.get("@type") not in PLACE_VALUES


class Entity(Nested):
    def type_of(self, flat: Json) -> str:
        return self.type if _refers(flat) else "Entity"


class ServiceRefOrValue(Kind):
    """A service within a service: a reference when nothing but a reference is there."""

    def type_of(self, flat: Json) -> str:
        own = flat.get("@type")
        if isinstance(own, str) and own not in ("", "ServiceRefOrValue"):
            return own
        return self.type if flat.keys() <= REFERENCE | {*CLASSES} else "Service"

    def is_told(self, typed: Json) -> bool:
        return typed.get("@type") in (self.type, "Service")

    def _is_plain(self, flat: Json) -> bool:
        return flat.keys() <= REFERENCE


def _refers(flat: Json) -> bool:
    return flat.get("id") is not None or flat.get("href") is not None


# -- values of characteristics ----------------------------------------------------------------
# Class → the JSON types that it takes; the narrowest first: 1 is an integer, and a number too.
SCALARS = {
    "String": {"string"},
    "Boolean": {"boolean"},
    "Integer": {"integer"},
    "Number": {"number", "integer"},
    "Object": {"object"},
}
NARROWEST = {name: name.lower() for name in SCALARS}  # class → the JSON type of the values that it is the narrowest for
VALUES = frozenset(f"{name}{many}Characteristic" for name in SCALARS for many in ("", "Array"))


def typed_by_value(characteristic: Json) -> str:
    """The narrowest class of v5 that takes this value; the bare class for what none of them takes."""
    value = characteristic.get("value")
    many, values = ("Array", value) if isinstance(value, list) else ("", [value])
    types = {json_type(each) for each in values}
    found = next((name for name, taken in SCALARS.items() if types <= taken), None)
    return f"{found}{many}Characteristic" if found else "Characteristic"


def fits(type_name: str, characteristic: Json) -> bool:
    """Whether a class of v5 takes this value."""
    value = characteristic.get("value")
    scalar = type_name.removesuffix("Characteristic")
    if scalar.endswith("Array"):
        return isinstance(value, list) and {json_type(each) for each in value} <= SCALARS[scalar.removesuffix("Array")]
    return json_type(value) in SCALARS[scalar]


# -- the kinds --------------------------------------------------------------------------------
CHARACTERISTIC = Characteristic("Characteristic", {"characteristicRelationship": Kind("CharacteristicRelationship")})
FEATURE = Kind("Feature", {"featureCharacteristic": CHARACTERISTIC, "constraint": Kind("ConstraintRef")})
_PARTS: dict[str, Kind] = {
    "feature": FEATURE,
    "note": Kind("Note"),
    "place": Kind("RelatedPlaceRefOrValue", wrapped=("place", Place("PlaceRef"))),
    "relatedEntity": Kind("RelatedEntityRefOrValue", wrapped=("entity", Entity("EntityRef"))),
    "relatedParty": Kind("RelatedPartyRefOrPartyRoleRef", wrapped=("partyOrPartyRole", Party("PartyRef"))),
    "serviceCharacteristic": CHARACTERISTIC,
    "serviceOrderItem": Kind("RelatedServiceOrderItem"),
    "serviceSpecification": Kind("ServiceSpecificationRef"),
    "supportingResource": Kind("ResourceRef"),
}
SERVICE_REF_OR_VALUE = ServiceRefOrValue("ServiceRef", _PARTS)
_PARTS["supportingService"] = SERVICE_REF_OR_VALUE
_PARTS["serviceRelationship"] = Kind(
    "ServiceRelationship",
    {"service": SERVICE_REF_OR_VALUE, "serviceRelationshipCharacteristic": CHARACTERISTIC},
)
SERVICE = Kind("Service", _PARTS)


NESTED = ("partyOrPartyRole", "place", "entity", "service")


def identity(element: Any) -> str:
    """What an element of a list is known by, in either form; empty when by nothing."""
    if not isinstance(element, dict):
        return ""
    places = [element, *(element[name] for name in NESTED if isinstance(element.get(name), dict))]
    names = ((name, held.get(name)) for held in places for name in ("id", "itemId", "name"))
    return next((f"{name}:{value}" for name, value in names if isinstance(value, str)), "")
