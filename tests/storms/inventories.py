"""The inventory against what the fulfilment items have achieved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inventory.models import Service
from orchestrator.facts import characteristics
from orchestrator.models import FulfilmentItem, Step

Violations = Iterator[str]


def inventory_agrees() -> Violations:
    """A service for each added item that is done, with what its steps found out; and no other, save those of
    cancelled items, which are terminated."""
    services = Service.objects.in_bulk()
    added = {i.service_id: i for i in FulfilmentItem.objects.filter(action="add", state=FulfilmentItem.State.DONE)}
    ordered = {pk for pk, service in services.items() if service.order_id}
    for pk in added.keys() - ordered:
        yield f"item {added[pk].pk} is done, its service {pk} is not there"
    taken_back = {*FulfilmentItem.objects.filter(action="add", state="cancelled").values_list("service_id", flat=True)}
    for pk in ordered & taken_back:
        if services[pk].state != "terminated":
            yield f"service {pk} is {services[pk].state}, its item cancelled"
    for pk in ordered - added.keys() - taken_back:
        yield f"service {pk} is there, no item has achieved it"
    deleted = {*FulfilmentItem.objects.filter(action="delete", state="done").values_list("service_id", flat=True)}
    for pk in ordered & added.keys():
        yield from _as_achieved(services[pk], added[pk], deleted=pk in deleted)


def _as_achieved(service: Service, item: FulfilmentItem, *, deleted: bool) -> Violations:
    wanted = "terminated" if deleted else item.service.get("state", "active")
    if service.state != wanted:
        yield f"service {service.pk} is {service.state}, not {wanted}"
    if service.body["serviceOrderItem"][0]["serviceOrderId"] != service.order_id:
        yield f"service {service.pk} names another order than the one that made it"
    told = characteristics(service.body)
    for name, value in found_out(item).items():
        if told.get(name) != value:
            yield f"service {service.pk} says {name}={told.get(name)!r}, the target said {value!r}"


def found_out(item: FulfilmentItem) -> dict[str, Any]:
    """What the targets told about an item's service, by the steps' outputs."""
    found: dict[str, Any] = {}
    for step in Step.objects.filter(item=item, outputs__isnull=False).order_by("finished_at"):
        told: dict[str, Any] = step.outputs or {}
        found |= {name: told[name] for name in step.spec.get("characteristics", ()) if name in told}
    return found
