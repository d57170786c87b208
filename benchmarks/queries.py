"""`python -m benchmarks.queries SPECIFICATION`: drives planned orders in this process; prints statements per step."""

from __future__ import annotations

import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection

from benchmarks.fill import planned
from orchestrator.execute import drive_due


def statements(name: str, orders: int) -> float:
    """How many statements of the pump each step of that many orders costs, claims and settlements together."""
    planned(name, orders)
    asked = 0

    def count(execute: Any, *call: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*call)

    with connection.execute_wrapper(count):
        steps = drive_due()
    return asked / steps


if __name__ == "__main__":
    print(*(f"{statements(sys.argv[1], orders):.2f}" for orders in (1, 100)))
