"""`make demo ONCE=1`: 0 when the order completed, otherwise not; no process stays."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.postgres import free_port
from tests.processes import Processes, Running
from tests.up import embedded
from tests.waiting import wait_until


def demo(processes: Processes, folder: Path, *words: str) -> Running:
    ports = {"PORT": str(free_port()), "SIMULATOR_PORT": str(free_port())}
    return processes.start([sys.executable, "manage.py", "demo", *words], **embedded(folder), **ports)


def left_behind(folder: Path) -> list[str]:
    """Processes that still work in that folder."""
    found = []
    for process in psutil.process_iter(["environ", "cmdline"]):
        if (process.info["environ"] or {}).get("VAR_DIR") == str(folder) and process.is_running():
            found.append(" ".join(process.info["cmdline"] or []))
    return found


def test_it_fulfils_an_order_and_leaves_no_process(processes: Processes, tmp_path: Path) -> None:
    running = demo(processes, tmp_path / "demo", "--once")
    assert running.wait(120) == 0, running.output()
    told = running.output()
    assert "order completed" in told
    assert "The inventory: 4 services" in told
    assert "ServiceOrderStateChangeEvent: serviceOrder BSS-2041 is completed" in told
    assert "accepted, its answer is awaited" in told
    assert "\x1b[" not in told
    assert left_behind(tmp_path / "demo") == []


def test_it_stays_up_and_its_curl_line_works(processes: Processes, tmp_path: Path) -> None:
    running = demo(processes, tmp_path / "demo")
    wait_until(lambda: "Another order:" in running.output() or not running.alive, 120, "the addresses are told")
    wait_until(lambda: running.output().endswith("'\n"), 5, "the whole curl line is told")
    line = running.output().partition("Another order:\n")[2]
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
    assert json.loads(answer.stdout)["state"] == "acknowledged"
    running.signal(signal.SIGINT)
    assert running.wait(30) == 0
    assert left_behind(tmp_path / "demo") == []


def test_it_fails_with_the_reason_when_time_runs_out(processes: Processes, tmp_path: Path) -> None:
    running = demo(processes, tmp_path / "demo", "--once", "--timeout", "1")
    assert running.wait(60) == 1
    assert "it took too long: not alive: " in running.output()
    assert left_behind(tmp_path / "demo") == []


def test_it_does_not_wipe_a_database_that_is_not_its_own(processes: Processes, tmp_path: Path) -> None:
    database = tmp_path / "opensom.sqlite3"
    database.write_text("precious")
    running = demo(processes, tmp_path, "--once")
    assert running.wait(60) == 1
    assert "a folder of its own" in running.output()
    assert database.read_text() == "precious"
