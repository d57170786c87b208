"""The three APIs need no engine: with `orchestrator` left out of INSTALLED_APPS they pass their tests."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.databases import ROOT

QUIET = "tests.settings_quiet"
PROMISED = re.compile(r"(catalog|inventory|ordering)test_(.*resources?|.*_post|.*_patch|.*_delete)\.py")
ORDER = """
import django
django.setup()
from ordering.services import order_submit
from tmf.actors import Actor
item = {"id": "1", "action": "add", "service": {"name": "line"}}
order_submit(actor=Actor("bss", "acme"), document={"serviceOrderItem": [item]})
"""


def quietly(*words: str, **env: str) -> str:
    """A command under the quiet settings, to its good end; what it printed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=inherited | {"DJANGO_SETTINGS_MODULE": QUIET} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_apis_pass_their_tests_without_the_engine() -> None:
    """What every resource and every verb promises. `.ci/run` runs all of the three APIs' tests so."""
    found = sorted(
        str(path) for path in (ROOT / "tests").glob("*/test_*.py") if PROMISED.match(path.parent.name + path.name)
    )
    said = quietly("-m", "pytest", "-q", "-p", "no:cacheprovider", f"--ds={QUIET}", *found)
    assert re.search(r"^\d{3,} passed", said, re.MULTILINE), said


def test_an_order_is_told_of_without_the_engine(tmp_path: Path) -> None:
    """The engine is still named in the settings' tables; what leads to an app that is not there is left out."""
    file = tmp_path / "quiet.sqlite3"
    url = f"sqlite:///{file}"
    quietly("manage.py", "check", "--fail-level", "WARNING", DATABASE_URL=url)
    quietly("manage.py", "migrate", "-v0", DATABASE_URL=url)
    quietly("-c", ORDER, DATABASE_URL=url)
    assert quietly("manage.py", "sweeper", "--once", DATABASE_URL=url) == "1 settled\n"
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT state FROM ordering_serviceorder").fetchall() == [("acknowledged",)]
        assert connection.execute("SELECT count(*) FROM tmf_event WHERE dispatched_at IS NULL").fetchone() == (0,)
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'orchestrator%'").fetchone()
    assert found == (0,)
