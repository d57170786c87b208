"""The shape of an order holds the sub-resource rules of docs/conformance.md 1.1."""

from collections.abc import Callable
from typing import Any

import pytest

from ordering.resources import SERVICE_ORDER
from tests.ordering.documents import Json, item, order, relation, typical
from tmf.errors import Invalid
from tmf.validation import accepted_create


def with_item(**more: Any) -> Json:
    return order(item(), item("2", **more))


def with_service(**more: Any) -> Json:
    made = order(item(), item("2"))
    made["serviceOrderItem"][1]["service"] |= more
    return made


def without(name: str, build: Callable[[], Json]) -> Json:
    made = build()
    del made["serviceOrderItem"][1][name]
    return made


ITEM = "serviceOrderItem[1]"
SERVICE = f"{ITEM}.service"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"externalId": "1"}, "serviceOrderItem"),
        (order() | {"serviceOrderItem": []}, "serviceOrderItem"),
        (without("id", with_item), f"{ITEM}.id"),
        (without("action", with_item), f"{ITEM}.action"),
        (without("service", with_item), f"{ITEM}.service"),
        (with_item(id=""), f"{ITEM}.id"),
        (with_item(action="install"), f"{ITEM}.action"),
        (with_item(quantity=0), f"{ITEM}.quantity"),
        (with_item(quantity=1.5), f"{ITEM}.quantity"),
        (with_item(action="modify", service={"name": "x"}), SERVICE),
        (with_item(action="delete", service={"name": "x"}), SERVICE),
        (with_item(action="noChange", service={"name": "x"}), SERVICE),
        (with_item(appointment={"description": "Monday"}), f"{ITEM}.appointment.id"),
        (
            with_item(serviceOrderItemRelationship=[{"orderItem": {"itemId": "1"}}]),
            f"{ITEM}.serviceOrderItemRelationship[0].relationshipType",
        ),
        (
            with_item(serviceOrderItemRelationship=[{"relationshipType": "reliesOn"}]),
            f"{ITEM}.serviceOrderItemRelationship[0].orderItem",
        ),
        (
            with_item(serviceOrderItemRelationship=[{"relationshipType": "reliesOn", "orderItem": {}}]),
            f"{ITEM}.serviceOrderItemRelationship[0].orderItem",
        ),
        (with_item(serviceOrderItem=[{"id": "3"}]), f"{ITEM}.serviceOrderItem[0].action"),
        (with_service(serviceSpecification={"name": "Access"}), f"{SERVICE}.serviceSpecification.id"),
        (with_service(state="started"), f"{SERVICE}.state"),
        (with_service(serviceCharacteristic=[{"value": 1}]), f"{SERVICE}.serviceCharacteristic[0].name"),
        (with_service(serviceCharacteristic=[{"name": "a"}]), f"{SERVICE}.serviceCharacteristic[0].value"),
        (with_service(feature=[{"featureCharacteristic": []}]), f"{SERVICE}.feature[0].name"),
        (with_service(feature=[{"name": "a"}]), f"{SERVICE}.feature[0].featureCharacteristic"),
        (
            with_service(feature=[{"name": "a", "featureCharacteristic": []}]),
            f"{SERVICE}.feature[0].featureCharacteristic",
        ),
        (
            with_service(serviceRelationship=[{"service": {"id": "1"}}]),
            f"{SERVICE}.serviceRelationship[0].relationshipType",
        ),
        (with_service(supportingResource=[{"name": "port"}]), f"{SERVICE}.supportingResource[0].id"),
        (with_service(place=[{"id": "1"}]), f"{SERVICE}.place[0].role"),
        (with_service(relatedParty=[{"id": "1"}]), f"{SERVICE}.relatedParty[0].@referredType"),
        (order(relatedParty=[{"@referredType": "Individual"}]), "relatedParty[0].id"),
        (order(relatedParty=[{"id": "1"}]), "relatedParty[0].@referredType"),
        (order(note=[{"author": "me"}]), "note[0].text"),
        (order(note=[{"text": "x", "date": "yesterday"}]), "note[0].date"),
        (order(orderRelationship=[{"relationshipType": "dependsOn"}]), "orderRelationship[0].id"),
        (order(orderRelationship=[{"id": "1"}]), "orderRelationship[0].relationshipType"),
        (order(externalReference=[{"id": "1"}]), "externalReference[0].name"),
        (order(requestedStartDate="2026-11-21"), "requestedStartDate"),
        (order(priority=4), "priority"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_refuses_an_order_that_breaks_a_rule(document: Json, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        accepted_create(SERVICE_ORDER, document)
    assert caught.value.path == path


@pytest.mark.parametrize(
    "document",
    [
        typical(),
        {"serviceOrderItem": [{"id": "1", "action": "add", "service": {}}]},
        order(relatedParty=[{"id": "1", "@referredType": "Individual"}]),  # no role, no @type
        order(item(), item("2", serviceOrderItemRelationship=[relation("1")])),
        with_item(serviceOrderItemRelationship=[{"relationshipType": "reliesOn", "orderItem": {"id": "1"}}]),
        with_item(action="modify", service={"href": "/tmf-api/serviceInventory/v4/service/1"}),
        with_item(action="delete", service={"id": "1"}),
        with_item(extra={"a": [1]}, **{"@type": "MyItem", "@baseType": "ServiceOrderItem"}),
        with_service(serviceCharacteristic=[{"name": "n", "value": v} for v in (False, 0, None, "", {"a": 1}, [1])]),
        with_service(href="https://host:port/service/1"),  # as TM Forum's own examples have it
        order(unknown=1, cancellationDate="2026-11-21T09:30:00Z", cancellationReason="moved"),
    ],
)
def test_it_accepts_an_order_that_keeps_the_rules(document: Json) -> None:
    accepted_create(SERVICE_ORDER, document)
