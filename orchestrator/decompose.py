"""From order items to fulfilment items: judge each, then follow the catalogue down. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.characteristics import defaults
from orchestrator.facts import Decomposition, ItemFacts, Json, Node, ServiceFacts, SpecFacts, characteristics
from orchestrator.judge import (
    Knowledge,
    Work,
    bears,
    existing,
    legal,
    names_check,
    refuse_unknown_spec,
    spec_of_service,
    values_check,
)  # fmt: skip


def decompose(items: Iterable[ItemFacts], knowledge: Knowledge, new_id: Callable[[], str]) -> Decomposition:
    """Every item's tree of fulfilment items; or, when any item is at fault, all the refusals and no node."""
    work = Work(tuple(items), knowledge, new_id)
    names_check(work)
    for item in work.items:
        _VERBS[item.action](work, item)
    _link(work)
    paths = {item.pk: item.path for item in work.items}
    return Decomposition(() if work.refusals else tuple(work.nodes), tuple(work.refusals), paths)


def _link(work: Work) -> None:
    """What comes first among items: nested ones before their parent, but after it when taken away; then the
    relationships that the order states."""
    by_id = {item.item_id: item for item in work.items}
    by_pk = {item.pk: item for item in work.items}
    for item in work.items:
        for name in item.after:
            _after(work, item, by_id.get(name))
        if item.parent is not None:
            _nest(work, item, by_pk[item.parent])


def _nest(work: Work, item: ItemFacts, parent: ItemFacts) -> None:
    if item.action == "delete":
        _after(work, item, parent)
        return
    _after(work, parent, item)
    if item.action == parent.action == "add" and {item.pk, parent.pk} <= work.roots.keys():
        part, whole = (work.nodes[work.roots[pk]] for pk in (item.pk, parent.pk))
        whole.service["supportingService"] = [*whole.service.get("supportingService", ()), _reference(part)]


def _after(work: Work, later: ItemFacts, earlier: ItemFacts | None) -> None:
    if earlier is not None and later.pk in work.roots and earlier.pk in work.roots:
        work.nodes[work.roots[later.pk]].after.append(work.roots[earlier.pk])


# -- add ------------------------------------------------------------------------------------


def _add(work: Work, item: ItemFacts) -> None:
    spec = work.knowledge.spec_of.get(item.pk)
    if spec is None:
        refuse_unknown_spec(work, item)
        return
    if spec.status not in work.knowledge.orderable:
        allowed = " or ".join(sorted(work.knowledge.orderable))
        message = f"{spec.name!r} is {spec.status or 'without lifecycle status'}; only {allowed} can be ordered"
        work.refuse(item, "specificationNotOrderable", message, "service.serviceSpecification")
        return
    service_id = str(item.service.get("id") or "") or work.new_id()
    if service_id in work.knowledge.services or service_id in work.knowledge.taken:
        work.refuse(item, "serviceExists", f"service {service_id} exists already", "service.id")
    values = {**defaults(spec.characteristics), **characteristics(item.service)}
    if legal(work, item, None) and not values_check(work, item, spec, values, partial=False):
        _add_tree(work, item, spec, _Wish(service_id, values, item.service), None, ())


@dataclass(frozen=True, slots=True)
class _Wish:
    """The service that shall come to be."""

    id: str
    values: Mapping[str, Any]
    document: Json


def _add_tree(
    work: Work, item: ItemFacts, spec: SpecFacts, wish: _Wish, parent: int | None, above: tuple[str, ...]
) -> str:
    """Puts the node and its parts' nodes; the id of its service."""
    node = Node(item.pk, parent, "add", spec, wish.id, {})
    index = work.put(node)
    parts = []
    if not work.full(item, len(above) + 1):
        parts = [
            ref for part in _parts(work, item, spec, above) if (ref := _add_part(work, item, part, wish, index, above))
        ]
    node.service = _document(wish, spec, parts)
    return wish.id


def _add_part(
    work: Work, item: ItemFacts, part: SpecFacts, whole: _Wish, parent: int, above: tuple[str, ...]
) -> Json | None:
    values = {**defaults(part.characteristics), **{n: v for n, v in whole.values.items() if n in part.names}}
    if values_check(work, item, part, values, partial=False):
        return None
    spec = work.nodes[parent].spec
    wish = _Wish(work.new_id(), values, {"state": whole.document.get("state"), **_inherited(whole.document)})
    _add_tree(work, item, part, wish, parent, (*above, spec.id))
    return {"id": wish.id, "name": part.name, "@referredType": "Service"}


def _parts(work: Work, item: ItemFacts, spec: SpecFacts, above: tuple[str, ...]) -> list[SpecFacts]:
    """The specifications it is made of, save those that a nested item of the order names itself."""
    named = work.replacing.get(item.pk, set()) if not above else set()
    found = []
    for part in spec.parts:
        if part in (*above, spec.id):
            work.refuse(item, "specificationCycle", f"{spec.name!r} is made of itself", "service.serviceSpecification")
        elif part not in work.knowledge.specs:
            message = f"{spec.name!r} is made of specification {part}, which the catalogue does not hold"
            work.refuse(item, "specificationNotFound", message, "service.serviceSpecification")
        elif part not in named:
            found.append(work.knowledge.specs[part])
    return found


def _document(wish: _Wish, spec: SpecFacts, parts: list[Json]) -> Json:
    kept = {name: value for name, value in wish.document.items() if name not in ("id", "href") and value is not None}
    given = {c.get("name"): c for c in wish.document.get("serviceCharacteristic") or ()}
    described = [given.get(name, {"name": name, "value": value}) for name, value in wish.values.items()]
    reference = {**(kept.get("serviceSpecification") or {}), "id": spec.id, "name": spec.name}
    if spec.version:
        reference["version"] = spec.version
    made = {**kept, "name": kept.get("name") or spec.name, "serviceSpecification": reference}
    made["category"] = kept.get("category") or _CATEGORY.get(spec.kind, "")
    if described:
        made["serviceCharacteristic"] = described
    if parts:
        made["supportingService"] = [*(kept.get("supportingService") or ()), *parts]
    return {name: value for name, value in made.items() if value != ""}


_CATEGORY = {"CustomerFacingServiceSpecification": "CFS", "ResourceFacingServiceSpecification": "RFS"}


def _inherited(document: Json) -> Json:
    return {name: document[name] for name in ("relatedParty", "place") if name in document}


def _reference(node: Node) -> Json:
    return {"id": node.service_id, "name": node.spec.name, "@referredType": "Service"}


# -- modify, delete, noChange ---------------------------------------------------------------


def _modify(work: Work, item: ItemFacts) -> None:
    service = existing(work, item)
    if service is None or not legal(work, item, service):
        return
    spec = spec_of_service(work, service)
    now, wanted = characteristics(service.document), characteristics(item.service)
    changed = {name: value for name, value in wanted.items() if name not in now or differ(now[name], value)}
    if not values_check(work, item, spec, wanted, partial=True):
        document = {name: value for name, value in item.service.items() if name not in ("id", "href")}
        _modify_tree(work, item, service, document, changed, None)


def differ(one: Any, other: Any) -> bool:
    """As JSON values: true is not 1."""
    return json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)


def _modify_tree(
    work: Work, item: ItemFacts, service: ServiceFacts, document: Json, changed: Mapping[str, Any], parent: int | None
) -> None:
    index = work.put(Node(item.pk, parent, "modify", spec_of_service(work, service), service.id, document))
    for part in _living_parts(work, item, service, index):
        spec = spec_of_service(work, part)
        touched = {name: value for name, value in changed.items() if name in spec.names}
        if touched and bears(work, item, part) and not values_check(work, item, spec, touched, partial=True):
            described = [{"name": name, "value": value} for name, value in touched.items()]
            _modify_tree(work, item, part, {"serviceCharacteristic": described}, touched, index)


def _delete(work: Work, item: ItemFacts) -> None:
    service = existing(work, item)
    if service is not None and legal(work, item, service):
        _delete_tree(work, item, service, None)


def _delete_tree(work: Work, item: ItemFacts, service: ServiceFacts, parent: int | None) -> None:
    index = work.put(Node(item.pk, parent, "delete", spec_of_service(work, service), service.id, service.document))
    for part in _living_parts(work, item, service, index):
        if (
            part.made_by is not None and part.made_by == service.made_by
        ):  # what was ordered apart, or is lent by another service, stays
            _delete_tree(work, item, part, index)


def _living_parts(work: Work, item: ItemFacts, service: ServiceFacts, index: int) -> list[ServiceFacts]:
    """Its parts that exist, save those that the order names in an item of its own."""
    if work.full(item, _depth(work, index)):
        return []
    above = _ancestors(work, index)
    parts = (part for part in dict.fromkeys(service.parts) if part not in work.named and part not in above)
    known = (work.knowledge.services.get(part) for part in parts)
    return [part for part in known if part and part.state != "terminated"]


def _ancestors(work: Work, index: int | None) -> set[str]:
    found = set()
    while index is not None:
        found.add(work.nodes[index].service_id)
        index = work.nodes[index].parent
    return found


def _depth(work: Work, index: int) -> int:
    return len(_ancestors(work, index))


def _no_change(work: Work, item: ItemFacts) -> None:
    service = existing(work, item)
    if service is not None:
        work.put(Node(item.pk, None, "noChange", spec_of_service(work, service), service.id, {}))


_VERBS = {"add": _add, "modify": _modify, "delete": _delete, "noChange": _no_change}
