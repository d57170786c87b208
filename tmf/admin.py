"""Clients, listeners, events, deliveries and the journal in the admin. What is append-only is only shown."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.text import capfirst
from oauth2_provider import models as oauth
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from tmf.admin_parts import column, order_link, pretty
from tmf.models import Client, Delivery, Event, JournalEntry, Process, Subscription

Context = dict[str, Any] | None


class PlainAdmin(ModelAdmin):  # type: ignore[misc]
    """Lists are called by what they list."""

    def changelist_view(self, request: HttpRequest, extra_context: Context = None) -> Any:
        named = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, {**named, **(extra_context or {})})


class LookOnlyAdmin(PlainAdmin):
    """Rows that operators look at and never write."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Context = None
    ) -> Any:
        """Without Django's history, which knows only of what was written here; the journal knows all."""
        return super().changeform_view(request, object_id, form_url, {"show_history": False, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LookOnlyInline(TabularInline):  # type: ignore[misc]
    """Rows that belong to what is looked at."""

    extra = 0
    can_delete = False
    hide_title = True
    per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


TOKENS = (oauth.AccessToken, oauth.RefreshToken, oauth.IDToken, oauth.Grant, oauth.DeviceGrant)
for model in (*TOKENS, Client, User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class OperatorAdmin(UserAdmin, PlainAdmin):  # type: ignore[type-arg]
    """Operators: who may log in here."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class RoleAdmin(GroupAdmin, PlainAdmin):
    """Roles: what those who have them may do here."""


@admin.register(Client)
class ClientAdmin(PlainAdmin):
    """Machine clients. The secret is shown while it is typed, and kept hashed."""

    list_display = ["name", "client_id", "party", "scopes", "created"]
    search_fields = ["name", "client_id", "party"]
    fields = ["name", "party", "scopes", "unique_external_id", "client_id", "client_secret"]

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        obj.client_type = Client.CLIENT_CONFIDENTIAL
        obj.authorization_grant_type = Client.GRANT_CLIENT_CREDENTIALS
        super().save_model(request, obj, form, change)


@admin.register(Subscription)
class SubscriptionAdmin(PlainAdmin):
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
    readonly_fields = ["shown_payload", "shown_aside"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = {"payload": "shown_payload", "aside": "shown_aside"}
        return [shown.get(field.name, field.name) for field in self.model._meta.concrete_fields]

    @column("Payload")
    def shown_payload(self, event: Event) -> str:
        return pretty(event.payload)

    @column("Aside")
    def shown_aside(self, event: Event) -> str:
        return pretty(event.aside)


@admin.register(Delivery)
class DeliveryAdmin(LookOnlyAdmin):
    list_display = ["event", "subscription", "state", "attempts", "status", "due_at", "delivered_at"]
    list_filter = ["state"]
    list_select_related = ["event", "subscription"]
    search_fields = ["resource_id__exact", "subscription__id__exact"]
    ordering = ["-id"]


@admin.register(JournalEntry)
class JournalEntryAdmin(LookOnlyAdmin):
    list_display = ["at", "what", "change", "reason", "actor", "shown_order"]
    list_filter = ["entity", "after"]
    search_fields = ["order_id__exact", "entity_id__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = ["at", "entity", "entity_id", "shown_order", "change", "reason", "actor", "shown_data"]
    readonly_fields = ["shown_order", "change", "shown_data"]

    @column("What")
    def what(self, entry: JournalEntry) -> str:
        """The order itself stands in its own column."""
        own = entry.entity_id.removeprefix(entry.order_id).removeprefix("/") if entry.order_id else entry.entity_id
        return f"{entry.entity} {own if len(own) < 20 else f'…{own[-12:]}'}".strip()

    @column("Change", ordering="after")
    def change(self, entry: JournalEntry) -> str:
        return f"{entry.before} → {entry.after}" if entry.before else entry.after

    @column("Order")
    def shown_order(self, entry: JournalEntry) -> str:
        return entry.order_id and order_link(entry.order_id)

    @column("Data")
    def shown_data(self, entry: JournalEntry) -> str:
        return pretty(entry.data)


@admin.register(Process)
class ProcessAdmin(LookOnlyAdmin):
    list_display = ["id", "kind", "started_at", "seen_at"]
