"""A small HTTP/1.1 server on asyncio whose answers are bytes under our control, broken ones included."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

HEAD_MAX = 65_536
BODY_MAX = 16_000_000
REASONS = {status.value: status.phrase for status in HTTPStatus}
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class BadRequest(Exception):
    """What came is no request that we understand: answered with 400."""


@dataclass(slots=True)
class Request:
    """`headers` by lower-case name. `document` is the JSON body, None without one."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    document: Any

    @property
    def origin(self) -> str:
        return f"http://{self.headers.get('host', 'localhost')}"


@dataclass(slots=True)
class Answer:
    """`body` is sent as it is when it is bytes, else as JSON; None sends no body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        raw = self.body if isinstance(self.body, bytes) else b"" if self.body is None else dumped(self.body)
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head = (
            f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\n{extra}\r\n"
        )
        return head.encode("latin-1", "replace") + raw


def dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def refusal(status: int, reason: str) -> Answer:
    """An answer with a TMF error body."""
    return Answer(status, {"code": str(status), "reason": reason, "status": str(status)})


class Exchange(asyncio.Protocol):
    """One connection. Requests are served one at a time; the next is looked at when one is answered."""

    def __init__(self, serve: Callable[[Request, Exchange], None]) -> None:
        self._serve = serve
        self._buffer = bytearray()
        self._busy = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def answer(self, raw: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(raw)
        self._busy = False
        if self._buffer:
            asyncio.get_running_loop().call_soon(self._next)

    def close(self) -> None:
        self._transport.close()

    def reset(self) -> None:
        """Ends with a TCP reset instead of a proper close."""
        if self._transport.is_closing():
            return
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._transport.abort()

    def _next(self) -> None:
        try:
            request = _taken(self._buffer)
            if request and not self._busy:
                self._busy = True
                self._serve(request, self)
        except BadRequest as error:
            self.answer(refusal(400, str(error)).encoded())
            self.close()


def _taken(buffer: bytearray) -> Request | None:
    """The first request in the buffer, taken out of it; None while it is not complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > HEAD_MAX:
            raise BadRequest("the head is too long")
        return None
    lines = bytes(buffer[:end]).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    whole = end + 4 + _length(headers)
    if len(buffer) < whole:
        return None
    body = bytes(buffer[end + 4 : whole])
    del buffer[:whole]
    return _request(lines[0], headers, body)


def _length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not text.isdecimal() or int(text) > BODY_MAX:
        raise BadRequest("a body needs a Content-Length within reason")
    return int(text)


def _request(line: str, headers: Mapping[str, str], body: bytes) -> Request:
    try:
        method, target, _ = line.split(" ")
        path, _, query = target.partition("?")
        document = json.loads(body) if body else None
    except ValueError:
        raise BadRequest("this is no HTTP/1.1 request with a JSON body") from None
    return Request(method, unquote(path), dict(parse_qsl(query)) if query else {}, headers, document)
