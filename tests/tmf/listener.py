"""A real HTTP listener for notifications, whose answers a test decides."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
# What to answer to a notification: a status, or a status with headers.
Answer = Callable[[Json], int | tuple[int, dict[str, str]]]


@dataclass
class Listener:
    url: str
    answer: Answer
    heard: list[Json] = field(default_factory=list)  # everything that came, in order of arrival
    accepted: list[Json] = field(default_factory=list)  # what was answered 2xx
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path with query, headers

    def sequence(self, resource_id: str) -> list[int]:
        return [e["event"]["thing"]["n"] for e in self.accepted if e["event"]["thing"]["id"] == resource_id]


@contextmanager
def listening(answer: Answer = lambda envelope: 204) -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            envelope = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            listener.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            listener.heard.append(envelope)
            answered = listener.answer(envelope)
            status, headers = answered if isinstance(answered, tuple) else (answered, {})
            if 200 <= status < 300:
                listener.accepted.append(envelope)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None: ...

    with Server(("127.0.0.1", 0), Handler) as server:
        listener = Listener(f"http://127.0.0.1:{server.server_port}/hear", answer)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield listener
        finally:
            server.shutdown()


def slowly(seconds: float) -> Answer:
    def answer(envelope: Json) -> int:
        time.sleep(seconds)
        return 204

    return answer
