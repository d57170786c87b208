"""What the engine does when it hears of orders. Called by the dispatcher, inside its transaction.

A handler gets all the events of a batch that are for it, in their order, and does its work for them together. An event
may be handed on twice or late: every handler writes what is owed, and writing it again changes nothing.
"""

from collections.abc import Collection, Iterable, Sequence

from django.db.models.functions import Now

from orchestrator.models import Plan
from orchestrator.owner import process_id
from orchestrator.states import plan_moved
from ordering.models import OrderState, ServiceOrder
from tmf import journal
from tmf.models import Event
from tmf.nudges import nudge_on_commit

LIVE = (Plan.State.OWED, Plan.State.ACTIVE)


def on_orders_created(events: Sequence[Event]) -> None:
    """Owes the orders their plans. One that has been cancelled meanwhile has a plan already."""
    orders = ServiceOrder.objects.filter(pk__in=_orders(events)).values_list("pk", "on_hold")
    owed = [Plan(order_id=pk, paused=on_hold) for pk, on_hold in orders]
    if owed:
        Plan.objects.bulk_create(owed, ignore_conflicts=True)
        nudge_on_commit("decompose")


def on_orders_state_changed(events: Sequence[Event]) -> None:
    """An order on hold pauses its plan; one that goes on wakes it. A cancellation knows no hold."""
    orders = list(ServiceOrder.objects.filter(pk__in=_orders(events)).values_list("pk", "on_hold", "state"))
    _owe_again([pk for pk, _, state in orders if state == OrderState.IN_PROGRESS])
    for on_hold in (False, True):
        _pause([pk for pk, held, _ in orders if held == on_hold], on_hold)


def on_orders_changed(events: Sequence[Event]) -> None:
    """New items may hold what the old ones lacked."""
    _owe_again(_orders(event for event in events if "serviceOrderItem" in event.field_path.split(",")))


def on_cancels_created(events: Sequence[Event]) -> None:
    """The requests themselves are what is owed; this only hurries."""
    nudge_on_commit("cancel")


def _orders(events: Iterable[Event]) -> set[str]:
    return {event.resource_id for event in events}


def _pause(orders: Collection[str], paused: bool) -> None:
    others = Plan.objects.filter(order__in=orders, paused=not paused, state__in=LIVE)
    if orders and others.update(paused=paused):
        nudge_on_commit("decompose")
        nudge_on_commit("drive")


def _owe_again(orders: Collection[str]) -> None:
    """The client has supplied what was asked for, or says so: whether it is all is judged anew."""
    waiting = Plan.objects.filter(order__in=orders, state=Plan.State.PENDING)
    if orders and (plans := [*waiting.order_by("pk").select_for_update().values_list("pk", "order_id")]):
        waiting.update(state=Plan.State.OWED, due_at=Now(), attempts=0)
        journal.record(
            plan_moved(pk, Plan.State.PENDING, Plan.State.OWED, actor=process_id(), order_id=order_id)
            for pk, order_id in plans
        )
        nudge_on_commit("decompose")
