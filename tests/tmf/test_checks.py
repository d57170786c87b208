"""The settings' dotted paths are checked at start."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import registry

from tmf.checks import check_wiring


def faults() -> list[tuple[str | None, str]]:
    return [(fault.id, fault.msg) for fault in check_wiring()]


def test_the_settings_as_they_are_lead_somewhere() -> None:
    assert faults() == []


def test_it_is_registered() -> None:
    registered: list[Any] = registry.registry.get_checks()
    assert check_wiring in registered


@pytest.mark.parametrize("table", ["WORK", "NUDGES", "CONNECTORS"])
def test_it_names_a_path_that_leads_nowhere(settings: Any, table: str) -> None:
    setattr(settings, table, {"stray": "tmf.dispatch.no_such_verb"})
    ((code, message),) = faults()
    assert code == "tmf.E001"
    assert message.startswith(f"settings.{table}['stray']: tmf.dispatch.no_such_verb leads nowhere")


def test_it_names_a_handler_that_cannot_be_called(settings: Any) -> None:
    settings.EVENT_HANDLERS = {"ThingCreateEvent": ["tmf.dispatch.BATCH"]}
    assert faults() == [
        ("tmf.E002", "settings.EVENT_HANDLERS['ThingCreateEvent']: tmf.dispatch.BATCH is nothing that can be called")
    ]


def test_it_skips_paths_into_apps_that_are_not_installed(settings: Any) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "orchestrator"]
    settings.EVENT_HANDLERS = {"X": ["orchestrator.handlers.no_such_handler"]}
    settings.WORK = {"drive": "orchestrator.no_such_module.drive_due"}
    assert faults() == []
