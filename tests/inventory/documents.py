"""Services as a client records them."""

from typing import Any

Json = dict[str, Any]

PATH = "/tmf-api/serviceInventory/v4/service"


def service(state: str = "active", **more: Any) -> Json:
    return {
        "state": state,
        "name": "access line",
        "category": "CFS",
        "serviceSpecification": {"id": "12", "name": "AccessLine", "version": "1.0"},
        "serviceCharacteristic": [
            {"name": "bandwidth", "valueType": "integer", "value": 100},
            {"name": "protected", "valueType": "boolean", "value": False},
        ],
        **more,
    }
