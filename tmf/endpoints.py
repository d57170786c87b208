"""What an app says of one resource: its description and its verbs. Views, paths and documentation follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from tmf.errors import MethodNotAllowed
from tmf.models import StoredResource
from tmf.resources import Json, Resource


@dataclass(frozen=True, slots=True)
class Change:
    """What a PATCH makes of a resource: the row as it was read, its documents, what differs.

    `before` and `after` are full representations with hrefs as paths; `attributes` are the first-level
    attributes that differ between them; `update` never sees none.
    """

    row: Any
    before: Json
    after: Json
    attributes: frozenset[str]


Create = Callable[..., StoredResource]  # (*, actor: Actor, document: Json)
Update = Callable[..., StoredResource]  # (*, actor: Actor, change: Change)
Delete = Callable[..., None]  # (*, actor: Actor, row)


def not_offered(**_: Any) -> NoReturn:
    raise MethodNotAllowed


@dataclass(frozen=True)
class Endpoint:
    """One resource's verbs; what is not offered is answered 405.

    `create(*, actor, document)` checks the document (`validation.accepted_create`) and returns the new row.
    `update(*, actor, change)` writes a Change by `revisions.advance`, so that it raises LostRace when the row
    was changed since it was read; the whole PATCH is then tried again. It returns the row as it is now.
    `delete(*, actor, row)` deletes by `revisions.remove`, or raises Conflict.
    Each is one transaction. `delete_scope` is needed instead of the API's write scope.
    """

    resource: Resource
    create: Create = not_offered
    update: Update = not_offered
    delete: Delete = not_offered
    delete_scope: str = ""

    def offered(self, **verbs: Callable[..., Any]) -> list[str]:
        """The HTTP methods, in lower case, whose verbs there are."""
        return [method for method, verb in verbs.items() if verb is not not_offered]
