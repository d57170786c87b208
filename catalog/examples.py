"""Bodies that a POST accepts, for the documentation."""

from tmf.resources import Json

SERVICE_SPECIFICATION: Json = {
    "name": "Broadband",
    "description": "Internet access over fibre",
    "version": "1.0",
    "lifecycleStatus": "Active",
    "specCharacteristic": [
        {
            "name": "downstream",
            "valueType": "integer",
            "minCardinality": 1,
            "maxCardinality": 1,
            "characteristicValueSpecification": [
                {"value": 100, "unitOfMeasure": "Mbit/s", "isDefault": True},
                {"value": 250, "unitOfMeasure": "Mbit/s"},
            ],
        }
    ],
    "serviceSpecRelationship": [{"id": "access", "name": "Fibre access", "relationshipType": "dependency"}],
}
SERVICE_CANDIDATE: Json = {
    "name": "Broadband, consumer offer",
    "serviceSpecification": {"id": "broadband", "name": "Broadband"},
    "category": [{"id": "internet", "name": "Internet"}],
}
SERVICE_CATEGORY: Json = {"name": "Internet", "description": "Access to the internet", "isRoot": True}
SERVICE_CATALOG: Json = {
    "name": "Consumer services",
    "category": [{"id": "internet", "name": "Internet"}],
    "validFor": {"startDateTime": "2026-01-01T00:00:00Z"},
}
