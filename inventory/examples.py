"""Bodies that a POST accepts, for the documentation."""

from tmf.resources import Json

SERVICE: Json = {
    "name": "Broadband at home",
    "category": "CustomerFacingService",
    "state": "active",
    "serviceSpecification": {"id": "broadband", "name": "Broadband", "version": "1.0"},
    "serviceCharacteristic": [{"name": "downstream", "valueType": "integer", "value": 250}],
    "relatedParty": [{"id": "4711", "role": "customer", "@referredType": "Individual"}],
    "place": [{"id": "loc-17", "role": "installation", "name": "1 High Street"}],
}

SERVICE_V5: Json = {
    "@type": "Service",
    "name": "Broadband at home",
    "category": "CustomerFacingService",
    "state": "active",
    "operatingStatus": "running",
    "serviceSpecification": {
        "@type": "ServiceSpecificationRef",
        "id": "broadband",
        "name": "Broadband",
        "version": "1.0",
    },
    "serviceCharacteristic": [{"@type": "IntegerCharacteristic", "name": "downstream", "value": 250}],
    "relatedParty": [
        {
            "@type": "RelatedPartyRefOrPartyRoleRef",
            "role": "customer",
            "partyOrPartyRole": {"@type": "PartyRef", "id": "4711", "@referredType": "Individual"},
        }
    ],
    "place": [
        {
            "@type": "RelatedPlaceRefOrValue",
            "role": "installation",
            "place": {
                "@type": "PlaceRef",
                "id": "loc-17",
                "name": "1 High Street",
                "@referredType": "GeographicAddress",
            },
        }
    ],
    "externalIdentifier": [{"@type": "ExternalIdentifier", "id": "BB-0815", "owner": "billing"}],
}
