"""Services as a client of v5 records them."""

from typing import Any

from tests.inventory.documents import PATH as PATH_V4
from tests.inventory.documents import Json

PATH = PATH_V4.replace("/v4/", "/v5/")
HUB = PATH.replace("/service", "/hub").replace("/hubInventory", "/serviceInventory")
MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"
QUERY = "application/json-patch-query+json"

SPECIFICATION: Json = {
    "id": "1212",
    "name": "vCPE",
    "version": "1.0.0",
    "@type": "ServiceSpecificationRef",
    "@referredType": "ServiceSpecification",
}
PARTY: Json = {
    "role": "user",
    "partyOrPartyRole": {"id": "456", "name": "Jo Doe", "@type": "PartyRef", "@referredType": "Individual"},
    "@type": "RelatedPartyRefOrPartyRoleRef",
}
PLACE: Json = {
    "role": "InstallationAddress",
    "place": {"id": "2435", "name": "home", "@type": "PlaceRef", "@referredType": "GeographicAddress"},
    "@type": "RelatedPlaceRefOrValue",
}
ENTITY: Json = {
    "role": "meter",
    "entity": {"id": "e1", "@type": "EntityRef", "@referredType": "Meter"},
    "@type": "RelatedEntityRefOrValue",
}
VALUE = {"@type": "VCPE", "@schemaLocation": "http://host/VCPE.schema.json", "MaxTxRate": 300, "maxTream": "OFF"}


def characteristic(name: str, kind: str, value: Any) -> Json:
    return {"name": name, "value": value, "@type": f"{kind}Characteristic"}


CHARACTERISTICS = [
    {"id": "452-gh6", "valueType": "object", **characteristic("vCPE", "Object", VALUE)},
    characteristic("ip", "String", "193.218.236.21"),
    characteristic("speed", "Integer", 100),
    characteristic("loss", "Number", 0.5),
    characteristic("cap", "Number", 7),
    characteristic("on", "Boolean", False),
    characteristic("vlans", "IntegerArray", [1, 2]),
    characteristic("none", "ObjectArray", []),
]
NOTE = {"id": "77456", "author": "H. Poupon", "date": "2026-01-15T12:26:11.748Z", "text": "fine", "@type": "Note"}
WHOLE: Json = {
    "@type": "Service",
    "serviceType": "Cloud",
    "name": "vCPE serial 1355615",
    "description": "Instantiation of vCPE",
    "state": "active",
    "operatingStatus": "running",
    "category": "CFS",
    "isStateful": True,
    "startMode": "1",
    "serviceSpecification": SPECIFICATION,
    "feature": [
        {
            "id": "Feat1",
            "isEnabled": True,
            "name": "ElasticBandwidth",
            "featureCharacteristic": [characteristic("isCapped", "Boolean", True)],
            "featureRelationship": [{"relationshipType": "may include", "name": "Other"}],
            "@type": "Feature",
        }
    ],
    "serviceCharacteristic": CHARACTERISTICS,
    "serviceRelationship": [
        {
            "relationshipType": "DependentOn",
            "serviceRelationshipCharacteristic": [characteristic("CrossRef", "String", "44-11-h")],
            "service": {"id": "5645", "@type": "ServiceRef", "@referredType": "Service"},
            "@type": "ServiceRelationship",
        }
    ],
    "supportingService": [
        {"id": "5885", "@type": "ServiceRef", "@referredType": "Service"},
        {"id": "5886", "state": "suspended", "relatedParty": [PARTY], "serviceSpecification": SPECIFICATION,
         "intent": {"id": "1", "@type": "IntentRef"}, "@type": "Service"},
    ],
    "supportingResource": [{"id": "6161", "name": "GenInfra", "@type": "ResourceRef", "value": "01 25"}],
    "relatedParty": [PARTY],
    "relatedEntity": [ENTITY],
    "place": [PLACE],
    "serviceOrderItem": [
        {"serviceOrderId": "42", "itemId": "1", "itemAction": "add", "role": "initiator",
         "@type": "RelatedServiceOrderItem", "@referredType": "ServiceOrderItem"}
    ],
    "note": [NOTE],
    "externalIdentifier": [{"id": "x-1", "owner": "billing", "@type": "ExternalIdentifier"}],
    "intent": {"id": "42", "name": "IntentA", "@type": "IntentRef"},
}  # fmt: skip


def service(state: str = "active", **more: Any) -> Json:
    return {"@type": "Service", "state": state, "name": "vCPE", "serviceSpecification": SPECIFICATION, **more}
