"""Bodies that a POST accepts, for the documentation."""

from tmf.resources import Json

SERVICE_ORDER: Json = {
    "externalId": "BSS-2026-0001",
    "description": "Broadband for a new customer",
    "priority": "1",
    "requestedCompletionDate": "2026-12-24T12:00:00Z",
    "relatedParty": [{"id": "4711", "role": "customer", "name": "Ada", "@referredType": "Individual"}],
    "note": [{"author": "Ada", "text": "Please ring twice."}],
    "serviceOrderItem": [
        {
            "id": "1",
            "action": "add",
            "service": {
                "name": "Broadband at home",
                "serviceSpecification": {"id": "broadband", "name": "Broadband", "version": "1.0"},
                "serviceCharacteristic": [
                    {"name": "downstream", "valueType": "integer", "value": 250},
                    {"name": "staticAddress", "valueType": "boolean", "value": False},
                ],
                "place": [{"id": "loc-17", "role": "installation", "name": "1 High Street"}],
            },
        },
        {
            "id": "2",
            "action": "modify",
            "service": {
                "id": "0191f3a0-5d1c-7cc3-9a57-8a9c7e1f4b10",
                "serviceSpecification": {"id": "voice"},
                "serviceCharacteristic": [{"name": "voicemail", "value": True}],
            },
            "serviceOrderItemRelationship": [{"relationshipType": "reliesOn", "orderItem": {"itemId": "1"}}],
        },
    ],
}

CANCEL_SERVICE_ORDER: Json = {
    "serviceOrder": {"id": "0191f3a0-5d1c-7cc3-9a57-8a9c7e1f4b11", "@referredType": "ServiceOrder"},
    "cancellationReason": "The customer moves elsewhere",
    "requestedCancellationDate": "2026-12-20T08:00:00Z",
}
