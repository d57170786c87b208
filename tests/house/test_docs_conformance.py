"""docs/conformance.md says what the code does: its tables are read and held against the code's."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from inventory.models import ServiceState
from inventory.resources import SERVICE_V5
from inventory.states import FULFILMENT, INITIAL, MOVES
from ordering.states import TABLE, TERMINAL
from tmf import errors

BASE = Path(settings.BASE_DIR)
TEXT = (BASE / "docs" / "conformance.md").read_text()
APPS = ("tmf", "catalog", "inventory", "ordering", "orchestrator")
V4 = {*ServiceState} - {ServiceState.SUSPENDED}


def rows(section: str) -> Iterator[list[str]]:
    """The cells of the table in a section, without its head."""
    body = re.split(r"^##", TEXT.split(f"# {section}", 1)[1], maxsplit=1, flags=re.M)[0]
    lines = [line.strip("| ").split(" | ") for line in body.splitlines() if line.startswith("| ")]
    return iter(lines[1:])


def words(cell: str) -> list[str]:
    return [word.strip() for word in cell.split(",")]


def test_it_has_the_order_s_state_machine() -> None:
    told = {before: {*words(after)} for cell, after in rows("1.3 ") for before in words(cell)}
    final = {before for before, after in told.items() if after == {"nothing: these are final"}}
    assert final == TERMINAL
    assert {before: told[before] for before in told.keys() - final} == {
        before: {*after} for before, after in TABLE.items() if before not in TERMINAL
    }


def test_it_has_what_an_item_may_do_to_a_service() -> None:
    told = {(action, before): words(after) for before, action, after in rows("1.6 ")}
    assert told.pop(("delete", "any but terminated")) == [*FULFILMENT["delete"][ServiceState.ACTIVE]]
    assert told.pop(("noChange", "any")) == ["unchanged"]
    assert told == {
        (action, before or "none"): [*after]
        for action in ("add", "modify")
        for before, after in FULFILMENT[action].items()
    }


def test_it_has_the_service_s_state_machine() -> None:
    told = {before: {*words(after)} for before, after in rows("2. ")}
    assert told.pop("(POST)") == {"any but terminated"}
    assert {*ServiceState} - INITIAL == {"terminated"}
    assert told == {state: {after for after in V4 if MOVES.allow(state, after)} for state in V4}


def test_it_has_what_version_5_adds_to_it() -> None:
    tables = [*rows("2.1 ")]
    moves = {cell: {*words(after)} for cell, after in tables if cell in {*ServiceState}}
    suspended = ServiceState.SUSPENDED
    assert moves == {
        **{state: {suspended} for state in V4 if MOVES.allow(state, suspended)},
        suspended: {after for after in ServiceState if MOVES.allow(suspended, after)},
    }
    assert {cell for cell, _ in tables if cell.endswith("Event")} == {*SERVICE_V5.events}


def test_it_has_every_error_code() -> None:
    told = {code for _, codes, *_ in rows("0.2 ") for code in re.findall(r"`(\w+)`", codes)}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TmfError)]
    assert told == {kind.code for kind in kinds} - {"tooManyRequests"}  # nothing is throttled yet


def test_it_has_every_code_of_a_refusal() -> None:
    made = {
        code
        for name in ("judge", "decompose", "plan")
        for code in re.findall(
            r'(?:refuse\(\s*item, |Refusal\((?:pk|work\S+), )"(\w+)"',
            (BASE / "orchestrator" / f"{name}.py").read_text(),
        )
    }
    listed = re.search(r"names attribute and\s+cause:(.*?)\.\n", TEXT, re.S)
    assert listed
    assert made == {*re.findall(r"`(\w+)`", listed[1])}


def test_it_has_every_section_that_the_code_refers_to() -> None:
    sources = [path for app in (*APPS, "tests") for path in (BASE / app).rglob("*.py")]
    named = {n for path in sources for n in re.findall(r"docs/conformance\.md (\d(?:\.\d)?)", path.read_text())}
    assert named <= {*re.findall(r"^##+ (\d(?:\.\d)?)\.? ", TEXT, re.M)}
