"""Bodies that a POST accepts, for the documentation. The order is one that the demo's catalogue can fulfil."""

from tmf.resources import Json

SERVICE_ORDER: Json = {
    "externalId": "BSS-2026-0001",
    "description": "Internet access for a new customer",
    "priority": "1",
    "requestedCompletionDate": "2026-12-24T12:00:00Z",
    "relatedParty": [{"id": "4711", "role": "customer", "name": "Ada", "@referredType": "Individual"}],
    "note": [{"author": "Ada", "text": "Please ring twice."}],
    "serviceOrderItem": [
        {
            "id": "1",
            "action": "add",
            "service": {
                "name": "1 High Street",
                "serviceSpecification": {"id": "business-internet", "name": "Business Internet", "version": "1.0"},
                "serviceCharacteristic": [{"name": "bandwidth", "valueType": "integer", "value": 250}],
                "place": [{"id": "loc-17", "role": "installation", "@referredType": "GeographicSite"}],
            },
        }
    ],
}

CANCEL_SERVICE_ORDER: Json = {
    "serviceOrder": {"id": "0191f3a0-5d1c-7cc3-9a57-8a9c7e1f4b11", "@referredType": "ServiceOrder"},
    "cancellationReason": "The customer moves elsewhere",
    "requestedCancellationDate": "2026-12-20T08:00:00Z",
}
