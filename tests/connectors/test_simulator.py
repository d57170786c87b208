"""The simulator connector: forced outcomes without a network."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from orchestrator.connectors.base import (
    Accepted,
    ConnectorError,
    Done,
    Misconfigured,
    OutcomeUnknown,
    Permanent,
    Transient,
)
from tests.connectors.contract import ConnectorContract, Json
from tests.simulator import Simulator


class TestSimulator(ConnectorContract):
    name = "simulator"

    def request(self, **extra: Any) -> Json:
        return {"service": {"serviceCharacteristic": [{"name": "vlan", "value": 7}]}, **extra}

    @pytest.mark.parametrize(
        ("words", "kind"),
        [
            ("status=503", Transient), ("status=429;retryAfter=2", Transient), ("status=500", Transient),
            ("status=422", Permanent), ("redirect=http://x", Permanent), ("status=401", Misconfigured),
            ("garbage", OutcomeUnknown), ("huge", OutcomeUnknown), ("gzipBomb", OutcomeUnknown),
            ("reset", OutcomeUnknown), ("drop-after-apply", OutcomeUnknown), ("timeout", OutcomeUnknown),
            ("delay=9", OutcomeUnknown), ("nonsense", Misconfigured), ("times=2", Misconfigured),
        ],
    )  # fmt: skip
    def test_it_forces_outcomes(self, simulator: Simulator, words: str, kind: type[ConnectorError]) -> None:
        with pytest.raises(kind):
            self.connector.apply(replace(self.task(simulator, simulate=words), timeout=0.05))
        service = {"serviceCharacteristic": [{"name": "simulate", "value": words}]}
        with pytest.raises(kind):
            self.connector.apply(replace(self.task(simulator, service=service), timeout=0.05))

    def test_it_tells_what_it_was_given(self, simulator: Simulator) -> None:
        done = self.connector.apply(self.task(simulator))
        assert isinstance(done, Done)
        assert done.outputs["characteristics"] == {"vlan": 7}

    def test_it_takes_its_time(self, simulator: Simulator) -> None:
        began = time.monotonic()
        self.connector.apply(self.task(simulator, latency=0.05))
        assert time.monotonic() - began >= 0.05

    def test_asynchronous_work_is_done_in_time(self, simulator: Simulator) -> None:
        later = self.task(simulator, simulate="async;after=60")
        accepted = self.connector.apply(later)
        assert isinstance(accepted, Accepted)
        assert isinstance(self.connector.look_up(replace(later, correlation=accepted.correlation)), Accepted)
        now = self.connector.apply(self.task(simulator, simulate="async;after=0"))
        assert isinstance(now, Accepted)
        assert isinstance(self.connector.look_up(replace(later, correlation=now.correlation)), Done)

    def test_asynchronous_work_may_fail(self, simulator: Simulator) -> None:
        accepted = self.connector.apply(self.task(simulator, simulate="fail;after=0"))
        assert isinstance(accepted, Accepted)
        with pytest.raises(Permanent):
            self.connector.look_up(replace(self.task(simulator), correlation=accepted.correlation))
