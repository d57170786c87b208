"""What others may ask of the inventory."""

from collections.abc import Iterable

from inventory.models import Service


def services_by_id(ids: Iterable[str], party: str) -> dict[str, Service]:
    """The party's services among these ids; what is missing is unknown, or another party's."""
    return {service.pk: service for service in Service.objects.filter(pk__in={*ids}, party=party)}


def services_of_anyone(ids: Iterable[str]) -> dict[str, Service]:
    """The services among these ids, whoever they belong to. The caller keeps the parties apart."""
    return Service.objects.in_bulk([*{*ids}])
