"""Which addresses may be called, and names resolved to them once, so that what was checked is what is called."""

import ipaddress
import socket
import threading
from concurrent.futures import Future
from functools import lru_cache
from time import monotonic

from django.conf import settings
from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES

from tmf.outbound.deadline import Deadline
from tmf.outbound.errors import NotSent, Refused
from tmf.outbound.urls import Destination

KEPT_SECONDS = 10.0
AZURE_WIRE_SERVER = ipaddress.ip_address("168.63.129.16")  # a metadata service on a public address
LOOPBACK = ("127.0.0.1", "::1")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_lock = threading.Lock()
_lookups: dict[str, tuple[float, Future[tuple[str, ...]]]] = {}


def check_literal(destination: Destination) -> None:
    """Raises Refused when the host is a refused address, or a name that is loopback by definition (RFC 6761)."""
    is_localhost = destination.host == "localhost" or destination.host.endswith(".localhost")
    if destination.is_literal or is_localhost:
        _permitted(destination, LOOPBACK if is_localhost else (destination.host,))


def permitted_addresses(destination: Destination, deadline: Deadline) -> tuple[str, ...]:
    """The host's addresses that may be called, in the resolver's order.

    Raises Refused when there are none, NotSent when the name cannot be resolved in time.
    """
    if destination.is_literal:
        return _permitted(destination, (destination.host,))
    check_literal(destination)
    return _permitted(destination, _resolve(destination.host, deadline))


def forget(host: str) -> None:
    """The next call resolves the name again."""
    with _lock:
        _lookups.pop(host, None)


def _permitted(destination: Destination, addresses: tuple[str, ...]) -> tuple[str, ...]:
    allowed: tuple[str, ...] = settings.ENV.outbound_allow
    if destination.host in allowed:
        return addresses
    permitted = tuple(address for address in addresses if is_permitted(address, allowed))
    if not permitted:
        raise Refused(f"{destination.host} is not a public address, and OUTBOUND_ALLOW does not list it")
    return permitted


@lru_cache(maxsize=4096)
def is_permitted(address: str, allowed: tuple[str, ...] = ()) -> bool:
    """Public unicast, or in a network of `allowed`. A mapped address (::ffff:a.b.c.d) counts as what it maps."""
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return _is_public(ip) or any(ip in network for network in _networks(allowed))


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip == AZURE_WIRE_SERVER:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local:
        return False
    return not any(ip in network for network in EXTRA_BLOCKED_NET_RANGES)


@lru_cache(maxsize=16)
def _networks(allowed: tuple[str, ...]) -> tuple[Network, ...]:
    made = []
    for word in allowed:
        try:
            made.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue  # a host name
    return tuple(made)


def _resolve(host: str, deadline: Deadline) -> tuple[str, ...]:
    """Asked once for all who wait, in a thread of its own: getaddrinfo knows no deadline."""
    with _lock:
        asked_at, lookup = _lookups.get(host, (0.0, None))
        if lookup is None or (lookup.done() and monotonic() - asked_at > KEPT_SECONDS):
            lookup = Future()
            _lookups[host] = (monotonic(), lookup)
            threading.Thread(target=_look_up, args=(host, lookup), name="resolve", daemon=True).start()
    try:
        return lookup.result(deadline.left())
    except TimeoutError:
        raise NotSent(f"{host} was not resolved in time") from None
    except (OSError, UnicodeError) as error:
        forget(host)
        raise NotSent(f"{host} cannot be resolved: {error}") from None


def _look_up(host: str, lookup: Future[tuple[str, ...]]) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        lookup.set_result(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))
    except Exception as error:
        lookup.set_exception(error)
