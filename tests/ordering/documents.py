"""Orders as a BSS sends them."""

from typing import Any

Json = dict[str, Any]

PATH = "/tmf-api/serviceOrdering/v4/serviceOrder"


def item(item_id: str = "1", action: str = "add", **more: Any) -> Json:
    service: Json = {
        "name": f"access line {item_id}",
        "serviceSpecification": {"id": "12", "name": "AccessLine", "version": "1.0"},
        "serviceCharacteristic": [
            {"name": "bandwidth", "valueType": "integer", "value": 100},
            {"name": "vlan", "valueType": "object", "value": {"outer": 7, "inner": [1, 2, 3]}},
            {"name": "protected", "valueType": "boolean", "value": False},
        ],
        "place": [{"role": "installation", "id": "4711", "name": "12 Long Street, Bedford"}],
    }
    if action != "add":
        service["id"] = "a-service"
    return {"id": item_id, "action": action, "service": service, **more}


def order(*items: Json, **more: Any) -> Json:
    return {
        "externalId": "OrderPOS-123",
        "category": "TMF resource illustration",
        "description": "Service order of a household",
        "requestedCompletionDate": "2026-12-24T12:00:00Z",
        "relatedParty": [{"id": "456-dd-df45", "role": "ordering person", "@referredType": "Individual"}],
        "note": [{"author": "Harvey Poupon", "text": "Call before installation"}],
        "serviceOrderItem": [*(items or (item(),))],
        **more,
    }


def relation(item_id: str, kind: str = "reliesOn") -> Json:
    return {"relationshipType": kind, "orderItem": {"itemId": item_id}}


def typical() -> Json:
    """Five items in 3 KB of JSON: what the hot path is measured with."""
    return order(item("1"), *(item(str(n), serviceOrderItemRelationship=[relation("1")]) for n in range(2, 6)))
