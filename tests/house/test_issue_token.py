"""`manage.py issue_token`."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from oauth2_provider.models import AccessToken

from tests.processes import Processes
from tmf.auth import actor_of
from tmf.models import Client, JournalEntry

pytestmark = pytest.mark.django_db


def issue(*words: str) -> str:
    out = StringIO()
    call_command("issue_token", "--client", "bss", "--party", "acme", *words, stdout=out)
    return out.getvalue()


def test_it_prints_a_token_that_may_do_what_a_bss_does() -> None:
    actor = actor_of(issue().removesuffix("\n"))
    assert (actor.name, actor.party) == ("bss", "acme")
    assert actor.scopes == {*settings.BSS_SCOPES}
    assert not actor.is_admin


def test_it_narrows_and_widens() -> None:
    assert actor_of(issue("--scope", "ordering:read catalog:read").strip()).scopes == {"ordering:read", "catalog:read"}
    assert actor_of(issue("--admin").strip()).is_admin


def test_it_keeps_one_client_and_not_the_token() -> None:
    tokens = {issue().strip(), issue().strip()}
    assert len(tokens) == 2
    assert Client.objects.count() == 1
    assert [*AccessToken.objects.values_list("token", flat=True)] == ["", ""]
    assert JournalEntry.objects.filter(entity="Client").count() == 2


@pytest.mark.parametrize("words", [("--scope", "everything"), ("--days", "0")])
def test_it_refuses_and_makes_nothing(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        issue(*words)
    assert (Client.objects.count(), AccessToken.objects.count()) == (0, 0)


def test_it_does_not_lend_a_client_to_another_party() -> None:
    issue()
    with pytest.raises(CommandError, match="acts for acme"):
        call_command("issue_token", "--client", "bss", "--party", "evil")
    assert AccessToken.objects.count() == 1


def test_it_prints_nothing_else(fresh_database: Callable[[str], str], processes: Processes) -> None:
    running = processes.manage("issue_token", "--client", "a", "--party", "b", database=fresh_database("sqlite"))
    assert running.wait() == 0
    assert len(running.output().split()) == 1
