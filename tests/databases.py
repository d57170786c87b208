"""Migrated databases for tests that start real processes, and the removal of what killed runs left."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

# Names carry host and process, so that runs may share a server and none removes what another still uses.
HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"
OURS = re.compile(rf"test_opensom_{HOST}_(\d+)(_\w+)?")
ROOT = Path(__file__).parent.parent


def own_name(suffix: str = "") -> str:
    return f"test_opensom_{HOST}_{os.getpid()}{suffix}"


class Databases:
    """Copies of one migrated template: `fresh("postgresql")`, `fresh("sqlite")` answer a DATABASE_URL."""

    def __init__(self, server: str, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._numbers = itertools.count(1)
        self._templates: dict[str, str] = {}
        self._made: list[str] = []

    def fresh(self, vendor: str) -> str:
        template = self._templates.get(vendor) or self._make_template(vendor)
        suffix = f"_{next(self._numbers)}"
        if vendor == "sqlite":
            copy = self._folder / f"db{suffix}" / "db.sqlite3"
            copy.parent.mkdir()
            shutil.copy(template, copy)
            return f"sqlite:///{copy}"
        return self._create(own_name(suffix), template)

    def _make_template(self, vendor: str) -> str:
        if vendor == "sqlite":
            path = self._folder / "template.sqlite3"
            migrate(f"sqlite:///{path}")
            self._templates[vendor] = str(path)
        else:
            migrate(self._create(own_name("_template")))
            self._templates[vendor] = own_name("_template")
        return self._templates[vendor]

    def _create(self, name: str, template: str = "template1") -> str:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        self._made.append(name)
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    def close(self) -> None:
        drop(self._server, self._made)


def migrate(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def drop(server: str, names: list[str]) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def remove_leftovers(server: str, alive: Callable[[int], bool]) -> list[str]:
    """Drop what test runs of this host left whose process is gone. Answers the names."""
    with psycopg.connect(server) as connection:
        names = [str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")]
    dead = [name for name in names if (match := OURS.fullmatch(name)) and not alive(int(match[1]))]
    with contextlib.suppress(psycopg.Error):
        drop(server, dead)
    return dead
