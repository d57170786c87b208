"""Regular expressions that cannot burn CPU and mean the same in Python, SQLite and PostgreSQL.

A subset that every dialect shares: characters, `.`, sets, `\\d \\w \\s` (ASCII) and their opposites, groups,
`|`, `* + ? {m,n}`, `^` and `$` for the whole text's ends. It looks for a match anywhere; case counts; `.` is any
character. Python never sees the pattern: it runs as an automaton, one pass over the text, however it is written
(Thompson's construction). PostgreSQL gets it rendered again from the parsed tree, with every special character
escaped, so that none of its own extensions can be reached.
"""

from __future__ import annotations

from functools import lru_cache

from tmf.query import automaton
from tmf.query.patterns import Part, RegexError, parse, postgres

__all__ = ["Regex", "RegexError", "compiled"]


class Regex:
    """A pattern ready for use: `search` in Python, `postgres` for the `~` operator under COLLATE "C"."""

    def __init__(self, text: str) -> None:
        tree: Part = parse(text)
        self.postgres = postgres(tree)
        self._automaton = automaton.Automaton(tree)

    def search(self, text: str) -> bool:
        return self._automaton.search(text)


@lru_cache(maxsize=256)
def compiled(text: str) -> Regex:
    """Raises RegexError when the pattern is too long, too big, or not of the subset."""
    return Regex(text)
