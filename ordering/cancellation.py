"""What whoever does the work says of a cancellation: how the request, its order and its items go on.

Each in the caller's transaction, which holds the rows of the request and of the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from ordering.models import CancelServiceOrder, CancelState, OrderState, ServiceOrder, ServiceOrderItem
from ordering.progress import ItemMove, items_move, orders_move
from ordering.resources import CANCEL_SERVICE_ORDER
from ordering.states import CANCEL_MOVES, CANCELLING, TERMINAL
from tmf import journal, outbox
from tmf.revisions import advance

Json = dict[str, Any]
SHOWN = (OrderState.ASSESSING_CANCELLATION, OrderState.PENDING_CANCELLATION)  # by items that are to be cancelled


def cancel_move(*, task: CancelServiceOrder, after: CancelState, actor: str, **told: Any) -> None:
    """Moves the request; `told` are attributes that say how it ended. Raises Conflict, LostRace."""
    CANCEL_MOVES.check(task.state, after)
    before = task.state
    columns, body = CANCEL_SERVICE_ORDER.split({**task.body, **told})
    advance(task, state=after, body=body, attempts=0, **columns)
    reason = str(told.get("completionMessage", ""))
    _journal(task, before, actor, reason)
    outbox.record(CANCEL_SERVICE_ORDER, task, "CancelServiceOrderStateChangeEvent")


def cancel_ask(*, task: CancelServiceOrder) -> None:
    """Tells listeners that the request cannot go on before somebody acts."""
    advance(task)
    outbox.record(CANCEL_SERVICE_ORDER, task, "CancelServiceOrderInformationRequiredEvent", field_path="serviceOrder")


def _journal(task: CancelServiceOrder, before: str, actor: str, reason: str) -> None:
    journal.record(
        [
            journal.entry(
                "CancelServiceOrder", task.pk, before, task.state, actor=actor, order_id=task.order_id, reason=reason
            )
        ]
    )


def order_assess(*, order: ServiceOrder, actor: str) -> None:
    """The order is being judged."""
    _move(order, OrderState.ASSESSING_CANCELLATION, actor, "to be cancelled")


def order_restore(*, order: ServiceOrder, state: str, actor: str, reason: str) -> None:
    """Refused: the order goes on as it was."""
    _move(order, OrderState(state), actor, f"not cancelled: {reason}")


def order_promise(*, order: ServiceOrder, task: CancelServiceOrder, actor: str) -> None:
    """Granted: what was done is taken back. Nobody's hold matters any more, and no failure that held an item."""
    ServiceOrderItem.objects.filter(order=order).exclude(errors=[]).update(errors=[])
    _move(order, OrderState.PENDING_CANCELLATION, actor, "what was done is taken back", **_explained(order, task))


def order_cancel(*, order: ServiceOrder, task: CancelServiceOrder, actor: str) -> None:
    """The end: its unfinished items and the order are cancelled."""
    orders = ServiceOrder.objects.filter(pk=order.pk)
    orders.update(**_explained(order, task))
    state = orders.values_list("state", flat=True).get()
    shown = SHOWN[: SHOWN.index(OrderState(state)) + 1] if state in CANCELLING else ()
    items = ServiceOrderItem.objects.filter(order=order).exclude(own__in=TERMINAL).values_list("pk", flat=True)
    moves = [ItemMove(pk, OrderState.CANCELLED, reason="cancelled", errors=(), through=shown) for pk in items]
    if order.pk not in items_move(moves=moves, actor=actor):  # from what only cancellation shows, nothing rolls up
        orders_move(moves={order.pk: (OrderState.CANCELLED,)}, actor=actor, reason="cancelled")


def order_cancel_hold(*, order_id: str, errors: Mapping[int, Json], actor: str) -> None:
    """Taking back has failed at some items (by key, with their errorMessage): the order waits for a repair."""
    waits = {"code": "compensation", "reason": "taking back failed", "message": "waits for another item's repair"}
    items = ServiceOrderItem.objects.filter(order=order_id).exclude(own__in=TERMINAL).order_by("pk")
    moves = [
        ItemMove(
            pk, OrderState.HELD, reason=errors.get(pk, waits)["message"], through=SHOWN,
            errors=(errors[pk],) if pk in errors else None if own == OrderState.HELD and told else (waits,),
        )
        for pk, own, told in items.values_list("pk", "own", "errors")
    ]  # fmt: skip
    items_move(moves=moves, actor=actor)
    if ServiceOrder.objects.filter(pk=order_id, state=OrderState.PENDING_CANCELLATION).exists():
        orders_move(moves={order_id: (OrderState.HELD,)}, actor=actor, reason="taking back failed")
        cancel_ask(task=CancelServiceOrder.objects.get(order=order_id, state=CancelState.IN_PROGRESS))


def _explained(order: ServiceOrder, task: CancelServiceOrder) -> Json:
    """The columns that say why, and that the consumer's hold is over."""
    reason = task.body.get("cancellationReason")
    return {"body": {**order.body, "cancellationReason": reason} if reason else order.body, "on_hold": False}


def _move(order: ServiceOrder, after: OrderState, actor: str, reason: str, **fields: Any) -> None:
    ServiceOrder.objects.filter(pk=order.pk).update(revision=F("revision") + 1, updated_at=Now(), **fields)
    orders_move(moves={order.pk: (after,)}, actor=actor, reason=reason)
