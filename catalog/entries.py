"""How an entry of any of the four kinds is made, changed and deleted. Call these in a transaction."""

from typing import Any

from django.utils import timezone

from catalog.events import event_of
from catalog.models import CatalogResource
from catalog.resources import SERVICE_CANDIDATE, SERVICE_CATEGORY, SERVICE_SPECIFICATION
from catalog.states import IN_STUDY
from tmf import outbox
from tmf.ids import new_id
from tmf.inserts import insert_objects
from tmf.resources import Json, Resource
from tmf.revisions import advance, remove

INSERTED = ("id", "body", "created_at", "updated_at")


def completed(resource: Resource, document: Json) -> Json:
    """A new entry's document, with what is filled in when nobody says it, and what follows from the rest."""
    return derived(resource, defaults(resource) | document)


def derived(resource: Resource, document: Json) -> Json:
    """The document with what follows from other attributes, whatever the client says of it."""
    made = dict(document)
    if resource is SERVICE_CATEGORY:
        made["isRoot"] = "parentId" not in made
    if parties := made.get("relatedParty"):
        made["relatedParty"] = [{"@referredType": "Party", **party} for party in parties]
    return made


def defaults(resource: Resource) -> Json:
    kind = resource.name[0].upper() + resource.name[1:]
    bundle = {"isBundle": False} if resource is SERVICE_SPECIFICATION else {}
    return {"version": "1.0", "lifecycleStatus": IN_STUDY, "@type": kind, **bundle}


def entry_insert(resource: Resource, document: Json, *, identifier: str = "") -> Any:
    """Inserts a completed document, and records that it was made."""
    now = timezone.now()
    fields = columns(resource, document) | {"last_update": now}
    row = resource.model(id=identifier or new_id(), created_at=now, updated_at=now, **fields)
    insert_objects([row], fields=list(dict.fromkeys([*INSERTED, *fields])))
    outbox.record(resource, row, event_of(resource, "Create"))
    return row


def entry_change(resource: Resource, row: CatalogResource, document: Json) -> None:
    """Writes a derived document over the row, and records the change. Raises LostRace."""
    advance(row, **every_column(resource, document), last_update=timezone.now())
    outbox.record(resource, row, event_of(resource, "Change"))


def entry_delete(resource: Resource, row: CatalogResource) -> None:
    """Deletes the row; the event carries its last representation. Raises LostRace."""
    remove(row)
    outbox.record(resource, row, event_of(resource, "Delete"))


def every_column(resource: Resource, document: Json) -> dict[str, Any]:
    """All columns but lastUpdate's, by field name, empty where the document is silent; and the body.

    What is always answered falls back to its default when the document does not have it.
    """
    kept = {name: value for name, value in defaults(resource).items() if name in resource.always}
    absent = {column.field: None for column in resource.columns}
    fields = absent | columns(resource, kept | document)
    del fields["last_update"]
    return fields


def columns(resource: Resource, document: Json) -> dict[str, Any]:
    fields, body = resource.split(document)
    if resource is SERVICE_CANDIDATE:
        fields["specification_id"] = document["serviceSpecification"]["id"]
    return {**fields, "body": body}
