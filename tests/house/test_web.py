"""The web process as it stands on a network: what gunicorn answers by itself, and how long it waits."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from tests.postgres import free_port
from tests.processes import Processes
from tests.up import embedded
from tests.waiting import wait_until

PATH = "/tmf-api/serviceOrdering/v4/serviceOrder"
HOST = "Host: localhost\r\n"
UNREADABLE = {
    "no request": ("\x16\x03\x01\r\n\r\n", 400),
    "a name that is no host's, twice": (f"GET {PATH} HTTP/1.1\r\n{HOST}{HOST}\r\n", 400),
    "two lengths": (f"POST {PATH} HTTP/1.1\r\n{HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "an unknown coding": (f"POST {PATH} HTTP/1.1\r\n{HOST}Transfer-Encoding: x\r\n\r\n", 501),
    "an endless address": (f"GET {PATH}?a={'b' * 9000} HTTP/1.1\r\n{HOST}\r\n", 414),
    "an endless header": (f"GET {PATH} HTTP/1.1\r\n{HOST}X: {'b' * 9000}\r\n\r\n", 431),
    "letters beyond ASCII": (f"GET {PATH}?state=\xe9 HTTP/1.1\r\n{HOST}\r\n", 400),
}


class Web:
    """A started gunicorn with one thread, spoken to byte by byte."""

    def __init__(self, processes: Processes, folder: Path, **env: str) -> None:
        self.port = free_port()
        small = {"WEB_WORKERS": "1", "WEB_THREADS": "1", "CLIENT_TIMEOUT_SECONDS": "1"}
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py"]
        processes.start(command, PORT=str(self.port), **embedded(folder), **small, **env)
        wait_until(self.answers, 60, "it answers")

    def send(self, text: str) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        client.sendall(text.encode("latin-1"))
        return client

    def ask(self, text: str) -> tuple[int, str, str]:
        """Status, headers and body of what is answered until the connection ends."""
        with self.send(text) as client:
            answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        head, _, body = answer.partition("\r\n\r\n")
        return int(head.split()[1]), head, body

    def answers(self) -> bool:
        try:
            return self.ask(f"GET /healthz HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n")[0] == 200
        except OSError:
            return False


@pytest.fixture
def web(processes: Processes, tmp_path: Path) -> Web:
    return Web(processes, tmp_path / "var")


def test_it_tells_in_tmfs_words_of_requests_that_cannot_be_read(web: Web) -> None:
    for case, (text, status) in UNREADABLE.items():
        answered, head, body = web.ask(text)
        assert (case, answered, json.loads(body)["status"]) == (case, status, str(status))
        assert "content-type: application/json" in head.lower(), case
        assert {"code", "reason"} <= json.loads(body).keys(), case


def test_it_goes_on_when_a_client_falls_silent(web: Web) -> None:
    """Its only thread is held by a request without an end, before and within the body."""
    for begun in (f"GET {PATH} HTTP/1.1\r\n", f"POST /oauth2/token HTTP/1.1\r\n{HOST}Content-Length: 100\r\n\r\nab"):
        with web.send(begun):
            assert web.answers(), begun


@pytest.mark.parametrize(("trusted", "status"), [("false", 301), ("true", 200)])
def test_it_believes_nobody_about_the_scheme_unless_told_to(
    processes: Processes, tmp_path: Path, trusted: str, status: int
) -> None:
    """What came by plain HTTP is sent to HTTPS, whoever says that it came by HTTPS."""
    web = Web(processes, tmp_path / "var", SECURE_COOKIES="true", TRUSTED_PROXY=trusted)
    asked = f"GET /docs/ HTTP/1.1\r\n{HOST}X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    assert web.ask(asked)[0] == status


def test_it_leaves_the_home_folder_alone(processes: Processes, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    Web(processes, tmp_path / "var", HOME=str(home), XDG_RUNTIME_DIR="")
    assert [*home.iterdir()] == []
