"""The catalogue's verbs. Each is one transaction and ends in the event that tells of it."""

from typing import Any, cast

from django.db import transaction

from catalog.entries import completed, derived, entry_change, entry_delete, entry_insert
from catalog.models import ServiceCandidate, ServiceCatalog, ServiceCategory, ServiceSpecification
from catalog.resources import SERVICE_CANDIDATE, SERVICE_CATALOG, SERVICE_CATEGORY, SERVICE_SPECIFICATION
from catalog.selectors import is_referred_to
from catalog.tree import check_parent
from tmf.actors import Actor
from tmf.endpoints import Change
from tmf.errors import Conflict
from tmf.once import creation
from tmf.patching import differing
from tmf.resources import Json, Resource
from tmf.validation import accepted_create


def specification_create(*, actor: Actor, document: Json) -> ServiceSpecification:
    return cast(ServiceSpecification, _create(SERVICE_SPECIFICATION, document))


def specification_update(*, actor: Actor, change: Change) -> ServiceSpecification:
    return cast(ServiceSpecification, _update(SERVICE_SPECIFICATION, change))


def specification_delete(*, actor: Actor, row: ServiceSpecification) -> None:
    """Raises Conflict while a candidate or another specification refers to it."""
    with transaction.atomic(durable=True):
        if is_referred_to(row.pk):
            raise Conflict("it is in use: a candidate or another specification refers to it")
        entry_delete(SERVICE_SPECIFICATION, row)


def candidate_create(*, actor: Actor, document: Json) -> ServiceCandidate:
    return cast(ServiceCandidate, _create(SERVICE_CANDIDATE, document))


def candidate_update(*, actor: Actor, change: Change) -> ServiceCandidate:
    return cast(ServiceCandidate, _update(SERVICE_CANDIDATE, change))


def candidate_delete(*, actor: Actor, row: ServiceCandidate) -> None:
    _delete(SERVICE_CANDIDATE, row)


def category_create(*, actor: Actor, document: Json) -> ServiceCategory:
    return cast(ServiceCategory, _create(SERVICE_CATEGORY, document))


def category_update(*, actor: Actor, change: Change) -> ServiceCategory:
    """Raises Invalid when the category would stand below itself."""
    return cast(ServiceCategory, _update(SERVICE_CATEGORY, change))


def category_delete(*, actor: Actor, row: ServiceCategory) -> None:
    """Raises Conflict while it has children."""
    with transaction.atomic(durable=True):
        if ServiceCategory.objects.filter(parent_id=row.pk).exists():
            raise Conflict("it has categories below it")
        entry_delete(SERVICE_CATEGORY, row)


def catalog_create(*, actor: Actor, document: Json) -> ServiceCatalog:
    return cast(ServiceCatalog, _create(SERVICE_CATALOG, document))


def catalog_update(*, actor: Actor, change: Change) -> ServiceCatalog:
    return cast(ServiceCatalog, _update(SERVICE_CATALOG, change))


def catalog_delete(*, actor: Actor, row: ServiceCatalog) -> None:
    _delete(SERVICE_CATALOG, row)


def _create(resource: Resource, document: Json) -> Any:
    document = accepted_create(resource, document)
    with creation():
        return entry_insert(resource, completed(resource, document))


def _update(resource: Resource, change: Change) -> Any:
    after = derived(resource, change.after)
    if names := differing(change.before, after):
        with transaction.atomic(durable=True):
            if "parentId" in names & after.keys():
                check_parent(change.row.pk, after["parentId"])
            entry_change(resource, change.row, after)
    return change.row


def _delete(resource: Resource, row: Any) -> None:
    with transaction.atomic(durable=True):
        entry_delete(resource, row)
