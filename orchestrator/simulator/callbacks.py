"""POSTs answers to callback URLs."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import urlsplit

from orchestrator.simulator.http import dumped

ATTEMPTS = 5
PAUSE = 0.2


async def post(url: str, document: Any, *, times: int = 1) -> None:
    """Sends it so often, each until it is answered with 2xx or given up."""
    for _ in range(times):
        for attempt in range(ATTEMPTS):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                if await asyncio.wait_for(_post_once(url, dumped(document)), 5):
                    break
            await asyncio.sleep(PAUSE * 2**attempt)


async def _post_once(url: str, body: bytes) -> bool:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return False
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode("latin-1") + body)
        status = await reader.readuntil(b"\r\n")
        return status.split(b" ")[1:2] != [] and status.split(b" ")[1].startswith(b"2")
    finally:
        writer.close()
