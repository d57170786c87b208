"""Delivering: at least once, in order per resource and listener, none in another's way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from tests.tmf.listener import Json, listening, slowly
from tests.tmf.things import THING, thing
from tests.waiting import wait_until
from tmf import delivery_claim, delivery_settle, outbox
from tmf.deliver import deliver_due
from tmf.dispatch import dispatch_due
from tmf.models import Delivery, Event, Subscription

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.EVENT_HANDLERS = {}
    back_off(monkeypatch, 0.02)


def back_off(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(delivery_settle, "FIRST_BACKOFF_SECONDS", seconds)
    monkeypatch.setattr(delivery_settle, "LONGEST_BACKOFF_SECONDS", seconds * 2)


def env(settings: Any, **values: Any) -> None:
    settings.ENV = settings.ENV.model_copy(update=values)


def subscribe(callback: str, **more: Any) -> Subscription:
    return Subscription.objects.create(**{"api": "ordering", "callback": callback, "base_url": "http://som", **more})


def happen(*names: str, events: int = 1) -> None:
    """Events of each resource, already dispatched to the listeners."""
    for n in range(1, events + 1):
        for name in names:
            with transaction.atomic():
                kind = "ThingCreateEvent" if n == 1 else "ThingStateChangeEvent"
                outbox.record(THING, thing(name, revision=n, body={"n": n}), kind)
    while dispatch_due():
        pass


def deliver_all() -> None:
    """Until nothing is pending."""
    deadline = time.monotonic() + 20
    while pending():
        assert time.monotonic() < deadline, list(Delivery.objects.values())
        deliver_due()


def pending() -> int:
    return Delivery.objects.filter(state="pending").count()


def states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


# -- what is sent -------------------------------------------------------------------------
def test_it_posts_the_envelope_to_the_callback_exactly_as_given() -> None:
    with listening() as listener:
        subscribe(listener.url + "?token=a%20b&x=1")
        happen("a")
        event = Event.objects.get()
        assert deliver_due() == 1
    moment = event.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert listener.heard == [
        {
            "eventId": str(event.event_id),
            "eventTime": moment,
            "eventType": "ThingCreateEvent",
            "domain": "ordering",
            "title": "Thing create",
            "description": "Thing create: thing a",
            "priority": "4",
            "timeOcurred": moment,
            "event": {"thing": {"id": "a", "href": f"http://som{THING.path('a')}", "n": 1}},
        }
    ]
    path, headers = listener.requests[0]
    assert path == "/hear?token=a%20b&x=1"
    assert headers["content-type"].startswith("application/json")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts, delivery.claim) == ("delivered", 204, 1, "")
    assert delivery.delivered_at is not None


def test_it_sends_only_the_fields_that_the_query_names() -> None:
    with listening() as listener:
        subscribe(listener.url, query="eventType=ThingCreateEvent&fields=event.thing.id")
        happen("a")
        assert deliver_due() == 1
    (heard,) = listener.heard
    assert heard["eventType"] == "ThingCreateEvent"
    assert heard["event"] == {"thing": {"id": "a", "href": f"http://som{THING.path('a')}"}}


def test_it_asks_one_indexed_question_when_nothing_is_owed() -> None:
    subscribe("http://127.0.0.1:9/nobody")
    with CaptureQueriesContext(connection) as queries:
        assert deliver_due() == 0
    assert len(queries) == 1


def test_it_leaves_what_is_younger_than_the_callers_patience() -> None:
    with listening() as listener:
        subscribe(listener.url)
        happen("a")
        assert deliver_due(patience=60) == 0
        assert listener.heard == []


def test_it_holds_no_transaction_while_a_listener_is_called() -> None:
    """Another connection can change the very rows that are being delivered."""

    def answer(envelope: Json) -> int:
        changed.append(Delivery.objects.update(error="seen"))
        Subscription.objects.update(base_url="http://changed")
        connection.close()
        return 204

    changed: list[int] = []
    with listening(answer) as listener:
        subscribe(listener.url)
        happen("a")
        assert deliver_due() == 1
    assert changed == [1]


# -- order --------------------------------------------------------------------------------
def test_it_keeps_the_order_of_each_resource_while_the_listener_fails() -> None:
    calls = iter(range(10**6))
    with listening(lambda envelope: 503 if next(calls) % 3 else 200) as listener:
        subscribe(listener.url)
        happen("a", "b", "c", events=5)
        deliver_all()
    assert [listener.sequence(name) for name in "abc"] == [[1, 2, 3, 4, 5]] * 3
    assert states() == ["delivered"] * 15


def test_a_resource_that_a_listener_cannot_take_delays_no_other_resource() -> None:
    with listening(lambda e: 500 if e["event"]["thing"]["id"] == "bad" else 200) as listener:
        subscribe(listener.url)
        happen("bad", events=delivery_claim.WINDOW // 10)
        happen("good", "fine", events=3)
        wait_until(lambda: deliver_due() is not None and pending() == delivery_claim.WINDOW // 10)
    assert (listener.sequence("good"), listener.sequence("fine")) == ([1, 2, 3], [1, 2, 3])
    assert {e["event"]["thing"]["n"] for e in listener.heard if e["event"]["thing"]["id"] == "bad"} == {1}


def test_racing_deliverers_send_everything_once_and_in_order() -> None:
    with listening() as listener:
        subscribe(listener.url)
        names = [f"r{n}" for n in range(8)]
        happen(*names, events=6)
        race(4, lambda: [deliver_due() for _ in range(200) if pending()])
    assert pending() == 0
    assert all(listener.sequence(name) == [1, 2, 3, 4, 5, 6] for name in names)
    assert len(listener.heard) == 48


def _deliver_elsewhere() -> None:
    deliver_due()
    connection.close()


def race(count: int, work: Callable[[], Any]) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


# -- bulkheads ----------------------------------------------------------------------------
def test_a_slow_listener_delays_no_other_and_gets_no_more_than_its_slots(settings: Any) -> None:
    env(settings, DELIVERY_TIMEOUT_SECONDS=5)
    release = threading.Event()
    under_way, most = 0, 0
    lock = threading.Lock()

    def hang(envelope: Json) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        assert release.wait(20)
        with lock:
            under_way -= 1
        return 200

    with listening(hang) as slow, listening() as quick:
        subscribe(slow.url)
        quick_one = subscribe(quick.url)
        happen(*(f"r{n}" for n in range(30)))
        thread = threading.Thread(target=_deliver_elsewhere)
        thread.start()
        left = Delivery.objects.filter(subscription=quick_one, state="pending")
        wait_until(lambda: not left.exists(), 4)
        happen("fresh")
        wait_until(lambda: not left.exists(), 1, "what happens later passes too")
        assert len(slow.accepted) == 0
        release.set()
        thread.join(20)
        deliver_all()
    assert most == delivery_claim.SLOTS
    assert (len(slow.accepted), len(quick.accepted)) == (31, 31)


def test_a_dead_listener_is_probed_by_one_notification_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    back_off(monkeypatch, 60.0)
    with listening(lambda envelope: 500) as listener:
        mine = subscribe(listener.url)
        happen(*(f"r{n}" for n in range(40)))
        deliver_due()
        first = len(listener.heard)
        mine.refresh_from_db()
        assert mine.failures == first
        assert first < delivery_claim.SLOTS + delivery_claim.BREAKER_AFTER
        assert mine.resume_at is not None
        assert deliver_due() == 0  # the breaker is open
        Subscription.objects.update(resume_at=Now())
        Delivery.objects.update(due_at=Now())
        assert deliver_due() == 1
        assert len(listener.heard) == first + 1
        listener.answer = lambda envelope: 200
        Subscription.objects.update(resume_at=Now())
        Delivery.objects.update(due_at=Now())
        deliver_all()
        mine.refresh_from_db()
    assert (mine.failures, len(listener.accepted)) == (0, 40)
    assert Subscription.objects.get().resume_at is None


# -- failures -----------------------------------------------------------------------------
@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_any_answer_but_2xx_is_retried_and_redirects_are_not_followed(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_off(monkeypatch, 60.0)
    with listening() as other:
        answers = iter([(status, {"Location": other.url}), (200, {})])
        with listening(lambda envelope: next(answers)) as listener:
            subscribe(listener.url)
            happen("a")
            deliver_due()
            assert (states(), Delivery.objects.get().error) == (["pending"], f"answered {status}")
            Delivery.objects.update(due_at=Now())
            deliver_all()
    assert (len(listener.heard), other.heard, states()) == (2, [], ["delivered"])
    assert Delivery.objects.get().attempts == 2


def test_it_waits_as_long_as_the_listener_asks() -> None:
    with listening(lambda envelope: (429, {"Retry-After": "120"})) as listener:
        subscribe(listener.url)
        happen("a")
        deliver_due()
    owed = Delivery.objects.get()
    assert timedelta(seconds=118) < owed.due_at - owed.created_at < timedelta(seconds=130)


def test_410_ends_the_subscription_and_everything_owed_to_it() -> None:
    with listening(lambda envelope: 410) as listener:
        mine = subscribe(listener.url)
        happen("a", events=3)
        deliver_due()
        happen("b")
    mine.refresh_from_db()
    assert mine.state == "disabled"
    assert states() == ["dead"] * 3
    assert len(listener.heard) == 1


def test_a_dead_letter_lets_the_line_go_on(settings: Any) -> None:
    env(settings, DELIVERY_GIVE_UP_SECONDS=0.01)
    with listening(lambda e: 500 if e["event"]["thing"]["n"] == 1 else 200) as listener:
        subscribe(listener.url)
        happen("a", events=3)
        deliver_all()
    assert states() == ["dead", "delivered", "delivered"]
    assert listener.sequence("a") == [2, 3]
    assert len(listener.heard) == delivery_settle.FEWEST_ATTEMPTS + 2


def test_what_is_owed_to_a_listener_that_stays_dead_is_given_up_together(settings: Any) -> None:
    env(settings, DELIVERY_GIVE_UP_SECONDS=0.01)
    with listening(lambda envelope: 500) as listener:
        subscribe(listener.url)
        happen(*(f"r{n}" for n in range(60)))
        deliver_all()
    assert states() == ["dead"] * 60
    assert len(listener.heard) < 30


def test_an_address_that_may_not_be_called_is_not_called_and_says_so(settings: Any) -> None:
    env(settings, OUTBOUND_ALLOW="192.0.2.0/24")
    with listening() as listener:
        subscribe(listener.url)
        happen("a")
        deliver_due()
    owed = Delivery.objects.get()
    assert (owed.state, owed.status, listener.heard) == ("pending", None, [])
    assert owed.error


def test_a_listener_that_does_not_answer_in_time_is_asked_again(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    back_off(monkeypatch, 60.0)
    env(settings, DELIVERY_TIMEOUT_SECONDS=0.2)
    with listening(slowly(0.6)) as listener:
        subscribe(listener.url)
        happen("a")
        deliver_due()
        assert states() == ["pending"]
        listener.answer = lambda envelope: 200
        Delivery.objects.update(due_at=Now())
        deliver_all()
    assert len(listener.heard) == 2


# -- claims -------------------------------------------------------------------------------
@pytest.fixture
def claimed() -> Delivery:
    """A delivery that another process has claimed."""
    subscribe("http://127.0.0.1:9/nobody")
    happen("a")
    (mine,) = delivery_claim.claim(1, 0.0)
    return mine.delivery


def test_nobody_takes_what_is_leased(claimed: Delivery) -> None:
    assert delivery_claim.claim(10, 0.0) == []


def test_a_lease_that_ended_is_taken_over_and_its_holder_can_write_no_more(claimed: Delivery) -> None:
    Delivery.objects.update(lease_until=Now())
    with listening() as listener:
        Subscription.objects.update(callback=listener.url)
        assert deliver_due() == 1
    late = delivery_claim.Claimed(claimed, claimed.created_at, 0.0)
    assert delivery_settle.settle([delivery_settle.Outcome(late, status=500, error="late")]) == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error, delivery.fence) == ("delivered", "", claimed.fence + 1)
