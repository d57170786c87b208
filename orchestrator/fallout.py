"""Fallout: what retry does not cure waits here for a person, who sees the cause and lets it go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from orchestrator.calls import FORGOTTEN, Outcome
from orchestrator.models import Fallout, FulfilmentItem, Plan, Step, Target
from orchestrator.owner import process_id
from orchestrator.retry import answer_seconds
from orchestrator.states import fallout_moved, step_moved
from ordering.cancellation import order_cancel_hold
from ordering.models import LIVE_CANCELS, CancelServiceOrder, OrderState, ServiceOrder, ServiceOrderItem
from ordering.progress import ItemMove, items_move
from tmf import journal
from tmf.batch import update_rows
from tmf.clock import in_
from tmf.errors import Conflict, NotFound
from tmf.nudges import nudge_on_commit
from tmf.resources import timestamp

Json = dict[str, Any]
LIVE = (Fallout.State.OPEN, Fallout.State.CLAIMED, Fallout.State.ON_HOLD)
WHO = {
    Fallout.Category.TRANSIENT: "the target kept failing",
    Fallout.Category.DATA: "the order's data do not make a request",
    Fallout.Category.REFUSED: "the target refused",
    Fallout.Category.CONFIGURATION: "target or definition is wrong",
    Fallout.Category.UNKNOWN_OUTCOME: "nobody can tell whether the target acted",
    Fallout.Category.COMPENSATION: "taking back failed",
    Fallout.Category.BUG: "an error of the order manager",
}


def steps_fall_out(outcomes: Sequence[Outcome]) -> None:
    """A fallout for each, in the transaction that holds their steps; their order items are held and say why."""
    if not outcomes:
        return
    Fallout.objects.bulk_create([_fallout(o) for o in outcomes])
    items = _order_items(outcomes)
    moves = [
        ItemMove(items[o.claimed.item_id], OrderState.HELD, reason=_message(o), errors=(_error(o),)) for o in outcomes
    ]
    items_move(moves=moves, actor=process_id())


def undoings_fall_out(outcomes: Sequence[Outcome]) -> None:
    """The same for what was to be taken back: the whole order waits for its repair."""
    if not outcomes:
        return
    Fallout.objects.bulk_create([_fallout(o) for o in outcomes])
    items = _order_items(outcomes)
    errors: defaultdict[str, dict[int, Json]] = defaultdict(dict)
    for outcome in outcomes:
        errors[outcome.claimed.order_id][items[outcome.claimed.item_id]] = _error(outcome)
    for order_id in sorted(errors):
        order_cancel_hold(order_id=order_id, errors=errors[order_id], actor=process_id())


def _order_items(outcomes: Sequence[Outcome]) -> dict[int, int]:
    """Fulfilment item → order item."""
    concerned = FulfilmentItem.objects.filter(pk__in=[o.claimed.item_id for o in outcomes])
    return dict(concerned.values_list("pk", "order_item_id"))


def _category(outcome: Outcome) -> str:
    undoing = outcome.claimed.mode == Step.Mode.UNDO
    return Fallout.Category.COMPENSATION if undoing else outcome.reason.category


def _fallout(outcome: Outcome) -> Fallout:
    claimed, failure = outcome.claimed, outcome.reason
    return Fallout(
        step_id=claimed.id, plan_id=claimed.plan_id, order_id=claimed.order_id, category=_category(outcome),
        code=failure.code[:100], message=failure.message, target=claimed.target,
    )  # fmt: skip


def _message(outcome: Outcome) -> str:
    return f"step {outcome.claimed.key}: {outcome.reason.message}"


def _error(outcome: Outcome) -> Json:
    """TMF641 ErrorMessage, for machines too."""
    return {
        "code": outcome.reason.code,
        "reason": WHO[Fallout.Category(_category(outcome))],
        "message": _message(outcome),
        "timestamp": timestamp(datetime.now(UTC)),
    }


def plan_fall_out(plan: Plan) -> None:
    """A plan that could not be made: the whole order is held, and a person sees it."""
    message = f"the plan could not be made in {plan.attempts} attempts; the log tells more"
    Plan.objects.filter(pk=plan.pk).update(error=message, lease_until=None)
    Fallout.objects.create(
        plan=plan, order_id=plan.order_id, category=Fallout.Category.BUG, code="planning", message=message
    )
    error = {"code": "planning", "reason": WHO[Fallout.Category.BUG], "message": message}
    items = ServiceOrderItem.objects.filter(order=plan.order_id).values_list("pk", flat=True)
    moves = [ItemMove(pk, OrderState.HELD, reason=message, errors=(error,)) for pk in items]
    items_move(moves=moves, actor=process_id())


def cancellation_fall_out(order_id: str, message: str) -> None:
    """A cancellation that cannot be brought to its end through our own fault: a person sees it."""
    plan = Plan.objects.filter(order=order_id).latest("generation")
    Fallout.objects.create(
        plan=plan, order_id=order_id, category=Fallout.Category.COMPENSATION, code="cancelling", message=message
    )


def orders_explain(errors: Mapping[str, Sequence[Json]]) -> None:
    """Sets the orders' own errorMessage lists."""
    rows = [{"id": order_id, "errors": [*messages]} for order_id, messages in errors.items()]
    update_rows(ServiceOrder, rows, key=["id"], set=["errors"])


@transaction.atomic(durable=True)
def fallout_retry(*, fallout_id: int, actor: str, reason: str) -> None:
    """Lets what fell out go on. Raises NotFound, and Conflict when it is not live any more.

    A definite refusal gets a new operation key, since a target that knows the old one would refuse again;
    where the target may have acted the key stays, so that it is not done twice. Work that its target accepted
    and forgot is asked for again; what is still awaited gets its time anew.
    """
    fallout = Fallout.objects.filter(pk=fallout_id).first()
    if fallout is None:
        raise NotFound(f"there is no fallout {fallout_id}")
    live = Fallout.objects.filter(pk=fallout_id, state__in=LIVE)
    if not live.update(state=Fallout.State.RESOLVED, resolved_at=Now(), resolved_by=actor, resolution=reason[:1000]):
        raise Conflict(f"fallout {fallout_id} is {fallout.state}")
    journal.record(
        [
            fallout_moved(
                fallout_id, fallout.state, Fallout.State.RESOLVED, actor=actor, order_id=fallout.order_id,
                reason=f"retry: {reason}",
            )
        ]
    )  # fmt: skip
    if fallout.step_id is None:
        _retry_plan(fallout, actor)
    else:
        _retry_step(fallout, actor)


def _retry_step(fallout: Fallout, actor: str) -> None:
    step = Step.objects.select_related("item").get(fallouts=fallout)
    error: Json = step.error or {}
    cause = error.get("category", fallout.category)  # an undoing's fallout says only that it is one
    refused = cause == Fallout.Category.REFUSED and not step.in_doubt
    awaited = step.correlation and not refused and error.get("code") != FORGOTTEN
    told = cause == Fallout.Category.UNKNOWN_OUTCOME and _asks_once(step.target)
    moved = Step.objects.filter(pk=step.pk, state=Step.State.HELD).update(
        state=Step.State.READY, due_at=Now(), attempts=0, polls=0, error=None,
        correlation=step.correlation if awaited else "",
        answer_by=in_(answer_seconds(step.spec)) if awaited else None,
        generation=F("generation") + (1 if refused else 0),
        in_doubt=step.in_doubt and not told,  # nobody but the person can tell; who was asked that has told
    )  # fmt: skip
    if not moved:
        raise Conflict(f"step {step.key} is {step.state}, not held")
    journal.record(
        [step_moved(step.pk, Step.State.HELD, Step.State.READY, actor=actor, order_id=step.order_id, reason="retry")]
    )
    if step.mode == Step.Mode.DO:
        _resume(step.item.order_item_id, fallout.plan_id, actor)
    nudge_on_commit("drive")


def _asks_once(target: str) -> bool:
    return Target.objects.filter(pk=target, delivery=Target.Delivery.AT_MOST_ONCE).exists()


def _resume(order_item: int, plan_id: int, actor: str) -> None:
    """The order item goes on once none of its steps is held; whoever is just holding one is waited for."""
    ServiceOrderItem.objects.select_for_update().get(pk=order_item)
    held = Step.objects.filter(plan=plan_id, item__order_item=order_item, state=Step.State.HELD)
    if not held.exists():
        moves = [ItemMove(order_item, OrderState.IN_PROGRESS, reason="repaired", errors=())]
        items_move(moves=moves, actor=actor)


def _retry_plan(fallout: Fallout, actor: str) -> None:
    """Owes the plan, or its cancellation, again. Its order's items stay held until then."""
    cancels = CancelServiceOrder.objects.filter(order=fallout.order_id, state__in=LIVE_CANCELS)
    if cancels.update(attempts=0, due_at=Now()):
        nudge_on_commit("cancel")
    Plan.objects.filter(pk=fallout.plan_id, state=Plan.State.OWED).update(
        attempts=0, due_at=Now(), lease_until=None, error=""
    )
    nudge_on_commit("decompose")
