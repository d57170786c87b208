"""DELETE /service/{id}: by state, and by a setting for what is in use."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from inventory.models import Service, ServiceState
from inventory.states import IN_USE
from tests.inventory.conftest import Record
from tests.inventory.documents import PATH
from tests.unchanged import nothing_happens
from tmf.models import Event, JournalEntry


@pytest.mark.parametrize("state", ServiceState.values)
def test_it_deletes_in_any_state_by_default(bss: Client, recorded: Record, state: str) -> None:
    row = recorded(state=state)
    shown = bss.get(f"{PATH}/{row.pk}").json()
    answer = bss.delete(f"{PATH}/{row.pk}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert Service.objects.count() == 0
    event = Event.objects.get(sequence=2)
    assert (event.type, event.payload) == ("ServiceDeleteEvent", {**shown, "href": f"{PATH}/{row.pk}"})
    assert [*JournalEntry.objects.order_by("id").values_list("before", "after")][1:] == [(state, "deleted")]


@pytest.mark.parametrize("state", ServiceState.values)
def test_it_keeps_what_is_in_use_when_told_so(bss: Client, recorded: Record, settings: Any, state: str) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SERVICE_DELETE_IN_USE": False})
    row = recorded(state=state)
    if state not in IN_USE:
        assert bss.delete(f"{PATH}/{row.pk}").status_code == 204
        return
    with nothing_happens():
        assert bss.delete(f"{PATH}/{row.pk}").status_code == 409


def test_it_allows_it_by_default() -> None:
    assert settings.ENV.SERVICE_DELETE_IN_USE


def test_it_answers_a_stranger_404_whatever_is_asked(stranger: Client, recorded: Record) -> None:
    path = f"{PATH}/{recorded().pk}"
    with nothing_happens():
        answers = [stranger.get(path), stranger.patch(path, {"name": "x"}, "application/json"), stranger.delete(path)]
    assert [answer.status_code for answer in answers] == [404] * 3
