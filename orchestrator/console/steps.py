"""Steps: what is done where, what was tried, what came back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from orchestrator.console.parts import column, link, order_link, pretty
from orchestrator.console.waiting import STATE_LABELS, waits_for, with_causes
from orchestrator.models import Answer, Attempt, Step
from tmf.admin import LookOnlyAdmin


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


class AttemptInline(LookOnlyInline):
    model = Attempt
    fields = ["started_at", "finished_at", "verb", "outcome", "message", "operation_key", "owner"]
    readonly_fields = fields
    ordering = ["-id"]


class AnswerInline(LookOnlyInline):
    model = Answer
    fields = ["received_at", "used_at", "operation_key", "shown_body"]
    readonly_fields = fields
    ordering = ["-id"]

    @column("Answer")
    def shown_body(self, answer: Answer) -> str:
        return pretty(answer.body)


@admin.register(Step)
class StepAdmin(LookOnlyAdmin):
    list_display = ["key", "shown_state", "target", "specification", "shown_order", "attempts", "due_at", "waits"]
    list_filter = ["state", "target", "connector"]
    search_fields = ["order_id__exact", "key__exact", "correlation__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [AttemptInline, AnswerInline]
    fields = [
        ("key", "state"), ("shown_order", "shown_plan"), ("target", "connector"), "waits", "shown_error",
        ("attempts", "polls", "in_doubt"), ("due_at", "answer_by"), ("started_at", "finished_at"),
        ("operation_key", "correlation"), ("claim", "lease_until", "fence"),
        "shown_request", "deferred", "shown_outputs", "shown_spec",
    ]  # fmt: skip
    readonly_fields = [
        "shown_order", "shown_plan", "waits", "operation_key", "shown_request", "shown_outputs", "shown_error",
        "shown_spec",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        return with_causes(super().get_queryset(request))

    @column("State", ordering="state", label=STATE_LABELS)
    def shown_state(self, step: Step) -> str:
        return step.state

    @column("For", ordering="item__specification_name")
    def specification(self, step: Step) -> str:
        return str(step.item)

    @column("Order", ordering="order_id")
    def shown_order(self, step: Step) -> str:
        return order_link(step.order_id)

    @column("Plan")
    def shown_plan(self, step: Step) -> str:
        return link("orchestrator_plan", step.plan_id, step.plan)

    @column("Waits for")
    def waits(self, step: Step) -> str:
        return waits_for(step)

    @column("Request")
    def shown_request(self, step: Step) -> str:
        return pretty(step.request)

    @column("Outputs")
    def shown_outputs(self, step: Step) -> str:
        return pretty(step.outputs)

    @column("Last failure")
    def shown_error(self, step: Step) -> str:
        return pretty(step.error)

    @column("Of its definition")
    def shown_spec(self, step: Step) -> str:
        return pretty(step.spec)
