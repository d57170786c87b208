"""A server of raw bytes on a free loopback port: each test says what it sends, and sees what it got."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Behaviour = Callable[["Talk"], None]


class Talk:
    """One connection, seen from the server."""

    def __init__(self, peer: Peer, sock: socket.socket, number: int) -> None:
        self.peer = peer
        self.sock = sock
        self.number = number

    def request(self) -> bytes:
        """The next whole request, or nothing when the client has gone."""
        got = b""
        while b"\r\n\r\n" not in got and (piece := self.sock.recv(65_536)):
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        length = next((int(x[15:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")), 0)
        while got and len(body) < length and (piece := self.sock.recv(65_536)):
            got += piece
            body += piece
        if got:
            self.peer.requests.append(got)
        return got

    def answer(self, body: bytes = b"{}", *headers: str, status: str = "200 OK") -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode() + body)


class Peer:
    """`requests` are the requests it got, `connections` how many were opened."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.ended = threading.Event()  # for behaviours that wait until the test is over
        self._behaviour = behaviour
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def close(self) -> None:
        self.ended.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(sock, self.connections), daemon=True).start()

    def _talk(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with sock:
                self._behaviour(Talk(self, sock, number))


@contextlib.contextmanager
def peer(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    made = Peer(behaviour, tls)
    try:
        yield made
    finally:
        made.close()


def answering(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> Behaviour:
    """Answers every request of every connection with the same."""

    def behave(talk: Talk) -> None:
        while talk.request():
            talk.answer(body, *headers, status=status)

    return behave


def raw(answer: bytes, *, close: bool = True) -> Behaviour:
    """Answers the first request of a connection with these bytes."""

    def behave(talk: Talk) -> None:
        talk.request()
        talk.sock.sendall(answer)
        if not close:
            talk.peer.ended.wait(30)

    return behave
