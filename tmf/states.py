"""State machines as visible tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tmf.errors import Conflict


@dataclass(frozen=True)
class Moves:
    """The legal moves of one kind of entity: from → every state it may go to."""

    entity: str
    table: Mapping[str, Iterable[str]]

    def allow(self, before: str, after: str) -> bool:
        return after in self.table.get(before, ())

    def check(self, before: str, after: str) -> None:
        """Raises Conflict (409) when the move is not in the table."""
        if not self.allow(before, after):
            raise Conflict(f"{self.entity}: {before} → {after} is no legal change of state", path="state")

    @property
    def final(self) -> frozenset[str]:
        """The states that nothing leaves."""
        return frozenset(state for state, after in self.table.items() if not tuple(after))
