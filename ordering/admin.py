"""Orders as operators see them: read-only; what may be done to them is the engine's console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from ordering.models import CancelServiceOrder, ServiceOrder, ServiceOrderItem
from tmf.models import JournalEntry

STORY_MAX = 200  # journal lines shown of one order, the newest


class ReadOnly:
    """Everything can be seen, nothing can be changed."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ItemInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = ServiceOrderItem
    ordering = ["position"]
    fields = ["item_id", "action", "state", "own", "service_id", "errors"]
    readonly_fields = fields
    show_change_link = False
    extra = 0


@admin.register(ServiceOrder)
class ServiceOrderAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["id", "state", "external_id", "category", "priority", "party", "created_at"]
    list_filter = ["state", "on_hold", "category"]
    search_fields = ["id", "external_id", "party"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    fields = [
        "id", "state", "on_hold", "external_id", "category", "priority", "party", "created_at",
        "requested_start_date", "requested_completion_date", "expected_completion_date",
        "start_date", "completion_date", "cancellation_date", "errors", "body", "story",
    ]  # fmt: skip
    readonly_fields = fields
    inlines = [ItemInline]

    @admin.display(description="Journal")
    def story(self, order: ServiceOrder) -> SafeString:
        """The order's journal, newest first."""
        lines = JournalEntry.objects.filter(order_id=order.pk).order_by("-id")[:STORY_MAX]
        return format_html_join(
            "",
            "<div>{} {} {}: {} → {} {} ({})</div>",
            ((f"{e.at:%Y-%m-%d %H:%M:%S}", e.entity, e.entity_id, e.before, e.after, e.reason, e.actor) for e in lines),
        )


@admin.register(CancelServiceOrder)
class CancelServiceOrderAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["id", "order", "state", "party", "requested_date", "effective_date", "created_at"]
    list_filter = ["state"]
    list_select_related = ["order"]
    search_fields = ["id", "order__id", "party"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    fields = ["id", "order", "state", "party", "requested_date", "effective_date", "due_at", "attempts", "body"]
    readonly_fields = fields
