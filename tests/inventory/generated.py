"""Services for hypothesis, as v4 and as v5 have them: so few names and values that they meet."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from inventory.kinds import VALUES, fits
from tmf.query.tree import And, Condition, Node, Not, Or, Some

Json = dict[str, Any]
Strategy = st.SearchStrategy[Any]

texts = st.sampled_from(["a", "b", "12"])
VALUES_OF_ALL_TYPES = ["a", "12", 12, 1.5, 2.0, True, None, {"a": 1}, [], [1], [1, 2.5], ["a"], ["a", 1], [[1]], [{}]]
values: Strategy = st.sampled_from(VALUES_OF_ALL_TYPES)
V4_TYPES = st.sampled_from(["RelatedParty", "Special", "GeographicAddress", "PartyRef", "NumberCharacteristic"])


def made(needed: Json, *optional: tuple[str, Strategy]) -> Strategy:
    return st.fixed_dictionaries(needed, optional=dict(optional))


def typed(kind: Strategy | str, needed: Json, *optional: tuple[str, Strategy]) -> Strategy:
    kind = st.just(kind) | st.just("Special") if isinstance(kind, str) else kind
    return made({**needed, "@type": kind}, *optional, ("@baseType", texts), ("x", values))


def listed(element: Strategy) -> Strategy:
    return st.lists(element, max_size=3)


# -- v4 ---------------------------------------------------------------------------------------
loose = (("@type", V4_TYPES), ("@baseType", texts), ("x", values))
characteristic_4 = made({"name": texts, "value": values}, ("valueType", texts), *loose[:1])
reference_4 = made({"id": texts}, ("href", texts), ("name", texts), ("@referredType", texts), *loose)
attributes_4: dict[str, Strategy] = {
    "relatedParty": listed(made({"id": texts, "@referredType": st.sampled_from(["Individual", "Supplier"])},
                                ("role", texts), ("name", texts), *loose)),
    "place": listed(made({"role": texts}, ("id", texts), ("place", texts), ("city", texts), *loose)),
    "relatedEntity": listed(made({"role": texts}, ("id", texts), ("name", texts), *loose)),
    "serviceCharacteristic": listed(characteristic_4),
    "feature": listed(made({"id": texts, "name": texts, "featureCharacteristic": listed(characteristic_4)}, *loose)),
    "note": listed(made({"text": texts}, ("id", texts), *loose)),
    "serviceSpecification": reference_4,
    "supportingResource": listed(reference_4),
    "supportingService": listed(made({"id": texts}, ("state", st.just("active")),
                                     ("serviceCharacteristic", listed(characteristic_4)),
                                     ("relatedParty", listed(made({"id": texts}, ("role", texts)))), *loose[:1])),
    "serviceRelationship": listed(made({"relationshipType": texts, "service": reference_4}, ("id", texts), *loose)),
    "x": values,
    "intent": texts,  # an extension here
    "@type": st.sampled_from(["Service", "CustomerFacingService"]),
}  # fmt: skip
bodies = st.fixed_dictionaries({}, optional=attributes_4)

# -- v5 ---------------------------------------------------------------------------------------
reference_5 = (("id", texts), ("href", texts), ("name", texts), ("@referredType", texts))


def _classes(value: Any) -> list[str]:
    return [*(name for name in sorted(VALUES) if fits(name, {"value": value})), "Characteristic", "Special"]


characteristic_5 = st.sampled_from(VALUES_OF_ALL_TYPES).flatmap(
    lambda value: typed(
        st.sampled_from(_classes(value)), {"name": texts, "value": st.just(value)}, ("valueType", texts)
    )
)
party = typed(st.sampled_from(["PartyRef", "PartyRoleRef"]), {"id": texts}, *reference_5[1:], ("role", texts))
located = typed(st.sampled_from(["PlaceRef", "GeographicAddress", "GeoJsonPoint"]), {}, *reference_5, ("city", texts))
entity = typed(st.sampled_from(["EntityRef", "Entity", "ResourceRef"]), {}, *reference_5)
within = typed(
    st.sampled_from(["ServiceRef", "Service"]), {}, *reference_5, ("state", st.sampled_from(["active", "suspended"])),
    ("serviceCharacteristic", listed(characteristic_5)), ("intent", texts),
)  # fmt: skip
attributes_5: dict[str, Strategy] = {
    "relatedParty": listed(typed("RelatedPartyRefOrPartyRoleRef", {}, ("role", texts), ("partyOrPartyRole", party))),
    "place": listed(typed("RelatedPlaceRefOrValue", {"role": texts, "place": located})),
    "relatedEntity": listed(typed("RelatedEntityRefOrValue", {"role": texts, "entity": entity})),
    "serviceCharacteristic": listed(characteristic_5),
    "feature": listed(typed("Feature", {"name": texts}, ("featureCharacteristic", listed(characteristic_5)))),
    "note": listed(typed("Note", {}, ("id", texts), ("text", texts))),
    "serviceSpecification": typed("ServiceSpecificationRef", {"id": texts}, *reference_5[1:]),
    "supportingResource": listed(typed("ResourceRef", {"id": texts}, *reference_5[1:])),
    "supportingService": listed(within),
    "serviceRelationship": listed(typed("ServiceRelationship", {"relationshipType": texts, "service": within})),
    "externalIdentifier": listed(typed("ExternalIdentifier", {"id": texts})),
    "intent": typed("IntentRef", {"id": texts}),
    "x": values,
}
documents = st.fixed_dictionaries(
    {"@type": st.sampled_from(["Service", "CustomerFacingService"])}, optional=attributes_5
)

# -- questions about the v5 form --------------------------------------------------------------
FIRST = sorted({*attributes_5, "@type"})
LATER = ["@type", "@baseType", "role", "id", "name", "x", "value", "a", "partyOrPartyRole", "place", "entity",
         "service", "featureCharacteristic", "serviceCharacteristic", "city", "text"]  # fmt: skip
WORDS = st.sampled_from(["a", "12", "true", "Service", "ServiceRef", "PartyRef", "PlaceRef", "RelatedPlaceRefOrValue",
                         "StringCharacteristic", "IntegerCharacteristic", "Special", "EntityRef"])  # fmt: skip
_later = st.lists(st.sampled_from(LATER), max_size=2).map(tuple)


def conditions(paths: Strategy) -> Strategy:
    tests = st.sampled_from(["eq", "eq", "ne", "gt", "regex"])
    asked = st.builds(Condition, paths, tests, st.lists(WORDS, min_size=1, max_size=2).map(tuple))
    return asked | st.builds(Condition, paths, st.just("exists"))


def _combined(inner: Strategy) -> Strategy:
    parts = st.lists(inner, min_size=1, max_size=2).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, inner)


_inner: Strategy = st.recursive(
    conditions(_later), lambda deeper: _combined(deeper) | st.builds(Some, _later, deeper), max_leaves=3
)
_paths = st.tuples(st.sampled_from(FIRST), _later).map(lambda both: (both[0], *both[1]))
questions: st.SearchStrategy[Node] = conditions(_paths) | st.builds(Some, _paths, _inner)
