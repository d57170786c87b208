"""No process outlives its owner."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psutil

from tests.processes import Processes
from tests.waiting import wait_until

# Starts a child that starts a grandchild, and prints their process ids.
OWNER = """
import subprocess, sys, time
from orchestrator.processes.children import Children
child = "import subprocess, sys; g = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);" \\
        "print(g.pid, flush=True); g.wait()"
popen = Children().start([sys.executable, "-c", child], output=subprocess.PIPE)
print(popen.pid, popen.stdout.readline().strip(), flush=True)
time.sleep(600)
"""


def test_it_ends_children_and_grandchildren_of_an_owner_that_is_killed(processes: Processes, tmp_path: Path) -> None:
    owner = processes.start([sys.executable, "-c", OWNER])
    wait_until(lambda: owner.output().endswith("\n"), 10, "both processes run")
    pids = [int(word) for word in owner.output().split()]
    assert [psutil.pid_exists(pid) for pid in pids] == [True, True]
    owner.signal(signal.SIGKILL)
    owner.popen.wait()
    wait_until(lambda: not any(map(psutil.pid_exists, pids)), 10, "the owner's processes are gone")
