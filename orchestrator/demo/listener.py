"""A hub listener of the demo's own: an HTTP server that keeps what it is told."""

from __future__ import annotations

import json
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Listener:
    """`heard` fills with the notifications in the order of their arrival."""

    def __init__(self) -> None:
        self.heard: deque[dict[str, Any]] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.heard))
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/notifications"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(heard: deque[dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing: the journey shows what was heard."""

    return Handler
