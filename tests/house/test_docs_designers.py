"""docs/designers.md: its example definitions are valid, and it names every key there is."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command

from orchestrator.connectors.registry import connector
from orchestrator.definitions import SCHEMA, STEP_SCHEMA, faults
from orchestrator.expressions import VARIABLES
from orchestrator.models import Target

TEXT = (Path(settings.BASE_DIR) / "docs" / "designers.md").read_text()
EXAMPLES: list[dict[str, Any]] = [
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.M | re.S)
]
KEYS = [*SCHEMA["properties"], *STEP_SCHEMA["properties"], *STEP_SCHEMA["properties"]["retry"]["properties"]]


def test_it_shows_examples() -> None:
    assert [(each["specification"], each["action"]) for each in EXAMPLES] == [
        ("Access Line", "add"),
        ("Service Level", "add"),
        ("Access Line", "modify"),
        ("Site Survey", "add"),
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each['specification']} {each['action']}")
def test_its_examples_are_valid_definitions(example: dict[str, Any]) -> None:
    assert faults(example) == []


def test_its_first_example_has_every_key_of_a_step() -> None:
    used = {key for step in EXAMPLES[0]["steps"] for key in step}
    assert used == STEP_SCHEMA["properties"].keys()


@pytest.mark.parametrize(
    "name", [*KEYS, *sorted(VARIABLES), *settings.CONNECTORS, *Target.Delivery.values, *Target.State.values]
)
def test_it_names(name: str) -> None:
    assert f"`{name}`" in TEXT or f"`{name}" in TEXT


def test_it_lists_the_relationships_that_decompose() -> None:
    listed = re.search(r"in any case:\n(.*?)\n\(`DECOMPOSITION_RELATIONSHIPS`", TEXT, re.S)
    assert listed
    words = {word.lower() for word in re.findall(r"`(\w+)`", listed[1])}
    assert words == settings.DECOMPOSITION_RELATIONSHIPS


def test_its_connectors_exist() -> None:
    named = {step["connector"] for each in EXAMPLES for step in each["steps"] if "connector" in step}
    assert all(connector(name) for name in named)


DEMO = Path("orchestrator/demo/data/definitions")


def validated(*folder: Path) -> str:
    told = StringIO()
    call_command("definitions", "validate", *folder, stdout=told)
    return told.getvalue().strip()


def test_its_command_validates_a_folder() -> None:
    assert validated(DEMO) == "12 definitions are valid"


def test_its_command_takes_the_folder_of_the_environment(settings: Any) -> None:
    settings.ENV = settings.ENV.model_copy(update={"DEFINITIONS_DIR": DEMO})
    assert validated() == "12 definitions are valid"


def test_its_command_asks_for_a_folder(settings: Any) -> None:
    settings.ENV = settings.ENV.model_copy(update={"DEFINITIONS_DIR": None})
    with pytest.raises(CommandError, match="which folder"):
        validated()
