"""Callers of the APIs: Django test clients that carry a bearer token."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.test import Client as HttpClient
from django.utils import timezone
from oauth2_provider.models import AccessToken

from tmf.models import Client


def client_of(party: str = "acme", scopes: Iterable[str] | None = None) -> HttpClient:
    """A client of this party with these scopes; without any, with all that a BSS has."""
    return http_client(token_of(party, settings.BSS_SCOPES if scopes is None else scopes))


def admin_client() -> HttpClient:
    return client_of("", ["admin"])


def anonymous() -> HttpClient:
    return HttpClient(raise_request_exception=False)


def http_client(token: str) -> HttpClient:
    return HttpClient(raise_request_exception=False, headers={"authorization": f"Bearer {token}"})


def token_of(party: str, scopes: Iterable[str], *, seconds: float = 3600) -> str:
    """A bearer token that expires after so many seconds."""
    client = Client.objects.create(
        name=f"client of {party}", party=party, client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS, hash_client_secret=False,
    )  # fmt: skip
    token = secrets.token_urlsafe(30)
    AccessToken.objects.create(
        application=client, token=token, scope=" ".join(scopes), expires=timezone.now() + timedelta(seconds=seconds)
    )
    return token
