"""What every connector promises. Subclass one of these in `test_<connector>.py` and say how to ask yours.

`ConnectorContract` is for all, `HttpContract` adds what holds when an HTTP target stands behind it: it runs
against the simulated target.
"""

from __future__ import annotations

import contextlib
import json
import socket
import uuid
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from pytest_django import Settings

from orchestrator.connectors.base import (
    Absent,
    Accepted,
    Connector,
    ConnectorError,
    Done,
    Misconfigured,
    OutcomeUnknown,
    Permanent,
    System,
    Task,
    Transient,
)
from orchestrator.connectors.registry import connector
from tests.simulator import Simulator
from tests.waiting import wait_until

Json = dict[str, Any]
TOKEN = "token-that-nobody-may-see"
STRANGE_ANSWERS: list[Any] = [None, [], {}, "text", 7, True, {"state": []}, {"event": {}}, {"event": {"x": 1}}, [[{}]]]


class ConnectorContract:
    name: ClassVar[str]

    @property
    def connector(self) -> Connector:
        return connector(self.name)

    def request(self, **extra: Any) -> Json:
        """A request that succeeds."""
        raise NotImplementedError

    def system(self, simulator: Simulator) -> System:
        return System("a-target", simulator.url, token=TOKEN)

    def task(self, simulator: Simulator, **extra: Any) -> Task:
        return Task(f"order.{uuid.uuid4()}.do.1", self.system(simulator), self.request(**extra), timeout=5)

    # -- what holds for all -------------------------------------------------------------------

    def test_it_answers_with_outputs_or_a_correlation_that_can_be_stored(self, simulator: Simulator) -> None:
        match self.connector.apply(self.task(simulator)):
            case Done(outputs):
                json.dumps(dict(outputs), allow_nan=False)
            case Accepted(correlation, poll_after):
                assert 0 < len(correlation) <= 1000
                assert poll_after is None or poll_after >= 0

    def test_the_same_key_again_gives_the_same_answer(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        assert self.connector.apply(task) == self.connector.apply(task)

    def test_it_is_stateless(self, simulator: Simulator) -> None:
        assert connector(self.name) is connector(self.name)
        assert not vars(self.connector)

    def test_an_operation_that_was_never_asked_for_is_absent(self, simulator: Simulator) -> None:
        assert self.connector.look_up(self.task(simulator)) == Absent()

    @pytest.mark.parametrize("body", STRANGE_ANSWERS, ids=repr)
    def test_a_strange_answer_is_never_a_bug(self, simulator: Simulator, body: Any) -> None:
        task = replace(self.task(simulator), correlation="/monitor/1")
        with contextlib.suppress(ConnectorError):
            assert isinstance(self.connector.read_answer(task, body), Done | Accepted)

    def test_the_token_is_not_shown(self, simulator: Simulator) -> None:
        assert TOKEN not in repr(self.task(simulator))


class HttpContract(ConnectorContract):
    @property
    def inverse(self) -> Json:
        """An `undo` request for requests that need one."""
        return {}

    def forced(self, simulator: Simulator, simulate: str, **extra: Any) -> Task:
        """A task that the target answers as the words say."""
        task = self.task(simulator, **extra)
        return replace(task, system=replace(task.system, headers={"X-Simulate": simulate}))

    def test_it_does_the_work_once(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        assert isinstance(self.connector.apply(task), Done)
        self.connector.apply(task)
        (operation,) = simulator.ledger()
        assert (operation["key"], operation["applications"], operation["requests"]) == (task.operation_key, 1, 2)

    def test_it_passes_on_trace_callback_and_token(self, simulator: Simulator) -> None:
        task = replace(self.task(simulator), callback_url="http://127.0.0.1/answer", traceparent="00-trace-span-01")
        assert isinstance(self.connector.apply(task), Done)
        headers = simulator.ledger(key=task.operation_key)[0]["headers"]
        assert headers["x-callback-url"] == "http://127.0.0.1/answer"
        assert headers["traceparent"] == "00-trace-span-01"
        assert headers["authorization"] == f"Bearer {TOKEN}"

    @pytest.mark.parametrize("status", [408, 425, 429, 503])
    def test_a_target_that_declines_for_now_is_transient(self, simulator: Simulator, status: int) -> None:
        with pytest.raises(Transient) as transient:
            self.connector.apply(self.forced(simulator, f"status={status};retryAfter=7"))
        assert (transient.value.code, transient.value.retry_after) == (f"http{status}", 7.0)
        assert not transient.value.in_doubt

    @pytest.mark.parametrize("status", [500, 502, 504, 507])
    def test_a_target_that_fails_is_transient_and_in_doubt(self, simulator: Simulator, status: int) -> None:
        with pytest.raises(Transient) as transient:
            self.connector.apply(self.forced(simulator, f"status={status};apply"))
        assert (transient.value.code, transient.value.in_doubt) == (f"http{status}", True)

    @pytest.mark.parametrize("status", [300, 399, 400, 403, 405, 406, 410, 415, 422, 501, 505])
    def test_a_target_that_refuses_is_permanent(self, simulator: Simulator, status: int) -> None:
        task = self.forced(simulator, f"status={status}")
        with pytest.raises(Permanent) as permanent:
            self.connector.apply(task)
        assert permanent.value.code == f"http{status}"
        assert f"a-target answered {status}: Forced outcome" in permanent.value.message
        assert simulator.applications(task.operation_key) == 0

    def test_a_target_that_does_not_know_us_is_misconfigured(self, simulator: Simulator) -> None:
        with pytest.raises(Misconfigured):
            self.connector.apply(self.forced(simulator, "status=401"))

    def test_a_redirect_is_not_followed(self, simulator: Simulator) -> None:
        task = self.forced(simulator, f"redirect={simulator.url}/work/elsewhere")
        with pytest.raises(Permanent, match="redirects are not followed"):
            self.connector.apply(task)
        assert simulator.requests(task.operation_key) == 1

    @pytest.mark.parametrize("words", ["garbage", "huge", "gzipBomb", "drop-after-apply"])
    def test_an_answer_lost_after_the_work_is_an_unknown_outcome(self, simulator: Simulator, words: str) -> None:
        task = self.forced(simulator, words)
        with pytest.raises(OutcomeUnknown):
            self.connector.apply(task)
        assert simulator.applications(task.operation_key) == 1

    @pytest.mark.parametrize("words", ["timeout", "reset"])
    def test_no_answer_is_an_unknown_outcome(self, simulator: Simulator, words: str) -> None:
        with pytest.raises(OutcomeUnknown):
            self.connector.apply(replace(self.forced(simulator, words), timeout=0.3))

    def test_work_whose_answer_was_lost_is_found_by_its_key(self, simulator: Simulator) -> None:
        task = self.forced(simulator, "drop-after-apply")
        with pytest.raises(OutcomeUnknown):
            self.connector.apply(task)
        found = self.connector.look_up(task)
        assert isinstance(found, Done)
        assert found == self.connector.apply(task)
        assert simulator.applications(task.operation_key) == 1

    @pytest.mark.parametrize("words", ["status=500", "status=403", "status=429", "garbage", "reset", "timeout"])
    def test_a_look_up_that_fails_leaves_the_doubt(self, simulator: Simulator, words: str) -> None:
        with pytest.raises(OutcomeUnknown):
            self.connector.look_up(replace(self.forced(simulator, f"on=GET;{words}"), timeout=0.3))

    def test_accepted_work_is_polled_until_it_is_done(self, simulator: Simulator) -> None:
        task = self.forced(simulator, "async;after=0.3")
        accepted = self.connector.apply(task)
        assert isinstance(accepted, Accepted)
        waiting = replace(task, correlation=accepted.correlation)
        first = self.connector.look_up(waiting)
        assert isinstance(first, Accepted)
        assert first.correlation == accepted.correlation
        done = wait_until(lambda: isinstance(found := self.connector.look_up(waiting), Done) and found)
        assert isinstance(done, Done)
        assert done.outputs["body"] if "body" in done.outputs else done.outputs["id"]
        assert simulator.applications(task.operation_key) == 1

    def test_accepted_work_that_fails_is_permanent(self, simulator: Simulator) -> None:
        task = self.forced(simulator, "fail;after=0")
        accepted = self.connector.apply(task)
        assert isinstance(accepted, Accepted)
        waiting = replace(task, correlation=accepted.correlation)

        def failed() -> str:
            try:
                self.connector.look_up(waiting)
            except Permanent as error:
                return error.message
            return ""

        assert "The work failed" in wait_until(failed)

    @pytest.mark.parametrize("words", ["status=500", "garbage", "reset", "timeout"])
    def test_a_poll_that_fails_is_transient(self, simulator: Simulator, words: str) -> None:
        task = self.forced(simulator, f"on=GET;{words}")
        with pytest.raises(Transient):
            self.connector.look_up(replace(task, correlation="/monitor/1", timeout=0.3))

    def test_a_monitor_that_is_gone_is_absent(self, simulator: Simulator) -> None:
        assert self.connector.look_up(replace(self.task(simulator), correlation="/monitor/gone")) == Absent()

    def test_it_reads_the_monitor_that_is_posted_to_the_callback(self, simulator: Simulator) -> None:
        task = self.forced(simulator, "async;after=0")
        accepted = self.connector.apply(task)
        assert isinstance(accepted, Accepted)
        waiting = replace(task, correlation=accepted.correlation)
        done = wait_until(lambda: isinstance(found := self.connector.look_up(waiting), Done) and found)
        path = accepted.correlation
        monitor = simulator.get(path if path.startswith("/tmf-api") else self.system(simulator).base_url.removeprefix(
            simulator.url) + path)  # fmt: skip
        assert self.connector.read_answer(waiting, monitor) == done
        with pytest.raises(Permanent):
            self.connector.read_answer(waiting, {**monitor, "state": "Failed"})
        assert isinstance(self.connector.read_answer(waiting, {**monitor, "state": "InProgress"}), Accepted)

    def test_undo_takes_it_back(self, simulator: Simulator) -> None:
        task = self.task(simulator, **self.inverse)
        assert isinstance(self.connector.apply(task), Done)
        undone = self.connector.undo(replace(task, operation_key=f"{task.operation_key}.undo"))
        assert isinstance(undone, Done)
        assert [operation["method"] for operation in simulator.ledger()] == ["POST", "DELETE"]

    def test_a_look_up_of_the_undoing_asks_whether_it_was_taken_back(self, simulator: Simulator) -> None:
        task = self.task(simulator, **self.inverse)
        assert isinstance(self.connector.apply(task), Done)
        undoing = replace(task, operation_key=f"{task.operation_key}.undo", undoing=True)
        assert self.connector.look_up(undoing) == Absent()
        assert isinstance(self.connector.undo(undoing), Done)
        assert isinstance(self.connector.look_up(undoing), Done)

    def test_nobody_listening_is_transient_and_beyond_doubt(self, simulator: Simulator) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        task = self.task(simulator)
        closed = replace(task.system, base_url=f"http://127.0.0.1:{port}")
        with pytest.raises(Transient) as transient:
            self.connector.apply(replace(task, system=closed))
        assert (transient.value.code, transient.value.in_doubt) == ("notSent", False)

    @pytest.mark.parametrize("base_url", ["", "ftp://example.com", "http://user:pass@example.com", "nonsense"])
    def test_a_base_url_that_cannot_be_called_is_misconfigured(self, simulator: Simulator, base_url: str) -> None:
        task = self.task(simulator)
        with pytest.raises(Misconfigured):
            self.connector.apply(replace(task, system=replace(task.system, base_url=base_url)))

    def test_an_address_that_is_not_allowed_is_misconfigured(self, simulator: Simulator, settings: Settings) -> None:
        task = self.task(simulator)
        settings.ENV = settings.ENV.model_copy(update={"OUTBOUND_ALLOW": "192.0.2.1"})
        with pytest.raises(Misconfigured):
            self.connector.apply(task)
        assert simulator.requests(task.operation_key) == 0

    @pytest.mark.parametrize("request_", [None, [], "text", {}, {"method": "BREW"}, {"method": 1}, {"method": "POST"}])
    def test_a_request_that_makes_no_sense_is_misconfigured(self, simulator: Simulator, request_: Any) -> None:
        with pytest.raises(Misconfigured):
            self.connector.apply(replace(self.task(simulator), request=request_))
        assert simulator.ledger() == []
