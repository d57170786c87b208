"""What the engine does when it hears of an order. Called by the dispatcher, inside its transaction.

An event may be handed on twice or late: every handler writes what is owed, and writing it again changes nothing.
"""

from django.db.models.functions import Now

from orchestrator.models import Plan
from orchestrator.owner import process_id
from ordering.models import OrderState, ServiceOrder
from tmf import journal
from tmf.models import Event
from tmf.nudges import nudge_on_commit


def on_order_created(event: Event) -> None:
    """Owes the order its plan. One that has been cancelled meanwhile has a plan already."""
    order = ServiceOrder.objects.filter(pk=event.resource_id).values("on_hold").first()
    if order:
        owed = Plan(order_id=event.resource_id, paused=order["on_hold"])
        Plan.objects.bulk_create([owed], ignore_conflicts=True)
        nudge_on_commit("decompose")


def on_order_state_changed(event: Event) -> None:
    """An order on hold pauses its plans; one that goes on wakes them. A cancellation knows no hold."""
    order = ServiceOrder.objects.filter(pk=event.resource_id).values("on_hold", "state").first()
    if order and order["state"] == OrderState.IN_PROGRESS:
        _owe_again(event.resource_id)
    if order and Plan.objects.filter(
        order_id=event.resource_id, paused=not order["on_hold"], state__in=[Plan.State.OWED, Plan.State.ACTIVE]
    ).update(paused=order["on_hold"]):
        nudge_on_commit("decompose")
        nudge_on_commit("drive")


def on_order_changed(event: Event) -> None:
    """New items may hold what the old ones lacked."""
    if "serviceOrderItem" in event.field_path.split(","):
        _owe_again(event.resource_id)


def _owe_again(order_id: str) -> None:
    """The client has supplied what was asked for, or says so: whether it is all is judged anew."""
    waiting = Plan.objects.filter(order_id=order_id, state=Plan.State.PENDING)
    if plan := waiting.first():
        waiting.update(state=Plan.State.OWED, due_at=Now(), attempts=0)
        journal.record([journal.entry("Plan", str(plan.pk), "pending", "owed", actor=process_id(), order_id=order_id)])
        nudge_on_commit("decompose")


def on_cancel_created(event: Event) -> None:
    """The request itself is what is owed; this only hurries."""
    nudge_on_commit("cancel")
