"""Who asks: what every verb and every queryset is told about the caller."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A client with its party and scopes. `name` goes into the journal, `client` is its client id.

    `unique_external_id`: what it orders may not repeat an externalId of its party's orders.
    """

    name: str
    party: str = ""
    scopes: frozenset[str] = frozenset()
    client: str = ""
    unique_external_id: bool = False

    @property
    def is_admin(self) -> bool:
        return "admin" in self.scopes


ENGINE = Actor(name="engine", scopes=frozenset({"admin"}))
