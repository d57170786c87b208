"""The one HTTP client: checked and pinned addresses, no redirects, a total deadline, a size limit.

Whoever calls a target or a listener calls `send`. Nothing of the environment (proxies, .netrc) is used,
nothing is logged.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from tmf.outbound.addresses import check_literal, forget, permitted_addresses
from tmf.outbound.connections import IDLE_SECONDS, IDLE_SECONDS_UNSAFE, POOL, Connection, connect
from tmf.outbound.deadline import Deadline
from tmf.outbound.errors import Broken, Dropped, NotSent, OutboundError, Refused, TooLarge
from tmf.outbound.exchange import Response, compose, exchange
from tmf.outbound.urls import Destination, parse

__all__ = ["Broken", "NotSent", "OutboundError", "Refused", "Response", "TooLarge", "check_url", "send"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def check_url(url: str) -> None:
    """Raises Refused for a malformed URL and for a literal address that is not called. Resolves no name."""
    check_literal(parse(url))


def send(
    method: str,
    url: str,
    *,
    json: Any = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float,
    max_bytes: int | None = None,
) -> Response:
    """The answer, whatever its status; a redirect is an answer too. `json` None sends no body, save `body` as it is.

    `timeout` seconds bound the whole call, `max_bytes` the unpacked body (default RESPONSE_MAX_BYTES).
    Raises Refused (never sent), NotSent (safe to repeat), Broken (outcome unknown), TooLarge (a Broken).
    """
    deadline = Deadline(timeout)
    destination = parse(url)
    request = compose(method, destination, json, headers or {}, body)
    limit = settings.ENV.RESPONSE_MAX_BYTES if max_bytes is None else max_bytes
    addresses = permitted_addresses(destination, deadline)
    if kept := POOL.take(destination, addresses, IDLE_SECONDS if method in SAFE else IDLE_SECONDS_UNSAFE):
        # The peer may have closed it meanwhile: again on a new one if it cannot have got the request,
        # or if the request changes nothing.
        try:
            return _exchanged(kept, method, request, deadline, limit)
        except NotSent:
            pass
        except Dropped:
            if method not in SAFE:
                raise
    return _exchanged(_connected(destination, addresses, deadline), method, request, deadline, limit)


def _connected(destination: Destination, addresses: tuple[str, ...], deadline: Deadline) -> Connection:
    try:
        return connect(destination, addresses, deadline)
    except NotSent:
        forget(destination.host)
        raise


def _exchanged(connection: Connection, method: str, request: bytes, deadline: Deadline, limit: int) -> Response:
    try:
        response, reusable = exchange(connection, method, request, deadline, limit)
    except BaseException:
        connection.close()
        raise
    if reusable:
        POOL.put(connection)
    else:
        connection.close()
    return response
