"""The service's state machine by all pairs; what an order may do to a service, case by case."""

from datetime import UTC, datetime
from itertools import product

import pytest

from inventory.models import ServiceState
from inventory.states import FULFILMENT, INITIAL, MOVES, flags, legal_change
from tmf.errors import Conflict

LEGAL = {
    "feasibilityChecked": "designed reserved inactive active",
    "designed": "reserved inactive",
    "reserved": "designed inactive active",
    "inactive": "active terminated",
    "active": "inactive terminated suspended",
    "suspended": "active inactive terminated",
    "terminated": "active",
}
PAIRS = [*product(ServiceState.values, repeat=2)]
STATES: list[str | None] = [None, *ServiceState.values]


def test_it_allows_exactly_the_moves_of_the_table() -> None:
    allowed = {pair for pair in PAIRS if MOVES.allow(*pair)}
    assert allowed == {(before, after) for before, line in LEGAL.items() for after in line.split()}


def test_it_lets_a_service_begin_in_any_state_but_its_end() -> None:
    assert {*ServiceState} - INITIAL == {ServiceState.TERMINATED}


# action, state before → the states after, the default first (docs/conformance.md 1.6)
TABLE: dict[tuple[str, str | None], str] = {
    ("add", None): "active designed reserved inactive",
    ("modify", "designed"): "designed reserved inactive",
    ("modify", "inactive"): "inactive active terminated",
    ("modify", "active"): "active inactive terminated",
    **{("delete", state): "terminated" for state in ServiceState.values if state != "terminated"},
    **{("noChange", state): state for state in ServiceState.values},
}


@pytest.mark.parametrize(("action", "state"), [*product(FULFILMENT, STATES)])
def test_it_leads_where_the_table_says_and_nowhere_else(action: str, state: str | None) -> None:
    results = TABLE.get((action, state), "").split()
    for wanted in ServiceState.values:
        if wanted in results:
            assert legal_change(state, action, wanted) == wanted
        elif not (action == "delete" and wanted == state and results):
            with pytest.raises(Conflict):
                legal_change(state, action, wanted)
    if results:
        assert legal_change(state, action) == legal_change(state, action, "") == results[0]
    else:
        with pytest.raises(Conflict, match=state or "does not exist"):
            legal_change(state, action)


def test_it_takes_a_delete_that_repeats_the_present_state_as_a_delete() -> None:
    assert legal_change("active", "delete", "active") == "terminated"


@pytest.mark.parametrize(
    ("state", "dated", "started", "enabled"),
    [
        ("feasibilityChecked", True, False, False),
        ("designed", True, False, False),
        ("reserved", False, False, False),
        ("inactive", False, False, False),
        ("inactive", True, True, False),
        ("active", True, True, True),
        ("suspended", True, True, False),
        ("terminated", True, True, False),
        ("terminated", False, False, False),
    ],
)
def test_it_derives_the_flags(state: str, dated: bool, started: bool, enabled: bool) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) if dated else None
    assert flags(state, start) == {"hasStarted": started, "isServiceEnabled": enabled}
