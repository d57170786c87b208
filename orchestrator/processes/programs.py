"""What OpenSOM consists of when it runs: the processes, their addresses, and when they are ready."""

from __future__ import annotations

import json
import socket
import sys
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings

from orchestrator.processes.supervisor import Program

LOOPBACK = "127.0.0.1"


def programs(*, port: int, simulator_port: int | None) -> list[Program]:
    """Web, sweeper, a worker when there is a broker, and the simulated targets when they have a port."""
    ports = {"PORT": str(port), "SIMULATOR_PORT": str(simulator_port or settings.ENV.SIMULATOR_PORT)}
    manage = (sys.executable, "manage.py")
    found = [
        Program("web", (sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"), ports),
        Program("sweeper", (*manage, "sweeper"), ports),
    ]
    if settings.BROKER_URL:
        found.append(Program("worker", (*manage, "worker"), ports))
    if simulator_port:
        found.append(Program("targets", (*manage, "simulate_target", "--port", str(simulator_port)), ports))
    return found


def is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(wish: int, host: str = LOOPBACK) -> int:
    """The wished port, or another that is free."""
    if is_free(host, wish):
        return wish
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def address(port: int) -> str:
    """How this machine reaches the web process."""
    host = settings.ENV.HOST
    host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def readiness(url: str) -> list[str]:
    """What `/readyz` says is missing; empty when everything is alive."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            found = json.load(error)
    except OSError:
        return ["web"]
    return list(found["missing"])
