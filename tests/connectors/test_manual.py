"""The manual connector: a person's task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.connectors.base import Accepted, Done, Permanent
from tests.connectors.contract import ConnectorContract, Json
from tests.simulator import Simulator


class TestManual(ConnectorContract):
    name = "manual"

    def request(self, **extra: Any) -> Json:
        return {"queue": "field", "text": "Fix the dish", **extra}

    def test_it_waits_for_a_person_and_is_never_polled(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        assert self.connector.apply(task) == self.connector.undo(task) == Accepted("person", None)
        assert self.connector.look_up(replace(task, correlation="person")) == Accepted("person", None)
        assert simulator.ledger() == []

    def test_it_is_done_with_the_operators_outputs(self, simulator: Simulator) -> None:
        task = self.task(simulator)
        assert self.connector.read_answer(task, {"outputs": {"port": 7}}) == Done({"port": 7})
        assert self.connector.read_answer(task, {"outputs": {}}) == Done()

    def test_a_person_may_refuse(self, simulator: Simulator) -> None:
        with pytest.raises(Permanent, match="no access to the roof"):
            self.connector.read_answer(self.task(simulator), {"refused": "no access to the roof"})
