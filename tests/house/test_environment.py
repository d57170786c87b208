"""A wrong environment is refused at start, by name; an empty one is none."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.databases import ROOT

WRONG = {
    "PORT": ["abc", "0", "70000"],
    "DEBUG": ["maybe"],
    "EMBEDDED": ["perhaps"],
    "LOG_LEVEL": ["LOUD"],
    "SECRET_KEY": ["too short"],
    "DATABASE_URL": ["mysql://localhost/x"],
    "CELERY_BROKER_URL": ["kafka://localhost"],
    "OUTBOUND_ALLOW": ["10.0.0.0/99"],
    "CSRF_TRUSTED_ORIGINS": ["som.example.com"],
    "SWEEP_SECONDS": ["0", "soon"],
    "PAGE_DEFAULT": ["5000"],
}
READ = "from config.env import read; print(read().model_dump_json())"


def python(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A Python with nothing of ours in its environment but `env`."""
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=bare | env, capture_output=True, text=True)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_it_refuses_a_wrong_value_by_name(name: str, value: str, tmp_path: Path) -> None:
    done = python("manage.py", "check", **{"VAR_DIR": str(tmp_path), name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"OpenSOM does not start. {name}: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["DATABASE_URL", "CELERY_BROKER_URL"])
def test_it_refuses_to_start_without_a_secret_key_unless_embedded(name: str, tmp_path: Path) -> None:
    value = {"DATABASE_URL": "postgres://localhost/x", "CELERY_BROKER_URL": "redis://localhost"}[name]
    done = python("manage.py", "check", **{"VAR_DIR": str(tmp_path), name: value})
    assert done.returncode == 1
    assert done.stderr.startswith("OpenSOM does not start. SECRET_KEY: must be set")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "value"), [("DEBUG", "true"), ("ALLOWED_HOSTS", "*")])
def test_it_refuses_what_is_unsafe_in_production(name: str, value: str) -> None:
    done = python("-c", READ, **{"SECRET_KEY": "x" * 50, name: value})
    assert done.returncode == 1
    assert f"{name}: " in done.stderr


def test_the_web_process_refuses_too() -> None:
    done = python("-m", "gunicorn", "-c", "config/gunicorn.py", PORT="abc")
    assert done.returncode != 0
    assert "PORT: " in done.stderr


def test_an_empty_value_counts_as_unset(tmp_path: Path) -> None:
    names = ("PORT", "DATABASE_URL", "SECRET_KEY", "EMBEDDED", "SWEEP_SECONDS")
    done = python("-c", READ, **dict.fromkeys(names, ""))
    assert done.returncode == 0, done.stderr
    assert done.stdout == python("-c", READ).stdout


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    script = "from config.env import read; print(read().secret_key)"
    env = {"VAR_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    started = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    secrets = {process.communicate()[0].strip() for process in started}
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 50
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_the_page_of_variables_is_up_to_date() -> None:
    call_command("configuration", check=True)


def test_an_outdated_page_of_variables_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tmf.management.commands.configuration.HEAD", "# Something else\n")
    with pytest.raises(CommandError, match="out of date"):
        call_command("configuration", check=True)


SHOW_LIMIT = """
import config.wsgi
from django.db import connection
with connection.cursor() as cursor:
    for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"SHOW {name}")
        print(cursor.fetchone()[0])
"""


def test_the_web_process_limits_its_statements_and_idle_transactions(fresh_database: Callable[[str], str]) -> None:
    env = {"DATABASE_URL": fresh_database("postgresql"), "STATEMENT_SECONDS": "2.5", "SECRET_KEY": "x" * 50}
    done = python("-c", SHOW_LIMIT, **env)
    assert done.stdout == "2500ms\n30s\n", done.stderr
