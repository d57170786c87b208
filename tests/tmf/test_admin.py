"""The admin: every list and form opens, and what is append-only cannot be written."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client as HttpClient
from django.urls import reverse
from oauth2_provider.models import AccessToken

from catalog.models import ServiceSpecification
from catalog.resources import SERVICE_SPECIFICATION
from tests.helpers import client_of, token_of
from tmf.models import Client, Delivery, Event, JournalEntry, Process, Subscription

pytestmark = pytest.mark.django_db
SHOWN = [Client, Subscription, Event, Delivery, JournalEntry, Process, ServiceSpecification]
LOOKED_AT = [Event, Delivery, JournalEntry, Process, ServiceSpecification]


@pytest.fixture
def operator() -> HttpClient:
    client = HttpClient()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def rows() -> None:
    """One row of each."""
    made = client_of().post(SERVICE_SPECIFICATION.path(), {"name": "x"}, "application/json")
    assert made.status_code == 201
    listener = Subscription.objects.create(api="catalog", callback="https://listener.example/")
    event = Event.objects.get()
    Delivery.objects.create(subscription=listener, event=event, resource_id=event.resource_id, sequence=1)
    JournalEntry.objects.create(entity="Client", entity_id="1", after="made", actor="operator")
    Process.objects.create(id="1", kind="worker")


@pytest.mark.parametrize("model", SHOWN)
def test_it_shows(model: type[Client], operator: HttpClient) -> None:
    rows()
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert operator.get(reverse(f"{name}_changelist")).status_code == 200
    assert operator.get(reverse(f"{name}_changelist"), {"q": "x"}).status_code == 200
    assert operator.get(reverse(f"{name}_change", args=[model.objects.get().pk])).status_code == 200


@pytest.mark.parametrize("model", LOOKED_AT)
def test_it_writes_nothing_that_is_only_looked_at(model: type[Client], operator: HttpClient) -> None:
    rows()
    name, pk = f"admin:{model._meta.app_label}_{model._meta.model_name}", model.objects.get().pk
    assert operator.post(reverse(f"{name}_add"), {}).status_code == 403
    assert operator.post(reverse(f"{name}_change", args=[pk]), {}).status_code == 403
    assert operator.post(reverse(f"{name}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert model.objects.count() == 1


def test_it_makes_a_client_that_may_ask_for_tokens(operator: HttpClient) -> None:
    form = {"name": "bss", "party": "acme", "scopes": "", "client_id": "bss", "client_secret": "a-long-secret"}
    assert operator.post(reverse("admin:tmf_client_add"), form).status_code == 302
    made = Client.objects.get()
    assert (made.authorization_grant_type, made.client_type) == ("client-credentials", "confidential")
    assert "a-long-secret" not in made.client_secret


def test_it_shows_no_tokens() -> None:
    token_of("acme", [])
    assert not admin.site.is_registered(AccessToken)


@pytest.mark.parametrize("state", [Subscription.State.DISABLED, Subscription.State.ACTIVE])
def test_it_switches_a_listener_off_and_on(state: str, operator: HttpClient) -> None:
    rows()
    page = reverse("admin:tmf_subscription_change", args=[Subscription.objects.get().pk])
    assert operator.post(page, {"state": state}).status_code == 302
    assert Subscription.objects.get().state == state
