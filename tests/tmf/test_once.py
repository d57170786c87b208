"""Idempotency-Key: one resource and one answer, however often and however fast a POST is repeated."""

import sys
import threading
from functools import partial
from typing import Any

import pytest
from django.conf import settings as config
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalog.models import ServiceSpecification
from catalog.resources import SERVICE_CANDIDATE, SERVICE_SPECIFICATION
from ordering.models import ServiceOrder
from tests.helpers import client_of, http_client, token_of
from tests.ordering.documents import PATH as ORDERS
from tests.ordering.documents import order
from tests.processes import Processes
from tests.racing import at_once
from tests.rivals import rival_before
from tests.tmf.answers import assert_error, assert_ok
from tests.waiting import wait_until
from tmf import once
from tmf.models import Event, IdempotencyKey

pytestmark = pytest.mark.django_db(transaction=True)

PATH = SERVICE_SPECIFICATION.path()
BODY = {"name": "Internet", "x": {"b": 1, "a": 2}}


def post(client: Client, body: Any = None, key: str = "k-1", path: str = PATH) -> Any:
    return client.post(path, body or BODY, "application/json", headers={"idempotency-key": key})


def counts() -> tuple[int, int, int]:
    return ServiceSpecification.objects.count(), Event.objects.count(), IdempotencyKey.objects.count()


def statements(queries: CaptureQueriesContext) -> list[str]:
    """Without those of transactions."""
    kinds = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
    return [q["sql"] for q in queries.captured_queries if not q["sql"].lstrip().startswith(kinds)]


def savepoints(queries: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in queries.captured_queries if "SAVEPOINT" in q["sql"]]


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone() == (1,))


# -- the first answer again -----------------------------------------------------------------
def test_it_answers_a_repeat_with_the_first_answer_and_makes_nothing() -> None:
    client = client_of()
    first = post(client)
    made = assert_ok(first, 201)
    assert once.REPLAYED not in first
    assert assert_ok(client.patch(f"{PATH}/{made['id']}", {"description": "later"}, "application/json"))
    again = post(client)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("Location", "ETag", "Content-Type"):
        assert again[name] == first[name]
    assert again[once.REPLAYED] == "true"
    assert counts() == (1, 2, 1)


def test_it_takes_the_same_document_written_otherwise_for_the_same() -> None:
    client = client_of()
    first = post(client)
    again = client.post(
        PATH + "/",
        ' {"x": {"a": 2, "b": 1}, "name": "Internet"}',
        "application/json",
        headers={"idempotency-key": "k-1"},
    )
    assert again.content == first.content
    assert counts() == (1, 1, 1)


def test_it_answers_the_first_answer_even_when_it_was_deleted_since() -> None:
    client = client_of()
    first = post(client)
    assert client.delete(f"{PATH}/{first.json()['id']}").status_code == 204
    assert post(client).content == first.content
    assert counts() == (0, 2, 1)


@pytest.mark.parametrize("body", [{"name": "Telephony"}, {"name": "Internet", "x": {"b": True, "a": 2}}, {"name": 7}])
def test_it_refuses_the_key_with_another_body(body: Any) -> None:
    client = client_of()
    post(client)
    error = assert_error(post(client, body), 422, "Idempotency-Key")
    assert error["code"] == "idempotencyKeyReused"
    assert counts() == (1, 1, 1)


def test_it_refuses_the_key_at_another_collection() -> None:
    client = client_of()
    post(client)
    candidate = {"name": "Internet", "serviceSpecification": {"id": "1"}}
    assert_error(post(client, candidate, path=SERVICE_CANDIDATE.path()), 422)
    assert counts() == (1, 1, 1)


def test_it_keeps_the_keys_of_clients_apart() -> None:
    first, second = post(client_of()), post(client_of())
    assert first.json()["id"] != second.json()["id"]
    assert counts() == (2, 2, 2)


def test_it_makes_as_many_as_there_are_keys_and_without_a_key_one_each_time() -> None:
    client = client_of()
    for key in ("a", "b"):
        post(client, key=key)
    for _ in range(2):
        client.post(PATH, BODY, "application/json")
    assert counts() == (4, 4, 2)


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ä", "\x7f"])
def test_it_refuses_what_is_no_key(key: str) -> None:
    assert_error(post(client_of(), key=key), 400, "Idempotency-Key")
    assert counts() == (0, 0, 0)


@pytest.mark.parametrize("key", ["x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!~"])
def test_it_takes_any_printable_key(key: str) -> None:
    client = client_of()
    assert post(client, key=key).content == post(client, key=key).content
    assert counts() == (1, 1, 1)


# -- what failed may be sent again ----------------------------------------------------------
def test_it_forgets_the_key_of_a_request_that_was_refused() -> None:
    client = client_of()
    assert_error(post(client, {"name": ""}), 400, "name")
    assert counts() == (0, 0, 0)
    assert_ok(post(client), 201)


def test_it_forgets_the_key_with_everything_else_when_the_transaction_fails() -> None:
    def fail() -> None:
        raise RuntimeError("the machine caught fire")

    client = client_of()
    with rival_before("tmf.outbox.record", fail):
        assert_error(post(client), 500)
    assert counts() == (0, 0, 0)
    assert once.REPLAYED not in post(client)
    assert counts() == (1, 1, 1)


def test_it_begins_again_when_the_key_lapses_while_it_is_read() -> None:
    client = client_of()
    post(client)
    with rival_before("tmf.once._again", IdempotencyKey.objects.all().delete):
        assert once.REPLAYED not in post(client)
    assert counts() == (2, 2, 1)


# -- rivals ---------------------------------------------------------------------------------
def test_it_makes_one_order_of_fifty_duplicates_at_once() -> None:
    token = token_of("acme", config.BSS_SCOPES)
    calls = [partial(post, http_client(token), order(externalId="e-1"), path=ORDERS) for _ in range(50)]
    answers = at_once(*calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum(once.REPLAYED not in answer for answer in answers) == 1
    assert ServiceOrder.objects.count() == Event.objects.count() == IdempotencyKey.objects.count() == 1


def test_it_makes_one_order_of_duplicates_at_once_on_either_database(database: str, processes: Processes) -> None:
    crowd = processes.start([sys.executable, "-m", "tests.tmf.crowd"], DATABASE_URL=database)
    assert crowd.wait(60) == 0, crowd.output()
    assert crowd.output().split()[-3:] == ["answers:1", "replayed:15", "orders:1"]


def test_it_waits_for_a_rival_and_takes_its_place_when_that_fails() -> None:
    """The first is about to commit when it fails: the second, which waited, makes the resource."""
    token = token_of("acme", config.BSS_SCOPES)
    arrived, go = threading.Event(), threading.Event()

    def fail_late() -> None:
        arrived.set()
        assert go.wait(10)
        raise RuntimeError("too late")

    answers: list[Any] = []

    def send() -> None:
        answers.append(post(http_client(token)))
        connection.close()

    with rival_before("tmf.once._keep", fail_late):
        thread = threading.Thread(target=send)
        thread.start()
        assert arrived.wait(10)
        second = threading.Thread(target=send)
        second.start()
        wait_until(waiting_for_a_lock, what="the second waits for the first")
        go.set()
        thread.join(10)
        second.join(10)
    assert sorted(answer.status_code for answer in answers) == [201, 500]
    assert counts() == (1, 1, 1)


# -- its price ------------------------------------------------------------------------------
def test_it_costs_two_statements_with_a_key_and_none_without() -> None:
    client = client_of()
    with CaptureQueriesContext(connection) as plain:
        client.post(PATH, BODY, "application/json")
    with CaptureQueriesContext(connection) as keyed:
        post(client)
    with CaptureQueriesContext(connection) as repeated:
        post(client)
    assert len(statements(keyed)) == len(statements(plain)) + 2
    assert len(statements(repeated)) == 3  # the token's, and two
    assert savepoints(keyed) == []
    assert "idempotency" not in " ".join(statements(plain))


# -- the end of a key -----------------------------------------------------------------------
def test_it_forgets_keys_after_their_time_in_portions(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "FORGOTTEN_AT_ONCE", 2)
    monkeypatch.setattr(once, "GATHER_SECONDS", 0)
    client = client_of()
    for key in "abcde":
        post(client, key=key)
    assert once.keys_forget() == 0
    settings.ENV = settings.ENV.model_copy(update={"IDEMPOTENCY_KEEP_SECONDS": 0.0})
    assert once.keys_forget() == 5
    assert once.REPLAYED not in post(client, key="a")


def test_it_asks_one_question_when_there_is_nothing_to_forget() -> None:
    post(client_of())
    with CaptureQueriesContext(connection) as queries:
        assert once.keys_forget() == 0
    assert len(queries) == 1
    assert IdempotencyKey.objects.filter(created_at__lte=Now()).count() == 1


def test_its_verbs_are_the_outermost_transaction_unless_a_key_has_opened_one() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), once.creation():
        pass
