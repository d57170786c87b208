"""A Redis that a test may flush, cut off and bring back."""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import redis

from orchestrator.processes.children import Children
from tests.postgres import free_port
from tests.waiting import wait_until

CLAIM = "opensom:tests:claim"
CLAIM_SECONDS = 3600


def choose(environ: dict[str, str]) -> tuple[str, str]:
    """(URL, where it comes from), ("own", …) when one must be started, or ("", why there is none).

    OPENSOM_TEST_REDIS: `none`, `own` or a URL; else REDIS_URL or CELERY_BROKER_URL, else the usual address.
    """
    wish = environ.get("OPENSOM_TEST_REDIS") or environ.get("REDIS_URL") or environ.get("CELERY_BROKER_URL") or ""
    if wish == "none" and environ.get("OPENSOM_TEST_REDIS"):
        return "", "OPENSOM_TEST_REDIS=none"
    url = wish if wish.startswith("redis") else "redis://127.0.0.1:6379"
    if wish != "own" and reachable(url):
        return url, "reachable"
    if shutil.which("redis-server"):
        return "own", "started by the tests"
    return "", "none reachable" + ("" if wish == "own" else f" at {_place(url)}") + " and no redis-server on the PATH"


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}"


def reachable(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


class Broker:
    """An empty Redis database behind a door of ours: `url` leads through the door."""

    def __init__(self, url: str) -> None:
        self._children = Children()
        self._home = Path(tempfile.mkdtemp(prefix="opensom-redis-"))
        self._behind = self._own() if url == "own" else self._empty_database(url)
        self._door = Door(urlsplit(self._behind).hostname or "127.0.0.1", urlsplit(self._behind).port or 6379)
        self.url = _with_port(self._behind, self._door.port)

    def flush(self) -> None:
        """Empties it. The claim comes back in the same moment: an unclaimed database gets a second user."""
        with self._client() as client, client.pipeline() as both:
            both.flushdb().set(CLAIM, os.getpid(), ex=CLAIM_SECONDS).execute()

    def stop(self) -> None:
        """Cut every connection and refuse new ones."""
        self._door.close()

    def start(self) -> None:
        self._door.open()

    def close(self) -> None:
        with self._client() as client:
            client.flushdb()
        self._door.close()
        self._children.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self._behind)

    def _own(self) -> str:
        port = free_port()
        url = f"redis://127.0.0.1:{port}/0"
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._children.start(["redis-server", *options, "--dir", str(self._home)])
        wait_until(lambda: reachable(url), 10, "redis-server of our own answers")
        return url

    def _empty_database(self, url: str) -> str:
        """One that nobody uses, claimed: never somebody's data, never another test run's."""
        for number in range(15, 0, -1):
            candidate = urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
            with redis.Redis.from_url(candidate) as client:
                if client.dbsize() == 0 and client.set(CLAIM, os.getpid(), nx=True, ex=CLAIM_SECONDS):
                    return candidate
        return self._own()


def _with_port(url: str, port: int) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=(login + "@" if login else "") + f"127.0.0.1:{port}"))


class Door:
    """A TCP relay on a port of its own that can be shut."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self.port = free_port()
        self._stop = threading.Event()
        self.open()

    def open(self) -> None:
        self._stop = threading.Event()
        listener = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, args=(listener, self._stop), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _serve(self, listener: socket.socket, stop: threading.Event) -> None:
        peers: dict[socket.socket, socket.socket] = {}
        with selectors.DefaultSelector() as selector, listener:
            selector.register(listener, selectors.EVENT_READ)
            while not stop.is_set():
                for key, _ in selector.select(0.05):
                    if key.fileobj is listener:
                        self._accept(listener, selector, peers)
                    else:
                        _relay(key.fileobj, selector, peers)  # type: ignore[arg-type]
            for peer in list(peers):
                peer.close()

    def _accept(
        self, listener: socket.socket, selector: selectors.BaseSelector, peers: dict[socket.socket, socket.socket]
    ) -> None:
        client, _ = listener.accept()
        server = socket.create_connection(self._behind)
        peers[client], peers[server] = server, client
        for end in (client, server):
            selector.register(end, selectors.EVENT_READ)


def _relay(source: socket.socket, selector: selectors.BaseSelector, peers: dict[socket.socket, socket.socket]) -> None:
    if source not in peers:
        return
    data = b""
    with contextlib.suppress(OSError):
        data = source.recv(65536)
        peers[source].sendall(data)
    if not data:
        for end in (source, peers.pop(source)):
            peers.pop(end, None)
            selector.unregister(end)
            end.close()
