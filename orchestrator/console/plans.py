"""Plans: what an order needs done, how far it is, and what each step waits for."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from orchestrator.console.parts import answer
from orchestrator.console.waiting import STATE_LABELS, waits_for, with_causes
from orchestrator.models import FulfilmentItem, Plan, Step
from tmf.admin import LookOnlyAdmin, LookOnlyInline
from tmf.admin_parts import column, link, table

PLAN_LABELS = {"owed": "warning", "active": "info", "done": "success", "refused": "danger"}


class ItemInline(LookOnlyInline):
    model = FulfilmentItem
    fields = ["action", "specification_name", "state", "part_of", "shown_service", "steps_open", "tree_open"]
    readonly_fields = fields
    ordering = ["position"]
    verbose_name_plural = "Fulfilment items"

    def get_queryset(self, request: HttpRequest) -> QuerySet[FulfilmentItem]:
        return super().get_queryset(request).select_related("parent")  # type: ignore[no-any-return]

    @column("Part of")
    def part_of(self, item: FulfilmentItem) -> str:
        return str(item.parent or "")

    @column("Service")
    def shown_service(self, item: FulfilmentItem) -> str:
        recorded = item.state == FulfilmentItem.State.DONE or item.action != "add"
        return link("inventory_service", item.service_id, item.service_id) if recorded else item.service_id


class StepInline(LookOnlyInline):
    model = Step
    fields = ["shown_key", "shown_state", "item", "shown_target", "attempts", "waits"]
    readonly_fields = fields
    ordering = ["id"]
    verbose_name_plural = "Steps"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        return with_causes(super().get_queryset(request))

    @column("Step")
    def shown_key(self, step: Step) -> str:
        return link("orchestrator_step", step.pk, step.key)

    @column("State", label=STATE_LABELS)
    def shown_state(self, step: Step) -> str:
        return step.state

    @column("Target")
    def shown_target(self, step: Step) -> str:
        return link("orchestrator_target", step.target, step.target)

    @column("Waits for")
    def waits(self, step: Step) -> str:
        return waits_for(step, timezone.now())


@admin.register(Plan)
class PlanAdmin(LookOnlyAdmin):
    list_display = ["__str__", "shown_state", "progress", "held", "on_hold", "created_at", "planned_at", "finished_at"]
    list_filter = ["state", "paused"]
    search_fields = ["order__id__exact", "order__external_id__exact"]
    ordering = ["-id"]
    show_full_result_count = False
    inlines = [StepInline, ItemInline]
    fields = [
        "why", "shown_order", ("state", "on_hold"), ("planned_at", "finished_at"), "error", ("attempts", "due_at"),
        ("generation", "created_at"), "shown_pins",
    ]  # fmt: skip
    readonly_fields = ["why", "shown_order", "on_hold", "shown_pins"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        done, held = _count(state=Step.State.DONE), _count(state=Step.State.HELD)
        plans: QuerySet[Plan] = super().get_queryset(request).select_related("order")
        return plans.annotate(steps_all=_count(), steps_done=done, steps_held=held)

    @column("Why does it wait?")
    def why(self, plan: Plan) -> str:
        return answer(plan.order)

    @column("State", ordering="state", label=PLAN_LABELS)
    def shown_state(self, plan: Plan) -> str:
        return plan.state

    @column("Steps done")
    def progress(self, plan: Any) -> str:
        return f"{plan.steps_done} of {plan.steps_all}"

    @column("Held", label=True)
    def held(self, plan: Any) -> int | str:
        return plan.steps_held or ""

    @column("On hold", ordering="paused")
    def on_hold(self, plan: Plan) -> str:
        return "on hold" if plan.paused else ""

    @column("Order")
    def shown_order(self, plan: Plan) -> str:
        return link("ordering_serviceorder", plan.order_id, plan.order_id)

    @column("Made from")
    def shown_pins(self, plan: Plan) -> str:
        pins = ((pin["specification"], pin["action"], pin["version"]) for pin in plan.pins)
        return table(["Definition", "Action", "Version"], pins)


def _count(**which: str) -> Any:
    steps = Step.objects.filter(plan=OuterRef("pk"), **which).order_by().values("plan")
    return Coalesce(Subquery(steps.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
