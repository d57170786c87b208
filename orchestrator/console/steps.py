"""Steps: what is done where, what was tried, what came back."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orchestrator.console.waiting import STATE_LABELS, waits_for, with_causes
from orchestrator.models import Answer, Attempt, Step
from tmf.admin import LookOnlyAdmin, LookOnlyInline
from tmf.admin_parts import column, described, lines, link, order_link, pretty


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
    list_display = ["key", "shown_state", "shown_target", "specification", "shown_order", "attempts", "due_at", "waits"]
    list_filter = ["state", "target", "connector"]
    search_fields = ["order_id__exact", "key__exact", "correlation__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [AttemptInline, AnswerInline]
    fields = [
        ("key", "state"), "waits", "fallen", "shown_order", "shown_plan", ("shown_target", "connector"), "shown_error",
        ("attempts", "polls", "in_doubt"), ("due_at", "answer_by"), ("started_at", "finished_at"),
        ("operation_key", "correlation"), ("claim", "lease_until", "fence"),
        "shown_request", "deferred", "shown_outputs", "shown_spec",
    ]  # fmt: skip
    readonly_fields = [
        "shown_order", "shown_plan", "shown_target", "waits", "fallen", "operation_key", "shown_request",
        "shown_outputs", "shown_error", "shown_spec",
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

    @column("Target", ordering="target")
    def shown_target(self, step: Step) -> str:
        return link("orchestrator_target", step.target, step.target)

    @column("Fallouts")
    def fallen(self, step: Step) -> str:
        return lines(link("orchestrator_fallout", one.pk, one) for one in step.fallouts.order_by("-pk"))

    @column("Plan")
    def shown_plan(self, step: Step) -> str:
        return link("orchestrator_plan", step.plan_id, step.plan)

    @column("Waits for")
    def waits(self, step: Step) -> str:
        return waits_for(step, timezone.now())

    @column("Request")
    def shown_request(self, step: Step) -> str:
        return described(step.request)

    @column("Outputs")
    def shown_outputs(self, step: Step) -> str:
        return described(step.outputs)

    @column("Last failure")
    def shown_error(self, step: Step) -> str:
        return described(step.error)

    @column("Of its definition")
    def shown_spec(self, step: Step) -> str:
        return pretty(step.spec)
