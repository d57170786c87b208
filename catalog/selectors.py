"""What others ask the catalogue. The number of queries never grows with the number of references."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Q

from catalog.models import ServiceCandidate, ServiceSpecification
from catalog.resources import SERVICE_SPECIFICATION
from catalog.states import is_orderable
from tmf import query

Reference = tuple[str, str, str]  # id, name, version; what is unknown is empty


def specifications_by_ref(refs: Iterable[Reference]) -> dict[Reference, ServiceSpecification]:
    """The specification that each reference means; what means none is left out. One query.

    The id decides; without one that is held here, name and version; without a version, the newest that is
    orderable, else the newest.
    """
    wanted = set(refs)
    ids = {identifier for identifier, _, _ in wanted if identifier}
    names = {name for _, name, _ in wanted if name}
    rows = list(ServiceSpecification.objects.filter(Q(pk__in=ids) | Q(name__in=names)))
    by_id = {row.pk: row for row in rows}
    by_name = {(row.name, version): row for row in sorted(rows, key=_age) for version in (row.version or "", "")}
    found = {ref: by_id.get(ref[0]) or by_name.get((ref[1], ref[2])) for ref in wanted}
    return {ref: row for ref, row in found.items() if row is not None}


def specification_closure(ids: Iterable[str], depth: int) -> dict[str, ServiceSpecification]:
    """These specifications and what they relate to, down to `depth` relationships. One query per level."""
    found: dict[str, ServiceSpecification] = {}
    level = set(ids)
    for _ in range(depth + 1):
        if not level:
            break
        rows = ServiceSpecification.objects.in_bulk(level)
        found |= rows
        level = _related(rows) - found.keys()
    return found


def is_referred_to(specification_id: str) -> bool:
    """Whether a candidate or another specification refers to it."""
    if ServiceCandidate.objects.filter(specification_id=specification_id).exists():
        return True
    others = ServiceSpecification.objects.exclude(pk=specification_id)
    wanted = urlencode({"serviceSpecRelationship.id": f'"{specification_id}"', "limit": 0})
    return query.page(SERVICE_SPECIFICATION, others, wanted).total > 0


def _related(rows: Mapping[str, ServiceSpecification]) -> set[str]:
    relations = (relation for row in rows.values() for relation in row.body.get("serviceSpecRelationship") or ())
    return {str(relation["id"]) for relation in relations if relation.get("id")}


def _age(row: ServiceSpecification) -> tuple[bool, datetime, str]:
    return is_orderable(row.lifecycle_status), row.created_at, row.pk
