"""The running system that the scenarios are played against, and the partner's side of it.

The APIs answer over HTTP, the simulated target and the partner's listener and files are servers of their own. The
engine does what a sweeper does, here, whenever a step waits for it: so each state can be seen at rest.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from orchestrator.demo.load import demo_load
from orchestrator.library import definitions_import, documents_read
from tests.catalog.files import Files, file_server
from tests.examples.scenario import Hearing, Json, contains
from tests.helpers import token_of
from tests.simulator import Simulator
from tests.tmf.listener import Listener, listening
from tests.waiting import wait_until
from tmf.deliver import deliver_due
from tmf.dispatch import dispatch_due
from tmf.sweeper import sweep_once

DEFINITIONS = Path(settings.BASE_DIR) / "docs" / "examples" / "definitions"
IMPORTED: Json = {"id": "example-backup", "name": "Example Backup", "lifecycleStatus": "Active"}
PATIENCE = 30.0  # seconds
SOM, LISTENER, FILES = "https://som.example.com", "https://bss.example.com", "https://files.example.com"  # as shown


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class System:
    url: str
    listener: Listener
    files: Files
    tokens: Mapping[str, str]

    @property
    def known(self) -> dict[str, str]:
        """The variables that no answer tells."""
        return {"host": self.url, "listener": self._listener, "files": self.files.root, **self.tokens}

    @property
    def addresses(self) -> dict[str, str]:
        """Real address → the one that is shown."""
        return {self.url: SOM, self._listener: LISTENER, self.files.root: FILES}

    @property
    def _listener(self) -> str:
        return self.listener.url.removesuffix("/hear")

    def send(self, method: str, address: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        there = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(there.hostname), there.port, timeout=PATIENCE)
        try:
            connection.request(method, address, body, dict(headers))
            answer = connection.getresponse()
            raw = answer.read()
            return Answer(answer.status, dict(answer.getheaders()), json.loads(raw) if raw else None)
        finally:
            connection.close()

    def send_until(self, send: Callable[[], Answer], content: Json) -> Answer:
        """What is answered once the engine has brought it so far."""
        last: list[Answer] = []

        def has_come() -> bool:
            sweep_once()
            last[:] = [send()]
            return contains(last[0].body, content)

        try:
            wait_until(has_come, PATIENCE, f"the answer contains {content}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {last[0].body}") from None
        return last[0]

    def send_meanwhile(self, send: Callable[[], Answer]) -> Answer:
        """What is answered while the engine waits for a file of the partner's."""
        answers: list[Answer] = []
        self.files.before = lambda: answers.append(send())
        sweep_once()
        self.files.before = lambda: None
        assert len(answers) == 1
        return answers[0]

    def hear(self, wanted: Hearing, since: int) -> Json:
        """The first notification of this kind among those after the first `since`. The engine does no work."""

        def heard() -> Json | None:
            dispatch_due()
            deliver_due()
            pairs = zip(self.listener.requests[since:], self.listener.heard[since:], strict=False)
            return next((document for (path, _), document in pairs if self._is(wanted, path, document)), None)

        return wait_until(heard, PATIENCE, f"the listener hears {wanted}") or {}

    def _is(self, wanted: Hearing, path: str, document: Json) -> bool:
        if (path.strip("/"), document["eventType"]) != (wanted.at, wanted.event):
            return False
        return contains(next(iter(document["event"].values())), wanted.content)


@contextmanager
def running(simulator: Simulator) -> Iterator[System]:
    """With the demo's catalogue, definitions and targets, and the examples' own definitions."""
    demo_load(simulator.url)
    definitions_import(documents=documents_read(DEFINITIONS).values(), actor="examples")
    server = LiveServer("127.0.0.1")
    try:
        with override_settings(PUBLIC_URL=server.url), listening() as listener, file_server() as files:
            files.serve("specifications.json", [IMPORTED])
            yield System(server.url, listener, files, _tokens())
    finally:
        server.stop()


def _tokens() -> dict[str, str]:
    reads = [scope for scope in settings.BSS_SCOPES if scope.endswith(":read")]
    return {
        "token": token_of("acme", settings.BSS_SCOPES),
        "adminToken": token_of("", ["admin"]),
        "readerToken": token_of("acme", reads),
    }
