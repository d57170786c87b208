"""Sweepers of `crash_worker`: started, killed, stopped and let go on again."""

from __future__ import annotations

import signal
import sys

import psutil

from tests.processes import Processes, Running
from tests.storms.stage import Stage
from tests.waiting import wait_until

# How long the dead one's claims are held beyond the calls' deadline, and rows by one that is stopped in a transaction.
SHORT = {"LEASE_MARGIN_SECONDS": "1", "IDLE_TRANSACTION_SECONDS": "2"}
CALL_SECONDS = 2.0


def start(processes: Processes, stage: Stage, *words: str, **env: str) -> Running:
    return processes.start([sys.executable, "-m", "tests.storms.crash_worker", *words], DATABASE_URL=stage.url, **env)


def crash(processes: Processes, stage: Stage, moment: str, *words: str) -> None:
    """Runs it to its violent end."""
    dying = start(processes, stage, moment, *words, **SHORT)
    assert dying.wait(60) == -signal.SIGKILL, dying.output()


def stop(processes: Processes, stage: Stage, moment: str, *words: str) -> Running:
    """Runs it until it stands still. It goes on at SIGCONT, and does not know that time has passed."""
    zombie = start(processes, stage, moment, "--stop", *words, **SHORT)
    wait_until(lambda: stopped(zombie), 60, "it stands still")
    return zombie


def stopped(running: Running) -> bool:
    assert running.alive, running.output()
    return psutil.Process(running.pid).status() == psutil.STATUS_STOPPED
