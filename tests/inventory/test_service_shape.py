"""The shape of a service holds the rules of docs/conformance.md 2."""

from typing import Any

import pytest

from inventory.resources import SERVICE
from tmf.errors import Invalid
from tmf.resources import Json
from tmf.validation import accepted_create

NOTE = {"author": "me", "date": "2026-11-21T09:30:00Z", "text": "hello"}
FEATURE = {"id": "1", "name": "a", "featureCharacteristic": [{"name": "b", "value": 1}]}


def service(**more: Any) -> Json:
    return {"state": "active", "serviceSpecification": {"id": "12"}, **more}


def lacking(whole: Json, name: str) -> Json:
    return {key: value for key, value in whole.items() if key != name}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (lacking(service(), "state"), "state"),
        (lacking(service(), "serviceSpecification"), "serviceSpecification"),
        (service(serviceSpecification={}), "serviceSpecification.id"),
        (service(state="suspended"), "state"),  # v5 only
        *[(service(note=[lacking(NOTE, name)]), f"note[0].{name}") for name in NOTE],
        *[(service(feature=[lacking(FEATURE, name)]), f"feature[0].{name}") for name in FEATURE],
        (service(serviceRelationship=[{"service": {"id": "1"}}]), "serviceRelationship[0].relationshipType"),
        (service(serviceRelationship=[{"relationshipType": "a"}]), "serviceRelationship[0].service"),
        (service(serviceRelationship=[{"relationshipType": "a", "service": {}}]), "serviceRelationship[0].service.id"),
        (service(supportingService=[{"name": "a"}]), "supportingService[0].id"),
        (service(supportingResource=[{"name": "a"}]), "supportingResource[0].id"),
        (service(relatedParty=[{"@referredType": "Individual"}]), "relatedParty[0].id"),
        (service(relatedParty=[{"id": "1"}]), "relatedParty[0].@referredType"),
        (service(serviceOrderItem=[{"itemId": "1"}]), "serviceOrderItem[0].serviceOrderId"),
        (service(serviceOrderItem=[{"serviceOrderId": "1"}]), "serviceOrderItem[0].itemId"),
        (service(place=[{"id": "1"}]), "place[0].role"),
        (service(relatedEntity=[{"id": "1"}]), "relatedEntity[0].role"),
        (service(serviceCharacteristic=[{"value": 1}]), "serviceCharacteristic[0].name"),
        (service(serviceCharacteristic=[{"name": "a"}]), "serviceCharacteristic[0].value"),
        *[(service(**{name: "2026-01-01T00:00:00Z"}), name) for name in sorted(SERVICE.server_set)],
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_refuses_a_service_that_breaks_a_rule(document: Json, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        accepted_create(SERVICE, document)
    assert caught.value.path == path


def test_it_accepts_a_service_that_keeps_the_rules() -> None:
    accepted_create(
        SERVICE,
        service(
            note=[NOTE],
            feature=[FEATURE],
            serviceRelationship=[{"relationshipType": "reliesOn", "service": {"id": "1", "name": "a"}}],
            supportingService=[{"id": "1", "supportingService": [{"id": "2"}]}],
            relatedParty=[{"id": "1", "@referredType": "Individual"}],
            serviceOrderItem=[{"itemId": "1", "serviceOrderId": "o", "itemAction": "add"}],
            extra={"a": None},
        ),
    )
