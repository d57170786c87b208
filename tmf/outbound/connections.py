"""Connections to checked addresses, whose every read and write ends at the call's deadline, kept for reuse."""

from __future__ import annotations

import io
import os
import select
import socket
import ssl
import threading
from collections import defaultdict, deque
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from tmf.outbound.deadline import Deadline
from tmf.outbound.errors import Broken, Dropped, NotSent
from tmf.outbound.urls import Destination

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

RECORD = 16_384  # one TLS record: a part of one is of no use to the peer
IDLE_SECONDS = 30.0
IDLE_SECONDS_UNSAFE = 1.5  # below the shortest keep-alive in common use: gunicorn's 2 s
IDLE_MAX = 512
IDLE_MAX_PER_PEER = 64


class Peer(NamedTuple):
    """Whom a connection belongs to: never shared across names, even at one address."""

    scheme: str
    host: str
    port: int
    address: str


class _Wire(io.RawIOBase):
    """The reading side of a socket. Without a deadline nothing is read: only what is buffered can be seen."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.deadline: Deadline | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if self.deadline is None:
            return None
        self.sock.settimeout(self.deadline.left())
        return self.sock.recv_into(buffer)


class _Reader(io.BufferedReader):
    def close(self) -> None:
        """An answer that has been read closes its file; the connection stays."""


class Connection:
    """One connection to one peer. Whoever holds it closes it or gives it to the pool."""

    def __init__(self, peer: Peer, sock: socket.socket) -> None:
        self.peer = peer
        self.idle_since = 0.0
        self._sock = sock
        self._wire = _Wire(sock)
        self._reader = _Reader(self._wire)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What http.client.HTTPResponse reads from; one for the connection's life."""
        return self._reader

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Raises NotSent when the peer cannot have got a usable byte of it, else Broken."""
        self._wire.deadline = deadline
        rest = memoryview(data)
        try:
            while rest:
                self._sock.settimeout(deadline.left())
                rest = rest[self._sock.send(rest[:RECORD]) :]
        except OSError as error:
            if len(rest) == len(data):
                raise NotSent(f"{self.peer.host}:{self.peer.port}: {_told(error)}") from error
            broken = Dropped if isinstance(error, ConnectionError) else Broken
            raise broken(f"{self.peer.host}:{self.peer.port}: {_told(error)} while sending") from error

    def rest(self) -> bool:
        """Puts it to rest between two calls. False when the peer sent more than its answer."""
        self._wire.deadline = None
        self.idle_since = monotonic()
        return not self._reader.peek(1)

    def is_stale(self) -> bool:
        """The peer closed it, or said something nobody asked for."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        self._sock.close()


def connect(destination: Destination, addresses: tuple[str, ...], deadline: Deadline) -> Connection:
    """A new connection to the first address that answers. Raises NotSent."""
    fault: OSError = TimeoutError()
    for position, address in enumerate(addresses):
        try:
            share = deadline.left() / (len(addresses) - position)
            sock = socket.create_connection((address, destination.port), share)
            return Connection(_peer(destination, address), _prepared(sock, destination, deadline))
        except OSError as error:
            fault = error
    raise NotSent(f"{destination}: {_told(fault)}") from fault


def _prepared(sock: socket.socket, destination: Destination, deadline: Deadline) -> socket.socket:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if destination.scheme == "http":
            return sock
        sock.settimeout(deadline.left())
        return tls_context().wrap_socket(sock, server_hostname=destination.host)
    except BaseException:
        sock.close()
        raise


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """The system's certificate authorities, or those of OpenSSL's SSL_CERT_FILE and SSL_CERT_DIR."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _peer(destination: Destination, address: str) -> Peer:
    return Peer(destination.scheme, destination.host, destination.port, address)


def _told(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not accepted: {error.verify_message}"
    return error.strerror or str(error) or type(error).__name__


class Pool:
    """Idle connections, the last used first. Safe for threads; bounded in number and age."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: defaultdict[Peer, deque[Connection]] = defaultdict(deque)
        self._count = 0

    def take(self, destination: Destination, addresses: tuple[str, ...], idle_max: float) -> Connection | None:
        """An open connection to one of these addresses that has been idle no longer than that."""
        for address in addresses:
            while connection := self._pop(_peer(destination, address)):
                if monotonic() - connection.idle_since <= idle_max and not connection.is_stale():
                    return connection
                connection.close()
        return None

    def put(self, connection: Connection) -> None:
        if not connection.rest():
            connection.close()
            return
        with self._lock:
            surplus = self._sweep() if self._count >= IDLE_MAX else []
            line = self._idle[connection.peer]
            if self._count < IDLE_MAX and len(line) < IDLE_MAX_PER_PEER:
                line.append(connection)
                self._count += 1
            else:
                surplus.append(connection)
        for each in surplus:
            each.close()

    def _pop(self, peer: Peer) -> Connection | None:
        with self._lock:
            line = self._idle.get(peer)
            if not line:
                return None
            connection = line.pop()
            self._count -= 1
            if not line:
                del self._idle[peer]
            return connection

    def _sweep(self) -> list[Connection]:
        """Takes out what has been idle for too long; the lock is held."""
        born_before = monotonic() - IDLE_SECONDS
        old = []
        for peer, line in list(self._idle.items()):
            while line and line[0].idle_since < born_before:
                old.append(line.popleft())
            if not line:
                del self._idle[peer]
        self._count -= len(old)
        return old


POOL = Pool()
# A child must not write into its parent's connections, and its copy of the lock may be held by nobody.
os.register_at_fork(after_in_child=POOL.__init__)  # type: ignore[misc]
