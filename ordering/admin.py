"""Orders as operators see them: read-only; what may be done to them is the engine's console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ordering.models import CancelServiceOrder, ServiceOrder, ServiceOrderItem
from tmf.admin import LookOnlyAdmin, LookOnlyInline
from tmf.admin_parts import column, complaints, lines, link, order_link, pretty, when
from tmf.models import JournalEntry

STORY_MAX = 200  # journal lines shown of one order, the newest
STATE_LABELS = {
    "acknowledged": "info", "pending": "warning", "inProgress": "info", "held": "danger", "rejected": "danger",
    "failed": "danger", "partial": "warning", "completed": "success", "assessingCancellation": "warning",
    "pendingCancellation": "warning",
}  # fmt: skip


class ItemInline(LookOnlyInline):
    model = ServiceOrderItem
    ordering = ["position"]
    fields = ["item_id", "action", "shown_state", "shown_own", "shown_service", "shown_errors"]
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = "Items"

    @column("State", label=STATE_LABELS)
    def shown_state(self, item: ServiceOrderItem) -> str:
        return item.state

    @column("Own work")
    def shown_own(self, item: ServiceOrderItem) -> str:
        return item.own

    @column("Service")
    def shown_service(self, item: ServiceOrderItem) -> str:
        named = item.body.get("service", {}).get("name") or item.service_id
        return link("inventory_service", item.service_id, named) if item.service_id else named

    @column("Errors")
    def shown_errors(self, item: ServiceOrderItem) -> str:
        return lines(complaints(item.errors))


@admin.register(ServiceOrder)
class ServiceOrderAdmin(LookOnlyAdmin):
    list_display = ["id", "shown_state", "external_id", "category", "priority", "party", "created_at"]
    list_filter = ["state", "on_hold", "category"]
    search_fields = ["id", "external_id", "party"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    fields: list[str | tuple[str, ...]] = [
        ("state", "on_hold"), ("external_id", "party"), ("category", "priority"), "shown_errors",
        ("created_at", "start_date"), ("requested_start_date", "requested_completion_date"),
        ("expected_completion_date", "completion_date"), "cancellation_date", "shown_body", "story",
    ]  # fmt: skip
    readonly_fields = ["shown_errors", "shown_body", "story"]
    inlines = [ItemInline]

    @column("State", ordering="state", label=STATE_LABELS)
    def shown_state(self, order: ServiceOrder) -> str:
        return order.state

    @column("Errors")
    def shown_errors(self, order: ServiceOrder) -> str:
        return lines(complaints(order.errors))

    @column("What else the client said")
    def shown_body(self, order: ServiceOrder) -> str:
        return pretty(order.body)

    @column("Journal")
    def story(self, order: ServiceOrder) -> str:
        """The order's journal, newest first."""
        return lines(_line(entry, order.pk) for entry in _told(order.pk).order_by("-id")[:STORY_MAX])


def _told(order_id: str) -> QuerySet[JournalEntry]:
    """Without every look at work that a target has accepted: of those the first alone is news."""
    entries = JournalEntry.objects.filter(order_id=order_id)
    again = Q(entity="Step", before="running", after="accepted") & Exists(
        JournalEntry.objects.filter(
            entity="Step", entity_id=OuterRef("entity_id"), before="running", after="accepted", id__lt=OuterRef("id")
        )
    )
    return entries.exclude(entity="Step", before="accepted", after="running").exclude(again)


def _line(entry: JournalEntry, order_id: str) -> SafeString:
    """One line of the story; the order's own id goes without saying."""
    own = entry.entity_id.removeprefix(order_id).removeprefix("/")
    change = f"{entry.before} → {entry.after}" if entry.before else f"→ {entry.after}"
    reason = f": {entry.reason}" if entry.reason else ""
    return format_html("{} {} {} {}{} ({})", when(entry.at), entry.entity, own, change, reason, entry.actor)


@admin.register(CancelServiceOrder)
class CancelServiceOrderAdmin(LookOnlyAdmin):
    list_display = ["id", "shown_order", "state", "party", "requested_date", "effective_date", "created_at"]
    list_filter = ["state"]
    search_fields = ["id", "order__id", "party"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    fields = [
        "whole_order", ("state", "party"), "ending", ("requested_date", "effective_date"), ("due_at", "attempts"),
        "shown_body",
    ]  # fmt: skip
    readonly_fields = ["whole_order", "ending", "due_at", "attempts", "shown_body"]

    @column("Order", ordering="order")
    def shown_order(self, task: CancelServiceOrder) -> str:
        return order_link(task.order_id)

    @column("Order")
    def whole_order(self, task: CancelServiceOrder) -> str:
        return link("ordering_serviceorder", task.order_id, task.order_id)

    @column("How it ended")
    def ending(self, task: CancelServiceOrder) -> str:
        """Its completionMessage, or the sentences of its errorMessage."""
        error: Any = task.body.get("errorMessage")
        return task.body.get("completionMessage") or lines(complaints([error] if error else []))

    @column("What its client said")
    def shown_body(self, task: CancelServiceOrder) -> str:
        return pretty(task.body)
