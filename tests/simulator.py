"""The simulated target as a process of its own, for tests: `simulator` is a fixture of every test.

def test_it_…(simulator: Simulator) -> None:
    … simulator.tmf640 is a TMF640 base URL, simulator.url + "/work/…" answers anything …
    assert simulator.applications("order.1.do.1") == 1
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from orchestrator.processes.children import Children
from tests.databases import ROOT
from tests.waiting import wait_until


class Simulator:
    """A started `manage.py simulate_target` on a free port."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._log = folder / "simulator.log"
        self._children = Children()
        command = [sys.executable, "manage.py", "simulate_target", "--port", "0", *words]
        with self._log.open("w") as output:
            self._process = self._children.start(command, env=os.environ, cwd=ROOT, output=output)
        self.url: str = wait_until(self._printed, timeout=30, what="the simulated target prints its address")
        self.tmf640 = f"{self.url}/tmf-api/ServiceActivation/v4"

    @property
    def pid(self) -> int:
        return self._process.pid

    def _printed(self) -> str:
        text = self._log.read_text()
        if self._process.poll() is not None:
            raise AssertionError(f"the simulated target ended: {text}")
        return text.split()[-1] if text.endswith("\n") and "http://" in text else ""

    def ledger(self, *, key: str = "", prefix: str = "") -> list[dict[str, Any]]:
        """The operations in the order of their application: see docs/simulator.md."""
        query = f"key={quote(key)}" if key else f"prefix={quote(prefix)}"
        return list(self.get(f"/ledger?{query}")["operations"])

    def applications(self, key: str) -> int:
        """How often the operation was applied."""
        return sum(operation["applications"] for operation in self.ledger(key=key))

    def requests(self, key: str) -> int:
        """How often the operation was asked for."""
        return sum(operation["requests"] for operation in self.ledger(key=key))

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def clear(self) -> None:
        request = urllib.request.Request(f"{self.url}/ledger", method="DELETE")
        urllib.request.urlopen(request, timeout=10).close()

    def close(self) -> None:
        self._children.close(grace=3)


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    started = Simulator(tmp_path_factory.mktemp("simulator"))
    yield started
    started.close()


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """The run's simulated target, with an empty ledger."""
    simulator_process.clear()
    return simulator_process
