"""What PostgreSQL allows our connections.

Nobody's filter may keep it busy for minutes; nobody who stands still, stopped or cut off, may keep rows from others.
"""

from typing import Any


def limit_statements(database: dict[str, Any], seconds: float) -> None:
    """How long it works on one statement of every connection that a process makes from now on. SQLite knows none."""
    _limit(database, "statement_timeout", seconds)


def limit_transactions(database: dict[str, Any], seconds: float) -> None:
    """How long a transaction may wait for its next statement; its connection is lost then. 0: for ever."""
    _limit(database, "idle_in_transaction_session_timeout", seconds)


def _limit(database: dict[str, Any], name: str, seconds: float) -> None:
    if seconds and database["ENGINE"].endswith("postgresql"):
        options = database.setdefault("OPTIONS", {})
        options["options"] = f"{options.get('options', '')} -c {name}={round(1000 * seconds)}".strip()
