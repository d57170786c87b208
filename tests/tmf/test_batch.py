"""One statement, many rows, each with its own values: on the run's database and on SQLite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

from tests.databases import ROOT
from tmf.batch import update_rows
from tmf.models import Delivery, Event, Subscription

MOMENT = datetime(2026, 11, 21, 9, 30, 0, 125000, tzinfo=UTC)


def _events(count: int) -> list[Event]:
    return Event.objects.bulk_create(
        Event(api="ordering", type="T", resource="serviceOrder", resource_id=f"r{n}", sequence=1, payload={"n": n})
        for n in range(count)
    )


@pytest.mark.django_db
def test_it_gives_each_row_its_own_values_in_one_statement() -> None:
    events = _events(3)
    rows = [
        {"id": events[0].pk, "payload": {"a": [1, None, "ü'%s"]}, "dispatched_at": MOMENT, "error": "it's 100% dead"},
        {"id": events[1].pk, "payload": ["x"], "dispatched_at": None, "error": ""},
    ]
    with CaptureQueriesContext(connection) as queries:
        matched = update_rows(Event, rows, key=["id"], set=["payload", "dispatched_at", "error"])
    assert len(queries) == 1
    assert sorted(matched) == [(events[0].pk,), (events[1].pk,)]
    assert list(Event.objects.order_by("id").values_list("payload", "dispatched_at", "error")) == [
        ({"a": [1, None, "ü'%s"]}, MOMENT, "it's 100% dead"),
        (["x"], None, ""),
        ({"n": 2}, None, ""),
    ]


@pytest.mark.django_db
def test_it_takes_rows_whose_values_are_all_null() -> None:
    events = _events(2)
    Event.objects.update(dispatched_at=MOMENT)
    update_rows(Event, [{"id": e.pk, "dispatched_at": None} for e in events], key=["id"], set=["dispatched_at"])
    assert Event.objects.filter(dispatched_at=None).count() == 2


@pytest.mark.django_db
def test_it_changes_only_rows_whose_whole_key_matches() -> None:
    subscription = Subscription.objects.create(api="ordering", callback="http://listener")
    mine, lost = [
        Delivery.objects.create(
            subscription=subscription, event=event, resource="serviceOrder", resource_id="r", sequence=n, fence=4
        )
        for n, event in enumerate(_events(2))
    ]
    rows = [{"id": mine.pk, "fence": 4, "state": "delivered"}, {"id": lost.pk, "fence": 3, "state": "delivered"}]
    assert update_rows(Delivery, rows, key=["id", "fence"], set=["state"]) == [(mine.pk, 4)]
    assert list(Delivery.objects.order_by("id").values_list("state", flat=True)) == ["delivered", "pending"]


@pytest.mark.django_db
def test_it_adds_and_obeys_a_further_condition() -> None:
    first, second = _events(2)
    Event.objects.filter(pk=second.pk).update(type="Other")
    rows = [{"id": e.pk, "attempts": 2, "sequence": -1} for e in (first, second)]
    assert update_rows(Event, rows, key=["id"], add=["attempts", "sequence"], where="t.type = 'T'") == [(first.pk,)]
    assert list(Event.objects.order_by("id").values_list("attempts", "sequence")) == [(2, 0), (0, 1)]


@pytest.mark.django_db
def test_it_finds_rows_by_foreign_key_and_by_text() -> None:
    subscription = Subscription.objects.create(api="ordering", callback="http://listener")
    (event,) = _events(1)
    Delivery.objects.create(subscription=subscription, event=event, resource="r", resource_id="r", sequence=1)
    rows = [{"subscription_id": subscription.pk, "event": event.pk, "status": 204}]
    assert update_rows(Delivery, rows, key=["subscription_id", "event"], set=["status"]) == [
        (subscription.pk, event.pk)
    ]
    assert Delivery.objects.get().status == 204


@pytest.mark.postgresql
@pytest.mark.django_db
def test_it_refuses_text_that_is_too_long_instead_of_cutting_it() -> None:
    (event,) = _events(1)
    with pytest.raises(DataError):
        update_rows(Event, [{"id": event.pk, "type": "x" * 81}], key=["id"], set=["type"])


@pytest.mark.django_db
def test_it_asks_nothing_when_there_is_nothing_to_do() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert update_rows(Event, [], key=["id"], set=["type"]) == []
    assert len(queries) == 0


def test_it_refuses_a_name_that_is_no_column() -> None:
    with pytest.raises(ValueError, match="Event has no column colour"):
        update_rows(Event, [{"id": 1, "colour": "red"}], key=["id"], set=["colour"])


SQLITE = """
import django, json; django.setup()
from datetime import UTC, datetime
from tmf.batch import update_rows
from tmf.models import Event
moment = datetime(2026, 11, 21, 9, 30, 0, 125000, tzinfo=UTC)
Event.objects.bulk_create(
    Event(api="ordering", type="T", resource="r", resource_id=str(n), sequence=1, payload={}) for n in range(1200))
rows = [{"id": e.pk, "type": "T", "payload": {"n": [e.pk, None]}, "attempts": 2, "failed_at": None, "due_at": moment}
        for e in Event.objects.all()]
matched = update_rows(Event, rows, key=["id", "type"], set=["payload", "failed_at", "due_at"], add=["attempts"])
last = Event.objects.filter(attempts=2, due_at=moment, failed_at=None).latest("id")
print(json.dumps([len(matched), len(set(matched)), last.pk, last.payload]))
"""


def test_it_does_the_same_on_sqlite_within_its_limit_of_parameters(fresh_database: Callable[[str], str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SQLITE], cwd=ROOT, env=_env(fresh_database("sqlite")), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [1200, 1200, 1200, {"n": [1200, None]}]


def _env(url: str) -> dict[str, Any]:
    return os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}


@pytest.mark.django_db
def test_it_sets_moments_that_are_told_in_seconds_from_now() -> None:
    first, second = _events(2)
    first.refresh_from_db()
    due = first.due_at
    rows: list[dict[str, Any]] = [{"id": first.pk, "due_at": None}, {"id": second.pk, "due_at": 90.0}]
    update_rows(Event, rows, key=["id"], later=["due_at"], now=["dispatched_at"])
    first.refresh_from_db()
    second.refresh_from_db()
    assert second.dispatched_at is not None
    assert (second.due_at - second.dispatched_at).total_seconds() == pytest.approx(90, abs=0.01)
    assert first.due_at == due
