"""The simulated target itself: its ledger, its forced outcomes, its callbacks. The contract uses the rest."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.tmf.peer import Peer, Talk, peer
from tests.waiting import wait_until
from tmf.outbound import Response, send


def post(simulator: Simulator, key: str, simulate: str = "", path: str = "/work/vlan", **headers: str) -> Response:
    sent = {"Idempotency-Key": key, "X-Simulate": simulate, **headers}
    return send("POST", simulator.url + path, json={"a": 1}, headers=sent, timeout=5)


@pytest.fixture
def listener() -> Iterator[Peer]:
    """Hears callbacks; refuses the first."""

    def behave(talk: Talk) -> None:
        while talk.request():
            talk.answer(b"", status="503 Busy" if len(talk.peer.requests) == 1 else "204 No Content")

    with peer(behave) as made:
        yield made


def heard(listener: Peer) -> list[Any]:
    return [json.loads(request.partition(b"\r\n\r\n")[2])["state"] for request in listener.requests]


def test_the_ledger_tells_order_and_times_of_application(simulator: Simulator) -> None:
    for key in ("a.1", "b.1", "a.2", "a.1"):
        post(simulator, key)
    first, second = simulator.ledger(prefix="a.")
    assert [first["key"], second["key"]] == ["a.1", "a.2"]
    assert (first["sequences"], second["sequences"]) == ([1], [3])
    assert first["times"][0] < second["times"][0]
    assert (first["requests"], first["applications"], first["body"]) == (2, 1, {"a": 1})
    assert simulator.get("/ledger")["applied"] == 3


def test_a_cleared_ledger_has_forgotten_everything(simulator: Simulator) -> None:
    post(simulator, "a", path="/tmf-api/ServiceActivation/v4/service")
    simulator.clear()
    assert simulator.ledger() == []
    assert simulator.get("/tmf-api/ServiceActivation/v4/service") == []


def test_outputs_are_the_same_for_the_same_key(simulator: Simulator) -> None:
    first = post(simulator, "a").json()["vlan"]
    simulator.clear()
    assert post(simulator, "a").json()["vlan"] == first


def test_a_target_that_repeats_applies_every_time(simulator: Simulator) -> None:
    for _ in range(3):
        post(simulator, "a", "mode=repeats")
    assert (simulator.applications("a"), simulator.get("/operations/a")["applications"]) == (3, 3)


def test_a_refused_operation_is_not_in_the_ledger_as_applied(simulator: Simulator) -> None:
    assert post(simulator, "a", "status=500").status == 500
    assert (simulator.applications("a"), simulator.requests("a")) == (0, 1)
    assert send("GET", f"{simulator.url}/operations/a", timeout=5).status == 404


def test_an_outcome_can_be_forced_a_number_of_times(simulator: Simulator) -> None:
    assert [post(simulator, "a", "status=503;times=2").status for _ in range(4)] == [503, 503, 200, 200]
    assert simulator.applications("a") == 1


def test_a_failure_can_have_been_applied(simulator: Simulator) -> None:
    assert post(simulator, "a", "status=500;apply").status == 500
    assert simulator.applications("a") == 1


def test_failed_work_is_tried_again_by_a_repetition(simulator: Simulator) -> None:
    states: list[str] = []
    for _ in range(2):
        assert post(simulator, "a", "fail;after=0;times=1" if not states else "async;after=0").status == 202
        states.append(wait_until(lambda: _final(simulator)))
    assert states == ["Failed", "Completed"]
    assert simulator.applications("a") == 1


def _final(simulator: Simulator) -> str:
    state = str(simulator.get("/monitor/a")["state"])
    return "" if state == "InProgress" else state


@pytest.mark.parametrize("where", ["header", "query", "attribute", "characteristic"])
def test_an_outcome_is_wished_for_in_four_places(simulator: Simulator, where: str) -> None:
    bodies: dict[str, Any] = {
        "attribute": {"simulate": "status=418"},
        "characteristic": {"serviceCharacteristic": [{"name": "simulate", "value": "status=418"}]},
    }
    body = bodies.get(where, {})
    query = "?simulate=status%3D418" if where == "query" else ""
    headers = {"X-Simulate": "status=418"} if where == "header" else {}
    assert send("POST", f"{simulator.url}/work/x{query}", json=body, headers=headers, timeout=5).status == 418


@pytest.mark.parametrize("words", ["asynk", "delay", "delay=x", "garbage=1", "callback=thrice", "mode=odd", "times=x"])
def test_a_word_that_is_not_understood_is_refused(simulator: Simulator, words: str) -> None:
    answer = post(simulator, "a", words)
    assert answer.status == 400
    assert words.partition(";")[0] in answer.json()["reason"]
    assert simulator.applications("a") == 0


@pytest.mark.parametrize(("callback", "times"), [("once", 1), ("twice", 2), ("late;late=0.1", 1), ("early", 1)])
def test_it_calls_back(simulator: Simulator, listener: Peer, callback: str, times: int) -> None:
    words = f"async;after=0.05;callback={callback}"
    assert post(simulator, "a", words, **{"X-Callback-Url": listener.url("/answer?x=1")}).status == 202
    wait_until(lambda: len(listener.requests) == times + 1, what=f"{times} callbacks and the refused one")
    assert heard(listener) == ["Completed"] * (times + 1)
    assert listener.requests[0].startswith(b"POST /answer?x=1 HTTP/1.1\r\n")


def test_an_early_callback_comes_before_the_answer(simulator: Simulator) -> None:
    order: list[str] = []

    def behave(talk: Talk) -> None:
        talk.request()
        order.append("callback")
        talk.answer()

    with peer(behave) as listener:
        post(simulator, "a", "callback=early", **{"X-Callback-Url": listener.url()})
        order.append("answer")
    assert order == ["callback", "answer"]


def test_a_late_callback_comes_when_the_monitor_has_told_already(simulator: Simulator, listener: Peer) -> None:
    post(simulator, "a", "callback=late;after=0;late=0.5", **{"X-Callback-Url": listener.url()})
    assert wait_until(lambda: _final(simulator)) == "Completed"
    assert listener.requests == []
    wait_until(lambda: listener.requests)


@pytest.mark.parametrize(
    "raw",
    [
        b"nonsense\r\n\r\n", b"POST /work/x HTTP/1.1\r\nContent-Length: 1\r\n\r\n{",
        b"POST /work/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 70_000,
    ],
    ids=lambda raw: repr(raw[:30]),
)  # fmt: skip
def test_what_is_no_request_is_a_400(simulator: Simulator, raw: bytes) -> None:
    port = int(simulator.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(raw)
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
