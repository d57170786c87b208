"""docs/examples: what it shows is what the system answers, and it shows everything (docs/examples/README.md)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from difflib import unified_diff
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings

from tests.examples.index import index
from tests.examples.pages import pages
from tests.examples.postman import postman
from tests.examples.record import Exchange
from tests.examples.rest_client import rest_client
from tests.examples.scenario import GIVEN, Step, scenarios, variables
from tests.examples.shown import EXCEPTIONS, shown, wanted

FOLDER = Path(settings.BASE_DIR) / "docs" / "examples"
WRITE = os.environ.get("OPENSOM_EXAMPLES") == "write"
DIFFERENCE = 40  # lines of a difference that are told


def real(test: Callable[..., None]) -> Callable[..., None]:
    """Played against the system. Attributes of stored objects come in the database's own order: it is PostgreSQL's."""
    return pytest.mark.postgresql(pytest.mark.django_db(transaction=True)(test))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def made(played: list[Exchange]) -> dict[str, str]:
    """File name → what it should be."""
    return {
        "README.md": index(played),
        **pages(played),
        "opensom.http": rest_client(scenarios()),
        "opensom.postman_collection.json": postman(played),
    }


@real
def test_it_shows_what_is_answered(made: dict[str, str]) -> None:
    if WRITE:
        for name, text in made.items():
            (FOLDER / name).write_text(text)
    faults = [fault for name, text in made.items() if (fault := difference(name, text))]
    assert not faults, "\n".join([*faults, "To accept the change: manage.py examples"])


def difference(name: str, text: str) -> str:
    """How the file differs from what it should be; empty when it does not."""
    path = FOLDER / name
    there = path.read_text() if path.exists() else ""
    lines = unified_diff(there.splitlines(), text.splitlines(), f"{name} as it is", f"{name} as answered", lineterm="")
    return "\n".join([*lines][:DIFFERENCE])


@real
def test_it_shows_everything(played: list[Exchange]) -> None:
    missing = {*wanted()} - {*shown(played)}
    assert missing == {*EXCEPTIONS}


def test_it_has_no_other_files() -> None:
    others = {"README.md", "opensom.http", "opensom.postman_collection.json", "definitions"}
    assert {path.name for path in FOLDER.iterdir()} == {f"{scenario.name}.md" for scenario in scenarios()} | others


def test_its_requests_use_only_what_is_known_by_then() -> None:
    known = {*GIVEN}
    for step in chain.from_iterable(scenario.steps for scenario in scenarios()):
        assert {*_used(step)} <= known, step.title
        assert not known & {*step.keep}, step.title
        known |= {*step.keep}
        assert {*variables([hearing.content for hearing in step.hear])} <= known, step.title


def _used(step: Step) -> Iterator[str]:
    yield from variables([step.address, step.headers, step.body, step.until])
