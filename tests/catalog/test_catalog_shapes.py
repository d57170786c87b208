"""The shapes of the catalogue hold the rules of docs/conformance.md 3."""

from typing import Any

import pytest

from catalog.resources import RESOURCES, SERVICE_CANDIDATE, SERVICE_CATALOG, SERVICE_CATEGORY, SERVICE_SPECIFICATION
from tmf.errors import Invalid
from tmf.resources import Json, Resource
from tmf.validation import accepted_create

FEATURE: Json = {"name": "f", "featureSpecCharacteristic": [{"valueType": "string"}]}


def specification(**more: Any) -> Json:
    return {"name": "Broadband", **more}


@pytest.mark.parametrize(
    ("resource", "document", "path"),
    [
        *[(resource, {}, "name") for resource in RESOURCES],
        *[(resource, {"name": "", "serviceSpecification": {"id": "1"}}, "name") for resource in RESOURCES],
        (SERVICE_CANDIDATE, {"name": "a"}, "serviceSpecification"),
        (SERVICE_CANDIDATE, {"name": "a", "serviceSpecification": {}}, "serviceSpecification.id"),
        (SERVICE_CATEGORY, {"name": "a", "category": [{"name": "b"}]}, "category[0].id"),
        (SERVICE_CATEGORY, {"name": "a", "serviceCandidate": [{}]}, "serviceCandidate[0].id"),
        (SERVICE_CATALOG, {"name": "a", "relatedParty": [{"role": "owner"}]}, "relatedParty[0].id"),
        (SERVICE_SPECIFICATION, specification(isBundle="false"), "isBundle"),
        (SERVICE_SPECIFICATION, specification(targetEntitySchema={"@type": "a"}), "targetEntitySchema.@schemaLocation"),
        (
            SERVICE_SPECIFICATION,
            specification(serviceSpecRelationship=[{}]),
            "serviceSpecRelationship[0].relationshipType",
        ),
        (
            SERVICE_SPECIFICATION,
            specification(entitySpecRelationship=[{}]),
            "entitySpecRelationship[0].relationshipType",
        ),
        (SERVICE_SPECIFICATION, specification(constraint=[{}]), "constraint[0].id"),
        (SERVICE_SPECIFICATION, specification(resourceSpecification=[{}]), "resourceSpecification[0].id"),
        (
            SERVICE_SPECIFICATION,
            specification(featureSpecification=[FEATURE]),
            "featureSpecification[0].featureSpecCharacteristic[0].name",
        ),
        (SERVICE_SPECIFICATION, specification(validFor={"startDateTime": "2026"}), "validFor.startDateTime"),
    ],
)
def test_it_refuses_an_entry_that_breaks_a_rule(resource: Resource, document: Json, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        accepted_create(resource, document)
    assert caught.value.path == path


@pytest.mark.parametrize(
    "document",
    [
        specification(lastUpdate="2026-11-21T09:30:00Z"),  # overwritten, not refused
        specification(lifecycleStatus="Wherever"),
        specification(relatedParty=[{"id": "1"}]),
        specification(validFor={"startDateTime": "2026-11-21T09:30:00Z", "endDateTime": "2025-11-21T09:30:00Z"}),
        specification(
            specCharacteristic=[
                {
                    "name": "speed",
                    "extensible": True,
                    "characteristicValueSpecification": [
                        {"value": 100, "isDefault": True},
                        {"value": {"down": 100, "up": 20}},
                        {"valueFrom": 0, "valueTo": 2.5, "rangeInterval": "closed"},
                    ],
                }
            ]
        ),
        specification(**{"@type": "ResourceFacingServiceSpecification", "vendor": {"name": "x"}}),
    ],
)
def test_it_accepts_an_entry_that_keeps_the_rules(document: Json) -> None:
    accepted_create(SERVICE_SPECIFICATION, document)
