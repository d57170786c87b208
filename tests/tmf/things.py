"""A resource for tests of the shared layer: nothing of it is stored."""

from __future__ import annotations

from typing import Any, cast

from tmf.models import StoredResource
from tmf.resources import Api, Resource
from tmf.shapes import Shape

SHAPE = Shape("Thing", "Whatever happens to be told about.")
TYPES = ("ThingCreateEvent", "ThingStateChangeEvent", "ThingAttributeValueChangeEvent", "ThingDeleteEvent")
THING = Resource(
    name="thing",
    api=Api("ordering", "v4", "Things"),
    model=StoredResource,  # type: ignore[type-abstract]
    shape=SHAPE,
    create=SHAPE,
    update=SHAPE,
    events=TYPES,
)


class Thing:
    """What `Resource.represent` reads of a stored row."""

    OWNED = True

    def __init__(self, pk: str, revision: int, party: str, body: dict[str, Any]) -> None:
        self.pk, self.revision, self.party, self.body = pk, revision, party, body


def thing(pk: str, *, revision: int = 1, party: str = "", body: dict[str, Any] | None = None) -> StoredResource:
    return cast(StoredResource, Thing(pk, revision, party, body or {}))
