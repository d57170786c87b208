"""What differs from run to run is replaced, the same by the same; what does not, is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.examples.stable import Stable
from tmf.ids import new_id
from tmf.resources import timestamp

ADDRESSES = {"http://127.0.0.1:40001": "https://som.example.com"}


@pytest.fixture
def stable() -> Stable:
    made = Stable(ADDRESSES)
    made.begin(4, 1)
    return made


def now() -> str:
    return timestamp(datetime.now(UTC))


def test_a_moment_becomes_that_of_its_step(stable: Stable) -> None:
    first = now()
    stable.begin(4, 2)
    second = now()
    assert stable.text(f"{first} {second}") == "2026-01-05T09:01:00.000Z 2026-01-05T09:02:00.000Z"


def test_moments_of_one_step_are_shown_alike_however_far_apart(stable: Stable) -> None:
    shown = {stable.text(now()) for _ in range(3)}
    assert shown == {"2026-01-05T09:01:00.000Z"}


@pytest.mark.parametrize("days", [-400, 400])
def test_a_moment_that_is_none_of_the_run_stays(stable: Stable, days: int) -> None:
    told = timestamp(datetime.now(UTC) + timedelta(days=days))
    assert stable.text(told) == told


def test_the_same_identifier_is_shown_the_same_everywhere(stable: Stable) -> None:
    one, other = new_id(), new_id()
    shown = stable.value({"id": one, "href": f"/service/{one}", "other": [other]}, {})
    assert shown["href"] == f"/service/{shown['id']}"
    assert shown["other"] != [shown["id"]]
    assert one not in str(shown)


def test_runs_are_shown_alike() -> None:
    def run() -> Any:
        stable = Stable(ADDRESSES)
        stable.begin(7, 1)
        return stable.value([{"id": new_id(), "date": now()}, new_id()], {})

    assert run() == run()


def test_addresses_are_shown_as_a_partner_s(stable: Stable) -> None:
    assert stable.text("http://127.0.0.1:40001/x") == "https://som.example.com/x"


def test_a_masked_characteristic_is_shown_with_another_value_and_in_the_mask_s_order(stable: Stable) -> None:
    seen = [{"name": "vlan", "value": 7}, {"name": "bandwidth", "value": 100}, {"name": "ip", "value": "x"}]
    assert stable.value(seen, {"ip": "203.0.113.17", "vlan": 3021}) == [
        {"name": "bandwidth", "value": 100},
        {"name": "ip", "value": "203.0.113.17"},
        {"name": "vlan", "value": 3021},
    ]


def test_a_milestone_s_number_is_shown_the_same_everywhere(stable: Stable) -> None:
    seen = [{"id": number, "milestoneDate": "2020-01-01T00:00:00Z"} for number in ("4711", "4712", "4711")]
    assert [each["id"] for each in stable.value(seen, {})] == ["1", "2", "1"]
