"""Clients, listeners, events, deliveries and the journal in the admin. What is append-only is only shown."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from oauth2_provider import models as oauth
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from tmf.models import Client, Delivery, Event, JournalEntry, Process, Subscription


class LookOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows that operators look at and never write."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


TOKENS = (oauth.AccessToken, oauth.RefreshToken, oauth.IDToken, oauth.Grant, oauth.DeviceGrant)
for model in (*TOKENS, Client, User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class OperatorAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """Operators: who may log in here."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Roles: what those who have them may do here."""


@admin.register(Client)
class ClientAdmin(ModelAdmin):  # type: ignore[misc]
    """Machine clients. The secret is shown while it is typed, and kept hashed."""

    list_display = ["name", "client_id", "party", "scopes", "created"]
    search_fields = ["name", "client_id", "party"]
    fields = ["name", "party", "scopes", "unique_external_id", "client_id", "client_secret"]

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        obj.client_type = Client.CLIENT_CONFIDENTIAL
        obj.authorization_grant_type = Client.GRANT_CLIENT_CREDENTIALS
        super().save_model(request, obj, form, change)


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):  # type: ignore[misc]
    """Listeners register themselves; operators switch them off and on, and remove them."""

    list_display = ["callback", "api", "party", "state", "failures", "resume_at", "created_at"]
    list_filter = ["api", "state"]
    search_fields = ["id__exact", "callback", "party"]
    readonly_fields = [
        "id", "api", "version", "callback", "query", "base_url", "party", "sees_all", "failures", "resume_at",
        "created_at",
    ]  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Event)
class EventAdmin(LookOnlyAdmin):
    list_display = ["type", "resource_id", "sequence", "occurred_at", "dispatched_at", "failed_at"]
    list_filter = ["api", "type"]
    search_fields = ["resource_id__exact", "event_id__exact"]
    ordering = ["-id"]


@admin.register(Delivery)
class DeliveryAdmin(LookOnlyAdmin):
    list_display = ["event", "subscription", "state", "attempts", "status", "due_at", "delivered_at"]
    list_filter = ["state"]
    list_select_related = ["event", "subscription"]
    search_fields = ["resource_id__exact", "subscription__id__exact"]
    ordering = ["-id"]


@admin.register(JournalEntry)
class JournalEntryAdmin(LookOnlyAdmin):
    list_display = ["at", "entity", "entity_id", "before", "after", "reason", "actor"]
    list_filter = ["entity", "after"]
    search_fields = ["order_id__exact", "entity_id__exact"]
    ordering = ["-id"]


@admin.register(Process)
class ProcessAdmin(LookOnlyAdmin):
    list_display = ["id", "kind", "started_at", "seen_at"]
