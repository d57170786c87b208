"""The `query` of a hub subscription (TMF630 part 1): which events a listener hears, and how much of them.

    eventType=ServiceOrderStateChangeEvent,ServiceOrderCreateEvent&event.serviceOrder.state=completed&fields=id,state

Filters are those of lists, with paths that begin at the envelope. `fields` narrows the resource within
`event`, by its own names or by paths from the envelope; the envelope itself always stays whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tmf.errors import BadRequest
from tmf.query.parse import filter_of, listed, parameters
from tmf.query.selection import Json, names, select
from tmf.query.tree import Node


@dataclass(frozen=True)
class Matcher:
    """Every envelope, narrowed by nothing, when the query is empty."""

    node: Node
    fields: str | None = None

    def matches(self, envelope: Json) -> bool:
        return self.node.matches(envelope)

    def narrow(self, envelope: Json) -> Json:
        """A copy of the envelope in which each resource has `id`, `href` and the named attributes."""
        event = envelope.get("event")
        if self.fields is None or not isinstance(event, dict):
            return envelope
        typed = "@type" in envelope
        narrowed = {name: self._narrowed(name, resource, typed) for name, resource in event.items()}
        return {**envelope, "event": narrowed}

    def _narrowed(self, name: str, resource: object, typed: bool) -> object:
        if not isinstance(resource, dict):
            return resource
        asked = [field.removeprefix("event.").removeprefix(f"{name}.") for field in names(self.fields or "")]
        return resource if {"event", name} & {*asked} else select(resource, ",".join(asked), typed=typed)


@lru_cache(maxsize=1024)
def compile_query(text: str) -> Matcher:
    """Raises BadRequest when the query cannot be read."""
    try:
        given = parameters(text.strip())
        fields = listed(given, "fields")
        return Matcher(filter_of(given, ignore={"fields"}), fields if fields and names(fields) else None)
    except BadRequest as error:
        raise BadRequest(error.message, path="query") from None
