"""One request and its answer on one connection (RFC 9112), within the deadline and the size limit."""

from __future__ import annotations

import http.client
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps, loads
from typing import Any, cast

from requests.structures import CaseInsensitiveDict

from tmf.outbound.connections import Connection
from tmf.outbound.deadline import Deadline
from tmf.outbound.errors import Broken, Dropped, Refused, TooLarge
from tmf.outbound.urls import Destination

PIECE = 65_536
INTERIM_MAX = 16
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "te", "upgrade", "expect"})
DEFAULTS = {
    "user-agent": "User-Agent: OpenSOM",
    "accept": "Accept: application/json, */*;q=0.5",
    "accept-encoding": "Accept-Encoding: identity",
    "content-type": "Content-Type: application/json",
}


@dataclass(frozen=True, slots=True)
class Response:
    """The answer, whatever its status. `body` is unpacked; `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises ValueError for anything but JSON, also when it is too deep to be read."""
        try:
            return loads(self.body, parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def compose(
    method: str, destination: Destination, document: Any, headers: Mapping[str, str], raw: bytes | None = None
) -> bytes:
    """The request's bytes, its body the document's JSON or `raw`. Raises Refused for what cannot be written."""
    body = _body(document) if raw is None else raw
    if not TOKEN.fullmatch(method):
        raise Refused("this is not an HTTP method")
    lines = {"host": f"Host: {destination.authority}", **DEFAULTS}
    if document is None and raw is None:
        del lines["content-type"]
    if body or method not in ("GET", "HEAD", "DELETE", "OPTIONS"):
        lines["content-length"] = f"Content-Length: {len(body)}"
    lines.update(_header(name, value) for name, value in headers.items())
    head = "\r\n".join([f"{method} {destination.path} HTTP/1.1", *lines.values(), "", ""])
    return head.encode("latin-1") + body


def _body(document: Any) -> bytes:
    try:
        return b"" if document is None else dumps(document, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"the request's body is not JSON: {error}") from None


def _header(name: str, value: str) -> tuple[str, str]:
    key = name.lower()
    if key in OURS or not TOKEN.fullmatch(name):
        raise Refused(f"the header {name!r} cannot be set")
    if not VALUE.fullmatch(value):
        raise Refused(f"the header {name!r} has a value that cannot be sent")
    return key, f"{name}: {value}"


def exchange(
    connection: Connection, method: str, request: bytes, deadline: Deadline, limit: int
) -> tuple[Response, bool]:
    """The answer, and whether the connection may serve again. Raises NotSent, Broken, Dropped, TooLarge."""
    connection.send(request, deadline)
    answer: http.client.HTTPResponse | None = None
    try:
        answer = _head(connection, method)
        body = _unpacked(_raw(answer, limit), answer.getheader("content-encoding", ""), limit)
        headers = CaseInsensitiveDict(answer.headers.items())
        return Response(answer.status, headers, body), not answer.will_close
    except (OSError, http.client.HTTPException, zlib.error, ValueError, TooLarge) as error:
        raise _broken(connection, answer, error) from error


def _head(connection: Connection, method: str) -> http.client.HTTPResponse:
    """The final status line and headers; interim answers (1xx) are passed over."""
    for _ in range(INTERIM_MAX):
        answer = http.client.HTTPResponse(cast(Any, connection), method=method)
        answer.begin()
        if answer.status >= 200:
            return answer
    raise http.client.HTTPException("no end of interim answers")


def _raw(answer: http.client.HTTPResponse, limit: int) -> bytes:
    if answer.length is not None and not answer.chunked:
        if answer.length > limit:
            raise TooLarge("")
        return answer.read()
    pieces = bytearray()
    while piece := answer.read(min(PIECE, limit + 1 - len(pieces))):
        pieces += piece
        if len(pieces) > limit:
            raise TooLarge("")
    return bytes(pieces)


def _unpacked(raw: bytes, encoding: str, limit: int) -> bytes:
    """An encoding that we did not ask for and do not know leaves the body as it came."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate") or not raw:
        return raw
    made = bytearray()
    while raw:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        made += unpacker.decompress(raw, limit + 1 - len(made))
        if len(made) > limit:
            raise TooLarge("")
        if not unpacker.eof:
            raise zlib.error("incomplete")
        raw = unpacker.unused_data
    return bytes(made)


def _broken(connection: Connection, answer: http.client.HTTPResponse | None, error: Exception) -> Broken:
    status = answer.status if answer is not None else None
    where = f"{connection.peer.host}:{connection.peer.port}"
    match error:
        case TooLarge():
            return TooLarge(f"{where}: the answer is too large", status=status)
        case TimeoutError():
            return Broken(f"{where}: no complete answer in time", status=status)
        case ConnectionError() | http.client.IncompleteRead():
            return Dropped(f"{where}: closed the connection before its answer was complete", status=status)
        case _:
            return Broken(f"{where}: the answer is not HTTP ({type(error).__name__})", status=status)
