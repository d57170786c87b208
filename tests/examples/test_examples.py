"""docs/examples: what it shows is what the system answers, and it shows everything (docs/examples/README.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
NAMES = [
    "README.md",
    *(f"{scenario.name}.md" for scenario in scenarios()),
    "opensom.http",
    "opensom.postman_collection.json",
]
# Attributes of stored objects come in the database's own order, so the pages are PostgreSQL's.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture(scope="module")
def made(played: list[Exchange]) -> dict[str, str]:
    """File name → what it should be."""
    return {
        "README.md": index(played),
        **pages(played),
        "opensom.http": rest_client(scenarios()),
        "opensom.postman_collection.json": postman(played),
    }


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_what_is_answered(name: str, made: dict[str, str]) -> None:
    path = FOLDER / name
    if WRITE:
        path.write_text(made[name])
    assert path.exists(), "to make it: manage.py examples"
    assert path.read_text() == made[name], f"{name} is out of date. To accept the change: manage.py examples"


def test_it_shows_everything(played: list[Exchange]) -> None:
    missing = {*wanted()} - {*shown(played)}
    assert missing == {*EXCEPTIONS}


def test_it_has_no_other_files() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*NAMES, "definitions"}


def test_its_requests_use_only_what_is_known_by_then() -> None:
    known = {*GIVEN}
    for step in chain.from_iterable(scenario.steps for scenario in scenarios()):
        assert {*_used(step)} <= known, step.title
        assert not known & {*step.keep}, step.title
        known |= {*step.keep}
        assert {*variables([hearing.content for hearing in step.hear])} <= known, step.title


def _used(step: Step) -> Iterator[str]:
    yield from variables([step.address, step.headers, step.body, step.until])
