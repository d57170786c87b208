"""Connectors by name."""

import pytest
from pytest_django import Settings

from orchestrator.connectors.base import Misconfigured
from orchestrator.connectors.registry import connector


def test_every_connector_of_the_settings_can_be_made(settings: Settings) -> None:
    for name in settings.CONNECTORS:
        made = connector(name)
        assert all(callable(getattr(made, verb)) for verb in ("apply", "undo", "look_up", "read_answer"))


def test_an_unknown_name_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="'nobody'; there are manual, rest"):
        connector("nobody")


def test_a_package_of_ones_own_can_add_one(settings: Settings) -> None:
    settings.CONNECTORS = {"mine": "orchestrator.connectors.manual.ManualConnector"}
    assert type(connector("mine")).__name__ == "ManualConnector"
