"""The locked requirements can be installed from anywhere."""

from __future__ import annotations

import re

import pytest

from tests.databases import ROOT


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_it_pins_everything_with_hashes_and_names_no_registry(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index" not in text
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_it_locks_what_is_asked_for(name: str) -> None:
    asked = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / f"{name}.in").read_text(), re.MULTILINE)
    locked = {_plain(word) for word in re.findall(r"^([A-Za-z][\w.-]*)==", (ROOT / f"{name}.txt").read_text(), re.M)}
    assert [word for word in asked if _plain(word) not in locked] == []


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
