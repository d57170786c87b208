"""`POST /callbacks/<operation key>/<signature>`: where targets post their asynchronous answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from orchestrator.bulkheads import callback_url
from orchestrator.callbacks import signature
from orchestrator.claim import Claimed
from orchestrator.connectors.base import Accepted
from orchestrator.models import Answer, Step, Target
from tests.helpers import anonymous
from tests.orchestrator.conftest import definition, item, specification, state_of, work
from tests.orchestrator.recorder import Ledger
from tests.racing import at_once

Json = dict[str, Any]
Fulfil = Callable[..., Json]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def step(target: Target, fulfil: Fulfil, ledger: Ledger) -> Step:
    """A step whose work was accepted and whose answer is awaited."""
    specification("Line")
    definition("Line", {"key": "a", "target": "lab", "request": {"name": "a"}, "outputs": {"port": "answer.port"}})
    ledger.scripts["a"] = [lambda task: Accepted("monitor")]
    fulfil(item("1", "Line"))
    waiting = Step.objects.get()
    assert waiting.state == "accepted"
    return waiting


def address(step: Step) -> str:
    return f"/callbacks/{step.operation_key}/{signature(step.operation_key)}"


def post(path: str, body: Any = None, *, raw: bytes | None = None, kind: str = "application/json") -> Any:
    if raw is None:
        return anonymous().post(path, body, kind)
    return anonymous().generic("POST", path, raw, kind)


def refused(answer: Any, status: int) -> Json:
    """A TMF error body of this status, and nothing kept."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"].startswith("application/json")
    body: Json = answer.json()
    assert body["status"] == str(status)
    assert body["code"]
    assert body["reason"]
    assert not Answer.objects.exists()
    return body


def test_it_takes_an_answer_and_the_order_goes_on(step: Step, ledger: Ledger) -> None:
    answer = post(address(step), {"port": 9})
    assert (answer.status_code, answer.content) == (204, b"")
    work()
    step.refresh_from_db()
    assert (step.state, step.outputs) == ("done", {"port": 9})
    assert state_of(step.order_id) == "completed"
    assert Answer.objects.get().used_at is not None
    assert ledger.looked_up == []


def test_it_takes_the_same_answer_again_and_keeps_it_once(step: Step) -> None:
    assert [post(address(step), {"port": 9, "x": 1}).status_code for _ in range(3)] == [204] * 3
    assert post(address(step), {"x": 1, "port": 9}).status_code == 204
    assert Answer.objects.count() == 1
    work()
    assert post(address(step), {"port": 9, "x": 1}).status_code == 204
    work()
    assert (Answer.objects.count(), state_of(step.order_id)) == (1, "completed")


def test_it_keeps_an_answer_once_that_comes_many_times_at_once(step: Step) -> None:
    answers = at_once(*(lambda: post(address(step), {"port": 9}).status_code for _ in range(4)))
    assert answers == [204] * 4
    assert Answer.objects.count() == 1


def test_it_takes_any_json(step: Step) -> None:
    for body in ([1, 2], "text", 7, None, False, {"port": {"deep": [None]}}):
        assert post(address(step), raw=json.dumps(body).encode()).status_code == 204
    assert Answer.objects.count() == 6


def test_it_is_the_address_that_targets_are_given(step: Step, settings: Any) -> None:
    known: Any = {name: getattr(step, name, None) for name in Claimed.__dataclass_fields__}
    url = callback_url(Claimed(**known))
    assert url == settings.PUBLIC_URL + address(step)


def test_it_needs_no_token_and_heeds_none(step: Step) -> None:
    forged = Client(headers={"authorization": "Bearer nonsense"})
    assert forged.post(address(step), {"port": 9}, "application/json").status_code == 204


def test_it_refuses_a_forged_address(step: Step) -> None:
    other = step.operation_key.replace(".do.", ".undo.")
    for path in (
        f"/callbacks/{step.operation_key}/{'x' * 43}",
        f"/callbacks/{step.operation_key}/{signature(step.operation_key)[:-1]}",
        f"/callbacks/{other}/{signature(step.operation_key)}",
        f"/callbacks/{step.operation_key}/{quote('ü€')}",
    ):
        body = refused(post(path, {"port": 9}), 404)
        assert body["code"] == "notFound"
    step.refresh_from_db()
    assert step.state == "accepted"


ODD = [
    "x", "1", "..", "a.b.c", "o.1.do", "o.x.do.1", "o.99999999999999999999999.do.1", "o.-1.do.1", "o.0.do.1", "%00",
    "o.1.do.1%00", "%F0%9F%98%80", " ", "o" * 3000, "1.2.3.4.5", "o.¹.do.1", "o. 1 .do.1",
]  # fmt: skip


@pytest.mark.parametrize("key", ODD)
def test_it_does_not_stumble_over_odd_keys(db: None, key: str) -> None:
    """Signed or not: nobody but us can sign, and we never sign such a thing."""
    refused(post(f"/callbacks/{key}/{'x' * 43}", {}), 404)


@pytest.mark.parametrize("key", ["x", "o.x.do.1", "o.99999999999999999999999.do.1", "o.-1.do.1", "o.7.do.1", ".1.."])
def test_it_finds_nothing_for_a_key_that_names_no_step(db: None, key: str) -> None:
    refused(post(f"/callbacks/{key}/{signature(key)}", {}), 404)


@pytest.mark.parametrize("path", ["/callbacks", "/callbacks/", "/callbacks/x", "/callbacks/a/b/c", "/callbacks//x"])
def test_it_offers_no_other_path(db: None, path: str) -> None:
    refused(post(path, {}), 404)


NO_JSON = [
    b"", b" ", b"{", b"{'a': 1}", b'{"a": 1, "a": 2}', b"\xff", b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'{"a": NaN}',
    b"[" * 500 + b"]" * 500,
]  # fmt: skip


@pytest.mark.parametrize("raw", NO_JSON)
def test_it_refuses_what_is_no_json(step: Step, raw: bytes) -> None:
    refused(post(address(step), raw=raw), 400)


def test_it_refuses_a_body_that_is_too_large(step: Step, settings: Any) -> None:
    large = b'"' + b"x" * settings.ENV.BODY_MAX_BYTES + b'"'
    refused(post(address(step), raw=large), 400)


def test_it_refuses_another_media_type(step: Step) -> None:
    refused(post(address(step), raw=b"a=1", kind="application/x-www-form-urlencoded"), 415)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_it_offers_post_alone(db: None, method: str) -> None:
    answer = getattr(anonymous(), method)("/callbacks/x/y")
    refused(answer, 405)
    assert "POST" in answer.headers["Allow"]
