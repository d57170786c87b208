"""`manage.py up`: everything runs, is ready, and ends together. And the README's first order works as printed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.databases import ROOT
from tests.processes import Processes
from tests.up import Up, documents, embedded
from tests.waiting import wait_until


def test_it_runs_everything_and_ends_everything(up: Up) -> None:
    commands = [" ".join(child.cmdline()) for child in up.children()]
    for word in ("gunicorn", "manage.py worker", "manage.py sweeper", "manage.py simulate_target"):
        assert [command for command in commands if word in command], f"{word} in {commands}"
    children = up.children()
    up.running.signal(signal.SIGINT)
    assert up.running.wait(30) == 0
    assert [child for child in children if child.is_running()] == []


def test_nothing_outlives_its_violent_death(up: Up) -> None:
    children = up.children()
    up.running.signal(signal.SIGKILL)
    up.running.popen.wait()
    wait_until(lambda: not [child for child in children if child.is_running()], 20, "all are gone")


def test_the_readme_s_first_order_works_as_printed(up: Up) -> None:
    script = re.search(r"<!-- first order.*?```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert script
    lines = script[1].replace("127.0.0.1:8000", f"127.0.0.1:{up.port}").replace(".venv/bin/python", sys.executable)
    env = os.environ | up.env | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", lines], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    placed, states, services = documents(done.stdout)
    assert placed["state"] == "acknowledged"
    assert [order["state"] for order in states] == ["completed"]
    assert sorted(service["name"] for service in services) == [
        "Access Line",
        "IP Connectivity",
        "Managed Router",
        "Market Street 7",
    ]
    assert {service["state"] for service in services} == {"active"}


def test_it_says_which_port_is_taken(processes: Processes, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = processes.start([sys.executable, "manage.py", "up"], **embedded(tmp_path), PORT=str(port))
        assert running.wait(30) == 1
    assert f"port {port} on 127.0.0.1 is taken" in running.output()
    assert not (tmp_path / "opensom.sqlite3").exists()
