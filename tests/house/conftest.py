"""What the tests of the house share."""

from pathlib import Path

import pytest

from tests.processes import Processes
from tests.up import Up
from tests.waiting import wait_until


@pytest.fixture
def up(processes: Processes, tmp_path: Path) -> Up:
    started = Up(processes, tmp_path / "var")
    wait_until(lambda: started.ready() or not started.running.alive, 90, "everything is ready", pause=0.2)
    assert started.running.alive, started.running.output()
    return started
