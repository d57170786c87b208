"""Orders with what the engine knows of them: why they wait, what their plan is, what fell out."""

from __future__ import annotations

from django.contrib import admin

from orchestrator.console.parts import answer
from orchestrator.models import Fallout, Plan
from ordering.admin import ServiceOrderAdmin
from ordering.models import CancelServiceOrder, ServiceOrder
from tmf.admin_parts import column, lines, link

admin.site.unregister(ServiceOrder)


@admin.register(ServiceOrder)
class OrderConsole(ServiceOrderAdmin):
    fields = ["why", "plans", "fallouts", "cancellations", *ServiceOrderAdmin.fields]
    readonly_fields = ["why", "plans", "fallouts", "cancellations", *ServiceOrderAdmin.readonly_fields]

    @column("Why does it wait?")
    def why(self, order: ServiceOrder) -> str:
        return answer(order)

    @column("Plan and steps")
    def plans(self, order: ServiceOrder) -> str:
        made = Plan.objects.filter(order=order).order_by("-generation")
        return lines(link("orchestrator_plan", plan.pk, f"plan {plan.generation}, {plan.state}") for plan in made)

    @column("Fallouts")
    def fallouts(self, order: ServiceOrder) -> str:
        fell = Fallout.objects.filter(order=order).order_by("-pk")[:50]
        return lines(link("orchestrator_fallout", one.pk, f"{one.state}: {one.message}") for one in fell)

    @column("Cancellations")
    def cancellations(self, order: ServiceOrder) -> str:
        asked = CancelServiceOrder.objects.filter(order=order).order_by("-created_at")
        return lines(link("ordering_cancelserviceorder", one.pk, f"{one.state}: {one.pk}") for one in asked)
