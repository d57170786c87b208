"""Runs the simulated target until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from orchestrator.simulator.http import Exchange
from orchestrator.simulator.target import SimulatedTarget

BACKLOG = 1024


def run(host: str, port: int, latency: float, started: Callable[[int], None]) -> None:
    """Serves until SIGTERM or SIGINT. `started` is told the port: port 0 takes a free one."""
    asyncio.run(_run(host, port, latency, started))


async def _run(host: str, port: int, latency: float, started: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    target = SimulatedTarget(latency)
    server = await loop.create_server(lambda: Exchange(target.serve), host, port, backlog=BACKLOG)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    started(server.sockets[0].getsockname()[1])
    await stopped.wait()
    server.close()
