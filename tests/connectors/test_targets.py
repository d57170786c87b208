"""A target's row as its connector sees it."""

from pathlib import Path

import pytest
from pytest_django import Settings

from orchestrator.connectors.base import Misconfigured
from orchestrator.models import Target
from orchestrator.targets import target_system


def test_it_resolves_a_variable_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(name="ems", base_url="http://ems/api/", credentials="env:EMS_TOKEN", headers={"X-A": "b"})
    for secret in ("first", "second"):
        monkeypatch.setenv("EMS_TOKEN", secret)
        system = target_system(target)
        assert (system.name, system.base_url, system.headers) == ("ems", "http://ems/api", {"X-A": "b"})
        assert system.token == secret
        assert secret not in repr(system)


def test_it_reads_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    assert target_system(Target(name="ems", credentials=f"file:{tmp_path}/token")).token == "from-a-file"


def test_no_credentials_are_no_fault() -> None:
    assert target_system(Target(name="ems")).token == ""


@pytest.mark.parametrize(
    "credentials", ["env:NOT_SET", "env:", "file:/not/there", "file:relative", "file:/", "file:", "plain-secret", "a:b"]
)
def test_credentials_that_lead_nowhere_are_misconfigured(credentials: str) -> None:
    with pytest.raises(Misconfigured, match="ems: "):
        target_system(Target(name="ems", credentials=credentials))


def test_a_secret_that_breaks_a_header_is_misconfigured(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("two\r\nX-Lines: 1")
    with pytest.raises(Misconfigured) as misconfigured:
        target_system(Target(name="ems", credentials=f"file:{tmp_path}/token"))
    assert "two" not in misconfigured.value.message


def test_our_own_secrets_go_to_no_target(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "very-secret")
    settings.ENV = settings.ENV.model_copy(update={"VAR_DIR": tmp_path})
    (tmp_path / "secret_key").write_text("very-secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret_key")
    for credentials in ("env:SECRET_KEY", "env:DATABASE_URL", f"file:{tmp_path}/secret_key", f"file:{tmp_path}/link"):
        with pytest.raises(Misconfigured):
            target_system(Target(name="ems", credentials=credentials))
