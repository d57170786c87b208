"""Services as operators see them: read-only; orders and the API change them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from inventory.models import Service


@admin.register(Service)
class ServiceAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["id", "name", "state", "category", "specification_id", "party", "created_at"]
    list_filter = ["state", "category"]
    search_fields = ["id", "name", "party", "order_id", "specification_id"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    fields = [
        "id", "name", "state", "category", "specification_id", "party", "order_id",
        "operating_status", "service_date", "start_date", "end_date", "revision", "body", "body_v5",
    ]  # fmt: skip
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
