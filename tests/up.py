"""`manage.py up`, really running: embedded, with the demo's catalogue and its simulated targets."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.postgres import free_port
from tests.processes import Processes, Running


class Up:
    """A running `manage.py up`, embedded, in a folder of its own."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = embedded(folder) | {"PORT": str(self.port), "SIMULATOR_PORT": str(free_port())}
        self.running: Running = processes.start([sys.executable, "manage.py", "up"], **self.env)

    def ready(self) -> bool:
        return readiness(self.url)[0] == 200

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.running.pid).children(recursive=True)


def embedded(folder: Path) -> dict[str, str]:
    unset = dict.fromkeys(("DATABASE_URL", "CELERY_BROKER_URL", "SECRET_KEY", "OUTBOUND_ALLOW"), "")
    return unset | {"EMBEDDED": "true", "VAR_DIR": str(folder)}


def readiness(url: str) -> tuple[int, list[str]]:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)["missing"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["missing"]
    except OSError:
        return 0, ["web"]


def documents(text: str) -> Iterator[Any]:
    """The JSON documents that stand one after the other in the text."""
    decoder = json.JSONDecoder()
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]
