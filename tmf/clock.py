"""The database's clock in SQL. Leases and timers are compared by it alone, never by a process's own."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now


def in_(seconds: float) -> Any:
    """The moment that many seconds from now, as an ORM expression."""
    return ExpressionWrapper(Now() + timedelta(seconds=seconds), output_field=DateTimeField())


def now_sql() -> str:
    return "statement_timestamp()" if connection.vendor == "postgresql" else _SQLITE.format("")


def later_sql(seconds: str) -> str:
    """Now plus the seconds that the SQL expression `seconds` gives."""
    if connection.vendor == "postgresql":
        return f"statement_timestamp() + ({seconds}) * interval '1 second'"
    return _SQLITE.format(f", printf('%%+.3f seconds', {seconds})")


_SQLITE = "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now'{})"
