"""Machine clients, and the bearer tokens that an operator hands them without the token endpoint."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import AccessToken, set_token_value

from tmf import journal
from tmf.models import Client


@transaction.atomic(durable=True)
def token_issue(*, client: str, party: str, scopes: Sequence[str], days: float) -> str:
    """The token, which is not kept: only its checksum is. The client is made when there is none of that name.

    Raises ValueError for a scope that does not exist, or when the client acts for another party.
    """
    if unknown := sorted({*scopes} - {*settings.BSS_SCOPES, "admin"}):
        raise ValueError(f"no such scope: {', '.join(unknown)}")
    owner = _client(client, party, scopes)
    raw = secrets.token_urlsafe(32)
    token = AccessToken(application=owner, scope=" ".join(scopes), expires=timezone.now() + timedelta(days=days))
    set_token_value(token, raw)
    token.save()
    journal.record([journal.entry("Client", owner.pk, "", "token issued", actor="operator", reason=token.scope)])
    return raw


def _client(name: str, party: str, scopes: Sequence[str]) -> Client:
    found: Client | None = Client.objects.filter(name=name).first()
    if found is None:
        made = Client(name=name, party=party, scopes=" ".join(scopes))
        made.client_type = Client.CLIENT_CONFIDENTIAL
        made.authorization_grant_type = Client.GRANT_CLIENT_CREDENTIALS
        made.save()
        return made
    if found.party != party:
        raise ValueError(f"the client {name} acts for {found.party or 'no party'}, not for {party}")
    return found
