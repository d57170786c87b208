"""Recording: an event in the transaction of its change, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from structlog.contextvars import bound_contextvars

from tests.tmf.things import THING, thing
from tmf import nudges, outbox
from tmf.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def nudged() -> Iterator[threading.Event]:
    """Set once "dispatch" has been nudged in this process."""
    wake = nudges.wake_on("dispatch")
    wake.clear()
    yield wake
    nudges.forget_wakes()


def test_it_refuses_an_event_outside_a_transaction() -> None:
    with pytest.raises(outbox.OutsideTransaction):
        outbox.record(THING, thing("a"), "ThingCreateEvent")
    assert not Event.objects.exists()


def test_it_refuses_a_type_that_the_resource_does_not_declare() -> None:
    with transaction.atomic(), pytest.raises(ValueError, match="thing declares no event ThingBurstEvent"):
        outbox.record(THING, thing("a"), "ThingBurstEvent")
    assert not Event.objects.exists()


def test_it_numbers_the_events_of_a_resource_by_its_revision() -> None:
    with transaction.atomic():
        outbox.record(THING, thing("a"), "ThingCreateEvent")
        outbox.record(THING, thing("a", revision=3), "ThingStateChangeEvent", "ThingAttributeValueChangeEvent")
    assert list(Event.objects.order_by("id").values_list("resource_id", "sequence", "type")) == [
        ("a", 1, "ThingCreateEvent"),
        ("a", 2, "ThingStateChangeEvent"),
        ("a", 3, "ThingAttributeValueChangeEvent"),
    ]


def test_it_keeps_the_representation_as_it_was_then() -> None:
    row = thing("a", party="acme", body={"name": "before"})
    with transaction.atomic(), bound_contextvars(traceparent="00-a-b-01"):
        outbox.record(THING, row, "ThingCreateEvent", field_path="name", correlation_id="c1")
        row.body["name"] = "after"
    event = Event.objects.get()
    assert event.payload == {"id": "a", "href": THING.path("a"), "name": "before"}
    assert (event.api, event.resource, event.party) == ("ordering", "thing", "acme")
    assert (event.field_path, event.correlation_id, event.traceparent) == ("name", "c1", "00-a-b-01")
    assert event.dispatched_at is None


def test_it_inserts_the_events_of_many_rows_with_one_statement() -> None:
    notices = [outbox.Notice(THING, thing(f"t{n}"), ("ThingCreateEvent",)) for n in range(50)]
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        outbox.record_many(notices)
    assert (len(queries), Event.objects.count()) == (1, 50)


def test_it_writes_nothing_when_there_is_nothing_to_tell() -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        outbox.record_many([])
    assert len(queries) == 0


def test_it_nudges_only_once_committed(nudged: threading.Event) -> None:
    with transaction.atomic():
        outbox.record(THING, thing("a"), "ThingCreateEvent")
        assert not nudged.is_set()
    assert nudged.is_set()


def test_it_neither_tells_nor_nudges_when_the_change_is_rolled_back(nudged: threading.Event) -> None:
    with transaction.atomic():
        outbox.record(THING, thing("a"), "ThingCreateEvent")
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    assert not nudged.is_set()
