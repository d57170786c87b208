"""The scenarios, played once for all tests of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator import bulkheads
from tests.examples.play import play
from tests.examples.record import Exchange
from tests.examples.scenario import scenarios
from tests.examples.system import running
from tests.simulator import Simulator


@pytest.fixture(scope="module")
def played(django_db_setup: None, django_db_blocker: Any, simulator_process: Simulator) -> list[Exchange]:
    """What was seen. Whoever asks for it is marked `django_db(transaction=True)`, which empties the database again."""
    simulator_process.clear()
    bulkheads._mine.clear()  # what this process knew of another test's targets
    with django_db_blocker.unblock(), running(simulator_process) as system:
        return play(system, scenarios())
