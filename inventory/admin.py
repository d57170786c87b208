"""Services as operators see them: read-only; orders and the API change them."""

from __future__ import annotations

from django.contrib import admin

from inventory.models import Service
from tmf.admin import LookOnlyAdmin
from tmf.admin_parts import column, link, pretty

STATE_LABELS = {
    "active": "success", "designed": "info", "feasibilityChecked": "info", "reserved": "info", "inactive": "warning",
    "suspended": "warning",
}  # fmt: skip


@admin.register(Service)
class ServiceAdmin(LookOnlyAdmin):
    list_display = ["id", "name", "shown_state", "category", "specification_id", "party", "created_at"]
    list_filter = ["state", "category"]
    search_fields = ["id", "name", "party", "order_id", "specification_id"]
    ordering = ["-created_at", "-id"]
    show_full_result_count = False
    fields = [
        "id", "name", ("state", "operating_status"), "shown_specification", ("category", "party"), "shown_order",
        ("service_date", "revision"), ("start_date", "end_date"), "shown_body", "shown_body_v5",
    ]  # fmt: skip
    readonly_fields = ["shown_specification", "shown_order", "revision", "shown_body", "shown_body_v5"]

    @column("State", ordering="state", label=STATE_LABELS)
    def shown_state(self, service: Service) -> str:
        return service.state

    @column("Specification")
    def shown_specification(self, service: Service) -> str:
        return link("catalog_servicespecification", service.specification_id, service.specification_id)

    @column("Made by order")
    def shown_order(self, service: Service) -> str:
        return link("ordering_serviceorder", service.order_id, service.order_id)

    @column("Its attributes")
    def shown_body(self, service: Service) -> str:
        return pretty(service.body)

    @column("In version 5 besides")
    def shown_body_v5(self, service: Service) -> str:
        return pretty(service.body_v5)
