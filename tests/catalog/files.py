"""A real HTTP server of files, for imports and exports: what it serves and how it answers, a test decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Files:
    """`served` by path; `posted` are path, headers and content of what came. `before` runs before every answer."""

    root: str
    served: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    before: Callable[[], Any] = lambda: None

    def serve(self, name: str, content: Any) -> str:
        """The file's url. What is no bytes is served as JSON."""
        self.served[f"/{name}"] = content if isinstance(content, bytes) else json.dumps(content).encode()
        return f"{self.root}/{name}"


@contextmanager
def file_server() -> Iterator[Files]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            files.asked.append(self.path)
            files.before()
            found = files.served.get(self.path.partition("?")[0])
            self._answer(404 if found is None else files.status, found or b"")

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            files.posted.append((self.path, {k.lower(): v for k, v in self.headers.items()}, content))
            files.before()
            self._answer(files.status, b"")

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            for name, value in files.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None: ...

    with Server(("127.0.0.1", 0), Handler) as server:
        files = Files(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield files
        finally:
            server.shutdown()
