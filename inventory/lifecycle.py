"""What a change of state brings with it: the dates."""

from collections.abc import Set
from datetime import datetime

from inventory.models import Service, ServiceState

ACTIVE, TERMINATED = ServiceState.ACTIVE, ServiceState.TERMINATED


def settle_dates(service: Service, before: str, now: datetime, *, given: Set[str] = frozenset()) -> None:
    """Sets startDate when the service is first active, endDate when it ends; an end that is undone is forgotten.

    `before` is the state it comes from. `given` are the attributes that the client set itself.
    """
    if service.state == ACTIVE and service.start_date is None:
        service.start_date = now
    service.end_date = _end(service, before, now) if "endDate" not in given else service.end_date
    if service.state == TERMINATED and service.end_date is None:
        service.end_date = now


def _end(service: Service, before: str, now: datetime) -> datetime | None:
    if service.state == before:
        return service.end_date
    if service.state == TERMINATED:
        return now
    return None if before == TERMINATED else service.end_date
