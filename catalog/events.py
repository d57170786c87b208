"""What is told of catalogue entries: made, changed, deleted."""

from typing import Literal

from tmf.resources import Resource


def event_of(resource: Resource, what: Literal["Create", "Change", "Batch", "Delete"]) -> str:
    """The event's name, as `ServiceCategoryChangeEvent`. Raises LookupError when the resource raises no such event."""
    return next(name for name in resource.events if name.endswith(f"{what}Event"))
