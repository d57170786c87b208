"""Catalogue entries from documents, made or brought up to date, in one transaction."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from catalog.entries import completed, entry_change, entry_insert
from catalog.resources import RESOURCES, SERVICE_CATEGORY
from catalog.tree import check_parent
from tmf.errors import Invalid
from tmf.patching import differing
from tmf.resources import Json, Resource
from tmf.validation import accepted_create

BY_NAME = {resource.name: resource for resource in RESOURCES}


def catalog_load(documents: Iterable[Json]) -> int:
    """Makes or changes one entry per `{"resource": "serviceSpecification", …}`; tells how many it wrote.

    An entry is found by its `id`, else by name and version. What is as the document says already is left alone.
    All or nothing: raises Invalid naming the document at fault.
    """
    with transaction.atomic(durable=True):
        return sum(_loaded(document, f"[{index}]") for index, document in enumerate(documents))


def _loaded(document: Json, path: str) -> bool:
    resource = BY_NAME.get(document.get("resource", ""))
    if resource is None:
        raise Invalid(f"must be one of {', '.join(BY_NAME)}", path=f"{path}.resource")
    content = {name: value for name, value in document.items() if name not in ("resource", "id")}
    try:
        content = accepted_create(resource, content)
        return _written(resource, document.get("id", ""), completed(resource, content))
    except Invalid as error:
        raise Invalid(error.message, path=path) from None


def _written(resource: Resource, identifier: str, content: Json) -> bool:
    if identifier and "parentId" in content and resource is SERVICE_CATEGORY:
        check_parent(identifier, content["parentId"])
    row = _held(resource, identifier, content)
    if row is None:
        entry_insert(resource, content, identifier=identifier)
        return True
    before = comparable(resource.represent(row))
    if not differing(before, comparable(content)):
        return False
    entry_change(resource, row, content)
    return True


def _held(resource: Resource, identifier: str, content: Json) -> Any:
    if identifier:
        return resource.model.objects.filter(pk=identifier).first()
    same = resource.model.objects.filter(name=content["name"], version=content["version"])
    return same.order_by("created_at", "pk").first()


def comparable(document: Json) -> Json:
    """What of an entry a document can say otherwise."""
    return {name: value for name, value in document.items() if name not in ("id", "href", "lastUpdate")}
