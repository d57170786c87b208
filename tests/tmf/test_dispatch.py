"""Dispatching: every event handed on once, in order per resource, whoever does it and whatever fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.tmf.things import THING, thing
from tmf import dispatch, outbox
from tmf.models import Delivery, Event, Subscription

pytestmark = pytest.mark.django_db(transaction=True)

heard: list[tuple[str, int]] = []
broken: set[str] = set()
hooks: list[Callable[[Event], None]] = []


def listen(events: Sequence[Event]) -> None:
    """The handler of these tests."""
    for event in events:
        for hook in hooks:
            hook(event)
        if event.resource_id in broken:
            raise RuntimeError(f"cannot bear {event.resource_id}")
        heard.append((event.resource_id, event.sequence))


@pytest.fixture(autouse=True)
def _handlers(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    settings.EVENT_HANDLERS = {kind: [f"{__name__}.listen"] for kind in THING.events}
    monkeypatch.setattr(dispatch, "resolve", lambda path: listen)
    yield
    heard.clear()
    broken.clear()
    hooks.clear()


def record(*names: str, events: int = 1, party: str = "acme", body: dict[str, Any] | None = None) -> None:
    """`events` events of each named resource, one transaction per resource."""
    for name in names:
        with transaction.atomic():
            for revision in range(1, events + 1):
                kind = "ThingCreateEvent" if revision == 1 else "ThingStateChangeEvent"
                outbox.record(THING, thing(name, revision=revision, party=party, body=body), kind)


def subscribe(callback: str = "http://listener", **more: Any) -> Subscription:
    return Subscription.objects.create(**{"api": "ordering", "party": "acme", "callback": callback, **more})


def sequences(name: str) -> list[int]:
    return [sequence for resource, sequence in heard if resource == name]


def test_it_hands_every_event_on_once_in_order() -> None:
    record("a", "b", events=3)
    assert dispatch.dispatch_due() == 6
    assert dispatch.dispatch_due() == 0
    assert (sequences("a"), sequences("b"), len(heard)) == ([1, 2, 3], [1, 2, 3], 6)


def test_it_finds_events_that_were_committed_after_later_ones() -> None:
    record("late", "early")
    Event.objects.filter(resource_id="late").update(due_at=Now() + timedelta(hours=1))
    assert dispatch.dispatch_due() == 1
    Event.objects.filter(resource_id="late").update(due_at=Now())
    assert dispatch.dispatch_due() == 1
    assert heard == [("early", 1), ("late", 1)]


def test_it_leaves_what_is_younger_than_the_callers_patience() -> None:
    record("a")
    assert dispatch.dispatch_due(patience=60) == 0
    assert heard == []


def test_it_asks_one_indexed_question_when_nothing_is_owed() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert dispatch.dispatch_due() == 0
    assert len(queries) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("listeners", [0, 3])
def test_it_asks_the_same_number_of_questions_for_a_hundred_events_as_for_two(listeners: int) -> None:
    for n in range(listeners):
        subscribe(f"http://listener{n}")

    def questions(count: int) -> int:
        record(*(f"{count}-{n}" for n in range(count // 2)), events=2)
        with CaptureQueriesContext(connection) as queries:
            assert dispatch.dispatch_due() == count
        return len(queries)

    assert questions(2) == questions(100)
    assert Delivery.objects.count() == 102 * listeners


# -- who hears what -----------------------------------------------------------------------
def test_it_owes_a_delivery_to_each_active_listener_of_the_api_and_party() -> None:
    mine, admin = subscribe(), subscribe("http://admin", party="ops", sees_all=True)
    subscribe("http://other-party", party="other")
    subscribe("http://other-api", api="inventory")
    subscribe("http://gone", state=Subscription.State.DISABLED)
    record("a")
    dispatch.dispatch_due()
    owed = Delivery.objects.values_list("subscription_id", "resource", "resource_id", "sequence", "state")
    assert sorted(owed) == sorted([(s.pk, "thing", "a", 1, "pending") for s in (mine, admin)])


def test_it_owes_only_what_the_listeners_query_asks_for() -> None:
    changes = subscribe("http://changes", query="eventType=ThingStateChangeEvent")
    done = subscribe("http://done", query="event.thing.state=done,failed&fields=eventId")
    record("a", events=2, body={"state": "open"})
    record("b", body={"state": "done"})
    dispatch.dispatch_due()
    owed = Delivery.objects.values_list("subscription_id", "resource_id", "sequence")
    assert sorted(owed) == sorted([(changes.pk, "a", 2), (done.pk, "b", 1)])


def test_it_owes_nothing_twice_when_an_event_is_dispatched_again() -> None:
    subscribe()
    record("a")
    dispatch.dispatch_due()
    Event.objects.update(dispatched_at=None)
    assert dispatch.dispatch_due() == 1
    assert Delivery.objects.count() == 1


# -- failures -----------------------------------------------------------------------------
def test_a_failing_handler_blocks_no_other_resource_and_leaves_nothing_behind() -> None:
    subscribe()
    record("good", "bad", "fine", events=2)
    broken.add("bad")
    assert dispatch.dispatch_due() == 4
    assert sorted(heard[-4:]) == [("fine", 1), ("fine", 2), ("good", 1), ("good", 2)]
    assert set(Delivery.objects.values_list("resource_id", flat=True)) == {"good", "fine"}
    first, second = Event.objects.filter(resource_id="bad").order_by("sequence")
    assert (first.attempts, first.dispatched_at, first.error) == (1, None, "RuntimeError('cannot bear bad')")
    assert (second.attempts, second.dispatched_at, second.error) == (0, None, "")
    assert first.due_at > Event.objects.get(resource_id="good", sequence=1).due_at


def test_events_behind_a_failed_one_wait_as_long_as_it_does() -> None:
    record("bad", events=3)
    broken.add("bad")
    dispatch.dispatch_due()
    assert dispatch.dispatch_due() == 0
    assert len(set(Event.objects.values_list("due_at", flat=True))) == 1
    broken.clear()
    Event.objects.update(due_at=Now())
    assert dispatch.dispatch_due() == 3
    assert heard == [("bad", 1), ("bad", 2), ("bad", 3)]


@pytest.mark.parametrize("hours", [-1, 1])
def test_those_behind_a_failed_one_fill_no_batch_whatever_this_machines_clock_says(
    monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    wrong = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: wrong)
    broken.add("bad")
    record("bad", events=6)
    record("good")
    for _ in range(4):
        dispatch.dispatch_due(limit=2)
    assert [*heard] == [("good", 1)]


def test_it_gives_up_a_handler_visibly_and_still_tells_the_listeners(caplog: pytest.LogCaptureFixture) -> None:
    subscribe()
    record("bad", events=2)
    broken.add("bad")
    for _ in range(dispatch.MOST_ATTEMPTS):
        Event.objects.filter(dispatched_at=None).update(due_at=Now())
        with caplog.at_level(logging.ERROR):
            dispatch.dispatch_due()
    first = Event.objects.get(sequence=1)
    assert (first.attempts, first.error) == (dispatch.MOST_ATTEMPTS, "RuntimeError('cannot bear bad')")
    assert first.failed_at is not None
    assert first.dispatched_at is not None
    assert Delivery.objects.filter(event=first).count() == 1
    assert [r.levelname for r in caplog.records if "given_up" in r.getMessage()] == ["ERROR"]
    broken.clear()
    Event.objects.update(due_at=Now())
    dispatch.dispatch_due()
    assert heard == [("bad", 2)]


def test_a_handler_that_fails_at_commit_blocks_no_other() -> None:
    def orphan(event: Event) -> None:
        if event.resource_id == "bad":
            Delivery.objects.create(
                subscription_id="nobody", event=event, resource="r", resource_id="r", sequence=event.sequence
            )

    hooks.append(orphan)
    record("bad", "good")
    assert dispatch.dispatch_due() == 1
    assert list(Event.objects.filter(dispatched_at=None).values_list("resource_id", "attempts")) == [("bad", 1)]


# -- rivals -------------------------------------------------------------------------------
@contextmanager
def rivals(count: int, work: Callable[[], Any]) -> Iterator[list[threading.Thread]]:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield threads
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_racing_dispatchers_hand_each_event_on_once_and_in_order() -> None:
    subscribe()
    names = [f"r{n}" for n in range(12)]
    with rivals(4, lambda: _until_done(12 * 10)) as threads:
        for _ in range(1):
            record(*names, events=10)
        assert len(threads) == 4
    assert all(sequences(name) == [*range(1, 11)] for name in names)
    assert len(heard) == 120
    assert Delivery.objects.count() == 120


def _until_done(total: int) -> None:
    while Event.objects.exclude(dispatched_at=None).count() < total:
        dispatch.dispatch_due(limit=7)


@pytest.mark.postgresql
def test_a_later_event_waits_for_the_earlier_one_that_a_rival_holds() -> None:
    record("a", events=2)
    holds, go = threading.Event(), threading.Event()

    def hold(event: Event) -> None:
        if event.sequence == 1:
            holds.set()
            assert go.wait(10)

    hooks.append(hold)
    with rivals(1, lambda: dispatch.dispatch_due(limit=1)):
        assert holds.wait(10)
        assert dispatch.dispatch_due() == 0  # the second is free, but the first is not told yet
        assert heard == []
        go.set()
    dispatch.dispatch_due()
    assert heard == [("a", 1), ("a", 2)]


@pytest.mark.postgresql
def test_it_misses_no_event_whose_transaction_commits_after_a_later_one() -> None:
    record("later")
    inserted, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            outbox.record(THING, thing("slow"), "ThingCreateEvent")
            inserted.set()
            assert commit.wait(10)

    with rivals(1, slow):
        assert inserted.wait(10)
        record("last")
        assert dispatch.dispatch_due() == 2
        commit.set()
    assert dispatch.dispatch_due() == 1
    assert heard[-1] == ("slow", 1)
