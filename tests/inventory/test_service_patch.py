"""PATCH /service/{id} (docs/conformance.md 2)."""

from itertools import product
from typing import Any

import pytest
from django.test import Client

from inventory.models import Service
from inventory.resources import SERVICE
from inventory.states import MOVES
from tests.inventory.conftest import Record
from tests.inventory.documents import PATH, Json, service
from tests.unchanged import nothing_happens
from tmf.models import Event, JournalEntry

STATES: list[str] = [*SERVICE.shape.attributes["state"].schema["enum"]]
CREATED, CHANGED, MOVED = (f"Service{kind}Event" for kind in ("Create", "AttributeValueChange", "StateChange"))


def patch(client: Client, row: Service, content: Any) -> Any:
    return client.patch(f"{PATH}/{row.pk}", content, "application/merge-patch+json")


def events() -> list[tuple[str, int, str]]:
    return [*Event.objects.order_by("sequence").values_list("type", "sequence", "field_path")]


ALLOWED: Json = {
    "name": "renamed",
    "category": "RFS",
    "description": "a line",
    "isBundle": True,
    "isStateful": False,
    "serviceType": "access",
    "startMode": "1",
    "startDate": "2025-01-01T00:00:00.000Z",
    "endDate": "2035-01-01T00:00:00.000Z",
    "serviceSpecification": {"id": "13", "name": "AccessLine", "version": "1.0"},
    "serviceCharacteristic": [{"name": "bandwidth", "value": 1}],
    "note": [{"date": "2026-01-01T00:00:00Z", "author": "a", "text": "t"}],
    "place": [{"id": "1", "role": "installation"}],
    "relatedParty": [{"id": "p", "@referredType": "Individual"}],
    "supportingService": [{"id": "s"}],
    "supportingResource": [{"id": "r"}],
    "serviceOrderItem": [{"serviceOrderId": "o", "itemId": "1"}],
    "x-extra": {"zero": 0},
}


@pytest.mark.parametrize("name", ALLOWED)
def test_it_changes_any_attribute_that_is_not_fixed(bss: Client, recorded: Record, name: str) -> None:
    row = recorded()
    before = bss.get(f"{PATH}/{row.pk}").json()
    answer = patch(bss, row, {name: ALLOWED[name]})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {**before, name: ALLOWED[name]} == bss.get(f"{PATH}/{row.pk}").json()
    assert events() == [(CREATED, 1, ""), (CHANGED, 2, name)]


def test_it_follows_the_specification_into_its_column(bss: Client, recorded: Record) -> None:
    patch(bss, recorded(), {"serviceSpecification": {"id": "13"}})
    assert Service.objects.get().specification_id == "13"


@pytest.mark.parametrize("name", ["id", "href", "serviceDate"])
def test_it_refuses_what_is_fixed(bss: Client, recorded: Record, name: str) -> None:
    row = recorded()
    with nothing_happens():
        answer = patch(bss, row, {name: "2026-01-01T00:00:00Z", "name": "applied?"})
    assert (answer.status_code, name in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize("name", ["state", "serviceSpecification"])
def test_it_does_not_remove_what_is_mandatory(bss: Client, recorded: Record, name: str) -> None:
    row = recorded()
    with nothing_happens():
        assert patch(bss, row, {name: None}).status_code == 400


@pytest.mark.proves(
    "state machine: all pairs of states, legal ones move, others are 409", of="serviceInventory-v4 service"
)
@pytest.mark.parametrize(("before", "after"), [pair for pair in product(STATES, STATES) if len({*pair}) == 2])
def test_it_moves_as_the_table_says_and_not_otherwise(bss: Client, recorded: Record, before: str, after: str) -> None:
    row = recorded(service("designed"), state=before)
    if MOVES.allow(before, after):
        answer = patch(bss, row, {"state": after})
        assert (answer.status_code, answer.json()["state"]) == (200, after)
        assert events() == [(CREATED, 1, ""), (MOVED, 2, "")]
        assert [*JournalEntry.objects.order_by("id").values_list("before", "after")][1:] == [(before, after)]
        return
    with nothing_happens():
        assert patch(bss, row, {"state": after, "name": "applied?"}).status_code == 409


@pytest.mark.parametrize("word", ["asleep", "suspended", 7])
def test_it_refuses_an_unknown_state(bss: Client, recorded: Record, word: Any) -> None:
    row = recorded()
    with nothing_happens():
        assert patch(bss, row, {"state": word}).status_code == 400


@pytest.mark.proves("event: StateChange", of="serviceInventory-v4 service")
def test_it_tells_both_kinds_of_change(bss: Client, recorded: Record) -> None:
    patch(bss, recorded(), {"state": "inactive", "name": "renamed"})
    assert events()[1:] == [(CHANGED, 2, "name"), (MOVED, 3, "name")]


def test_it_dates_a_service_through_its_life(bss: Client, recorded: Record) -> None:
    row = recorded(service("reserved"))
    active = patch(bss, row, {"state": "active"}).json()
    assert (active["hasStarted"], active["isServiceEnabled"], "endDate" in active) == (True, True, False)
    inactive = patch(bss, row, {"state": "inactive"}).json()
    assert (inactive["hasStarted"], inactive["isServiceEnabled"]) == (True, False)
    ended = patch(bss, row, {"state": "terminated"}).json()
    assert ended["endDate"] > ended["startDate"] == active["startDate"]
    again = patch(bss, row, {"state": "active"}).json()
    assert (again["startDate"], "endDate" in again) == (active["startDate"], False)


def test_it_ends_a_service_now_whatever_was_planned(bss: Client, recorded: Record) -> None:
    row = recorded()
    patch(bss, row, {"endDate": "2035-01-01T00:00:00Z"})
    assert patch(bss, row, {"state": "terminated"}).json()["endDate"] < "2035"


def test_it_takes_the_client_s_own_end(bss: Client, recorded: Record) -> None:
    row = recorded(service("active"))
    patch(bss, row, {"startDate": "2024-01-01T00:00:00Z"})
    ended = patch(bss, row, {"state": "terminated", "endDate": "2025-01-01T00:00:00.000Z"}).json()
    assert ended["endDate"] == "2025-01-01T00:00:00.000Z"


INCONSISTENT: dict[str, tuple[Json, str]] = {
    "enabled though designed": ({"isServiceEnabled": True}, "isServiceEnabled"),
    "started though designed": ({"hasStarted": True}, "hasStarted"),
    "disabled though active": ({"state": "inactive", "isServiceEnabled": True}, "isServiceEnabled"),
    "an end before the start": (
        {"startDate": "2026-02-01T00:00:00Z", "endDate": "2026-01-01T00:00:00Z"}, "endDate",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INCONSISTENT)
def test_it_refuses_what_contradicts_itself(bss: Client, recorded: Record, case: str) -> None:
    content, path = INCONSISTENT[case]
    row = recorded(service("designed"))
    with nothing_happens():
        answer = patch(bss, row, content)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(path)


def test_it_takes_flags_that_agree_with_the_state(bss: Client, recorded: Record) -> None:
    row = recorded(service("inactive"))
    answer = patch(bss, row, {"state": "active", "isServiceEnabled": True, "hasStarted": True})
    assert (answer.status_code, answer.json()["isServiceEnabled"]) == (200, True)
    assert "isServiceEnabled" not in Service.objects.get().body


@pytest.mark.parametrize("same", ["2025-01-01T00:00:00Z", "2025-01-01T01:00:00.000+01:00", "2025-01-01T00:00"])
def test_it_tells_nobody_of_the_same_moment_written_otherwise(bss: Client, recorded: Record, same: str) -> None:
    row = recorded()
    patch(bss, row, {"startDate": "2025-01-01T00:00:00Z"})
    with nothing_happens():
        answer = patch(bss, row, {"startDate": same})
    assert (answer.status_code, answer.json()["startDate"]) == (200, "2025-01-01T00:00:00.000Z")


def test_it_takes_null_for_nothing_within_what_a_patch_replaces(bss: Client, recorded: Record) -> None:
    places = [{"role": "site", "id": "1", "name": None}]
    assert patch(bss, recorded(), {"place": places}).json()["place"] == [{"role": "site", "id": "1"}]


def test_it_refuses_null_for_what_is_mandatory(bss: Client, recorded: Record) -> None:
    row = recorded()
    with nothing_happens():
        answer = patch(bss, row, {"place": [{"role": None, "id": "1"}]})
    assert (answer.status_code, answer.json()["message"][:13]) == (400, "place[0].role")
