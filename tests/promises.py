"""What must be proved: the rows of docs/conformance-table.md, by operation.

Which resources, operations and events there are is read from the published documents, so that a new one asks for
its proofs by itself. A test proves rows with `@pytest.mark.proves("POST: …")`; see `tests/conformance.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

DOCUMENTS = Path(__file__).parent.parent / "docs" / "openapi"

BY_OPERATION = {
    "list": (
        "list: X-Total-Count, X-Result-Count and a stable order",
        "list: 206 and Link with offset and limit; an empty page past the end; 400 for what is no number",
        "list: filters by known and unknown attributes; what nothing has matches nothing",
        "list: fields narrows",
        "list: only what the caller's party may see",
        "list: with and without a final slash",
        "list: 406 for what is no JSON",
        "list: as many queries for many as for one",
    ),
    "create": (
        "POST: 201, Location, ETag and the full representation",
        "POST: fields narrows",
        "POST: unknown attributes, @baseType and @schemaLocation are kept with their JSON types",
        "POST: 400 without what is mandatory; nothing is made",
        "POST: 400 for what only the server sets; nothing is made",
        "POST: 400 for what is no clean JSON object; nothing is made",
        "POST: 415 for another media type; nothing is made",
        "POST: the first answer again for a repeated Idempotency-Key, 422 with another body",
        "POST: 401 without a token",
        "POST: 403 without the scope or a party",
    ),
    "retrieve": (
        "GET: the same as the POST answered; 404 for an unknown id",
        "GET: fields narrows",
        "GET: 304 for If-None-Match",
        "GET: 404 for another party's, where it has an owner",
    ),
    "patch": (
        "PATCH: merges; 200 with the full resource and a new ETag",
        "PATCH: JSON Patch; 409 when a test fails",
        "PATCH: what changes nothing is 200, without an event",
        "PATCH: 400 for what is fixed; nothing is applied",
        "PATCH: 400 for what is no clean JSON; nothing is applied",
        "PATCH: 415 for another media type",
        "PATCH: 404 for an unknown id",
        "PATCH: 412 for a stale If-Match",
        "PATCH: no update is lost to a rival; 409 when it never rests",
    ),
    "delete": ("DELETE: 204, then 404", "DELETE: 412 for a stale If-Match"),
    "register": (
        "POST: 201 and Location",
        "POST: 400 for a callback that will never be called",
        "POST: 400 for a query that cannot be read",
        "POST: 409 for the same listener again",
        "POST: 401 and 403 without token or scope",
        "listeners of one API are none of another's",
    ),
    "unregister": ("DELETE: 204, then 404", "DELETE: 404 for another party's"),
}
OFFERED_NOT = "405 with Allow for what is not offered"
BY_RESOURCE = {
    "serviceOrder": (
        "state machine: all pairs of states, legal ones move, others are 409",
        "state machine: items roll up at every level",
        "DELETE: administrators only, 409 while in flight",
        "POST: what must be looked up is not judged",
        "POST: the attribute's path is named for every rule broken; nothing is made",
        "POST: an externalId may be kept unique for a client; many at once make one order",
    ),
    "cancelServiceOrder": (
        "state machine: all pairs of states, legal ones move, others are 409",
        "POST: 400 for an unknown order",
        "POST: 409 for a second live cancel of an order",
        "judged: cancelled at once, or taken back, or refused with the reason",
        "judged: terminatedWithError when it cannot be",
    ),
    "service": ("state machine: all pairs of states, legal ones move, others are 409",),
    "serviceInventory-v5 service": (
        "POST: @type mandatory on every object, values as their class allows",
        "POST: the client's id is taken, 409 when it is held",
        "PATCH: JSON Patch Query",
        "neither version shows the other's form",
    ),
    "serviceCategory": ("no cycles; 409 for deleting one with children",),
    "serviceSpecification": ("409 for deleting one in use",),
    "importJob": ("state machine: all pairs of states", "all or nothing, by path, gz and zip"),
    "exportJob": ("state machine: all pairs of states", "what a list shows, by path and query, gz and zip"),
}
# Promised, and not proved yet. A row that has come to be proved must leave this list.
OWED: frozenset[tuple[str, str, str]] = frozenset()


class Row(NamedTuple):
    api: str  # the slug of its document
    resource: str
    promise: str


def rows() -> list[Row]:
    """All that must be proved, in the order of the documents; each once."""
    found = sorted(DOCUMENTS.glob("*.yaml"))
    return [*dict.fromkeys(row for path in found for row in _of_document(path.stem, yaml.safe_load(path.read_text())))]


def _of_document(api: str, made: Any) -> Iterator[Row]:
    resources: dict[str, list[str]] = {}
    for methods in made["paths"].values():
        for operation in methods.values():
            resources.setdefault(operation["tags"][0], []).append(operation["operationId"])
    for resource, operations in resources.items():
        for identifier in operations:
            yield from (Row(api, resource, promise) for promise in _of_operation(identifier))
        yield Row(api, resource, OFFERED_NOT)
        for name in (resource, f"{api} {resource}"):
            yield from (Row(api, resource, promise) for promise in BY_RESOURCE.get(name, ()))
        yield from (Row(api, resource, promise) for promise in _events(made, resource))


def _of_operation(identifier: str) -> tuple[str, ...]:
    return next(promises for verb, promises in BY_OPERATION.items() if identifier.startswith(verb))


def _events(made: Any, resource: str) -> Iterator[str]:
    """`event: Create` … of a resource whose document tells of them as webhooks."""
    kind = resource[0].upper() + resource[1:]
    names = [name[0].upper() + name[1:] for name in made["webhooks"]]
    yield from (f"event: {name[len(kind) : -len('Event')]}" for name in names if name.startswith(kind))
