"""The REST connector: the contract, and what a request can say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.connectors.base import Absent, Accepted, Done, Misconfigured, OutcomeUnknown, Permanent, System
from tests.connectors.contract import HttpContract, Json
from tests.simulator import Simulator
from tests.tmf.peer import answering, peer


class TestRest(HttpContract):
    name = "rest"

    def request(self, **extra: Any) -> Json:
        made = {"method": "POST", "path": "/work/vlan", "body": {"port": 7}, "lookUp": {"path": "/operations/{key}"}}
        return {**made, **extra}

    @property
    def inverse(self) -> Json:
        return {"undo": {"method": "DELETE", "path": "/work/vlan", "lookUp": {"path": "/operations/{key}"}}}

    def test_the_outputs_are_status_and_body(self, simulator: Simulator) -> None:
        done = self.connector.apply(self.task(simulator))
        assert isinstance(done, Done)
        assert done.outputs["status"] == 200
        assert done.outputs["body"]["echo"] == {"port": 7}
        assert 100 <= done.outputs["body"]["vlan"] < 4000

    def test_it_sends_query_and_headers(self, simulator: Simulator) -> None:
        request = {"query": {"a": "ä &", "b": [1, 2]}, "headers": {"X-Tenant": 7}}
        with peer(answering()) as target:
            task = replace(self.task(simulator, **request), system=System("a-target", target.url("/base/")))
            self.connector.apply(task)
            (sent,) = target.requests
        assert sent.startswith(b"POST /base/work/vlan?a=%C3%A4+%26&b=1&b=2 HTTP/1.1\r\n")
        assert b"\r\nX-Tenant: 7\r\n" in sent

    @pytest.mark.parametrize("path", ["work", "//../x", "/work/../ledger", "/work/%2e%2e/ledger", "/.", "@other/x", ""])
    def test_a_path_stays_below_the_base_url(self, simulator: Simulator, path: str) -> None:
        with pytest.raises(Misconfigured):
            self.connector.apply(self.task(simulator, path=path))
        assert simulator.ledger() == []

    @pytest.mark.parametrize(("status", "expect"), [(404, [200, 404]), (409, [409]), (500, [500]), (301, [301])])
    def test_an_expected_status_is_success(self, simulator: Simulator, status: int, expect: list[int]) -> None:
        done = self.connector.apply(self.forced(simulator, f"status={status}", expect=expect))
        assert isinstance(done, Done)
        assert done.outputs["status"] == status

    def test_an_unexpected_status_is_permanent(self, simulator: Simulator) -> None:
        with pytest.raises(Permanent, match="answered 200"):
            self.connector.apply(self.task(simulator, expect=[201]))

    def test_a_text_is_an_output_too(self, simulator: Simulator) -> None:
        def text(talk: Any) -> None:
            talk.request()
            talk.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nd\0ne")

        with peer(text) as target:
            task = replace(self.task(simulator), system=System("a-target", target.url("")))
            assert self.connector.apply(task) == Done({"status": 200, "body": "dne"})

    @pytest.mark.parametrize(
        "body", [rb'{"a": "\u0000"}', rb'{"a": "\ud800"}', b'{"a": 1e999}', b"[" * 100 + b"]" * 100, b'{"a":1,"a":2}']
    )
    def test_json_that_cannot_be_stored_is_an_unknown_outcome(self, simulator: Simulator, body: bytes) -> None:
        with peer(answering(body)) as target:
            task = replace(self.task(simulator), system=System("a-target", target.url("")))
            with pytest.raises(OutcomeUnknown) as unknown:
                self.connector.apply(task)
        assert unknown.value.code == "answerUnreadable"

    def test_the_work_can_be_named_in_the_body_and_polled_as_told(self, simulator: Simulator) -> None:
        request = {
            "accepted": {"status": [200], "correlation": "echo.job.0.id"},
            "poll": {"path": "/work/jobs/{correlation}", "state": "method", "done": ["get"], "outputs": "path"},
            "body": {"job": [{"id": "a/b c"}]},
        }
        task = self.task(simulator, **request)
        accepted = self.connector.apply(task)
        assert isinstance(accepted, Accepted)
        assert accepted.correlation == "a/b c"
        done = self.connector.look_up(replace(task, correlation=accepted.correlation))
        assert done == Done({"status": 200, "body": "/work/jobs/a/b c"})

    def test_work_that_cannot_be_asked_for_waits_for_its_answer(self, simulator: Simulator) -> None:
        with peer(answering(b"", status="202 Accepted")) as target:
            task = replace(self.task(simulator, lookUp={}), system=System("a-target", target.url("")))
            accepted = self.connector.apply(task)
        assert accepted == Accepted(task.operation_key, None)
        waiting = replace(task, correlation=task.operation_key)
        assert self.connector.look_up(waiting) == Accepted(task.operation_key)
        assert self.connector.read_answer(waiting, {"vlan": 7}) == Done({"status": 200, "body": {"vlan": 7}})

    def test_a_conflict_with_what_a_lost_attempt_made_is_done(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        self.connector.apply(task)
        forced = replace(task, system=replace(task.system, headers={"X-Simulate": "status=409"}))
        done = self.connector.apply(forced)
        assert isinstance(done, Done)
        assert done.outputs["body"]["echo"] == {"port": 7}

    def test_a_conflict_of_another_kind_is_permanent(self, simulator: Simulator) -> None:
        with pytest.raises(Permanent) as permanent:
            self.connector.apply(self.forced(simulator, "status=409"))
        assert permanent.value.code == "http409"

    def test_what_has_no_inverse_cannot_be_undone(self, simulator: Simulator) -> None:
        with pytest.raises(Misconfigured):
            self.connector.undo(self.task(simulator))
        assert simulator.ledger() == []

    def test_a_queryable_target_needs_a_look_up(self, simulator: Simulator) -> None:
        with pytest.raises(Misconfigured):
            self.connector.look_up(self.task(simulator, lookUp={}))
        assert self.connector.look_up(self.task(simulator)) == Absent()
