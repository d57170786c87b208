"""Cancellation: judge what is asked, let the plan come to rest, have what was done taken back, and end.

The request's row is the truth. Each stage is one transaction that holds the request, the order's steps, its plan and
the order; so any number of workers may come, and one wins. While a plan is `cancelling`, its steps achieve nothing
(`settle`): paused it comes to rest, then its undo steps are driven like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from inventory.fulfilment import ServiceChange, services_fulfil
from inventory.selectors import services_of_anyone
from orchestrator.cancel_verdict import passed_soft_points, refusal
from orchestrator.fallout import LIVE, cancellation_fall_out
from orchestrator.models import Fallout, FulfilmentItem, Plan, Step
from orchestrator.owner import process_id
from orchestrator.states import fallout_moved, plan_moved, step_moved
from orchestrator.undo import may_have_acted, undo_steps_insert
from ordering.cancellation import cancel_move, order_assess, order_cancel, order_promise, order_restore
from ordering.models import LIVE_CANCELS, CancelServiceOrder, CancelState, ServiceOrder
from ordering.resources import SERVICE_ORDER
from ordering.states import TERMINAL
from tmf import journal
from tmf.clock import in_
from tmf.errors import LostRace
from tmf.nudges import nudge_on_commit

log = structlog.get_logger(__name__)
S = Step.State
UNBEGUN = (S.WAITING, S.READY, S.HELD)  # of these nothing is under way
OPEN = (*UNBEGUN, S.RUNNING, S.ACCEPTED)
MAX_ATTEMPTS = 5
BATCH = 100
LOCK_WAIT_MS = 200
CANCELLATION_DATE = next(c for c in SERVICE_ORDER.columns if c.attribute == "cancellationDate")


def cancel_due(patience: float = 0.0) -> int:
    """Brings on the cancellations due for longer than `patience` seconds as far as they go; how many stages passed."""
    passed = 0
    while went := sum(_pass(pk) for pk in [*_due(patience)]):
        passed += went
    return passed


def _due(patience: float) -> Iterator[str]:
    """Requests to be judged, and those granted whose plan has come to rest or has been taken back."""
    moving = Q(plan__paused=True) & (Q(state=S.RUNNING) | Q(state=S.ACCEPTED, plan__grace_until__gt=Now()))
    undoing = Q(plan__paused=False, state__in=OPEN)
    steps = Step.objects.filter(moving | undoing, plan__order=OuterRef("order"), plan__state=Plan.State.CANCELLING)
    ready = Q(state=CancelState.ACCEPTED) | (Q(state=CancelState.IN_PROGRESS) & ~Exists(steps))
    due = CancelServiceOrder.objects.filter(ready, state__in=LIVE_CANCELS, due_at__lte=in_(-patience))
    yield from due.order_by("due_at", "pk").values_list("pk", flat=True)[:BATCH]


def _pass(pk: str) -> int:
    """One stage of one cancellation, if it can be passed now. An error of one harms no other."""
    try:
        with transaction.atomic(durable=True):
            return _stage(pk)
    except (OperationalError, LostRace) as error:
        log.info("cancel.later", cancel=pk, error=str(error).split("\n")[0])  # somebody is writing one of its rows
    except Exception:
        log.exception("cancel.failed", cancel=pk)
        _postpone(pk)
    return 0


def _stage(pk: str) -> int:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}")  # before the database looks for deadlocks
    task = CancelServiceOrder.objects.filter(pk=pk, state__in=LIVE_CANCELS).select_for_update().first()
    if task is None:
        return 0
    if task.state == CancelState.ACCEPTED:
        return _judge(task)
    case = _gather(task)
    if case.plan.state != Plan.State.CANCELLING:
        return 0
    return _take_back(case) if case.plan.paused else _conclude(case)


# -- what it is about -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """A request and all that it concerns, as it is now; nobody else writes it before this transaction ends."""

    task: CancelServiceOrder
    order: ServiceOrder
    plan: Plan
    steps: Sequence[Step]

    def has(self, *states: str) -> bool:
        return any(step.state in states for step in self.steps)

    @property
    def acted(self) -> list[Step]:
        return [step for step in self.steps if step.mode == Step.Mode.DO and may_have_acted(step)]


def _gather(task: CancelServiceOrder) -> Case:
    """Holds the rows. Who settles or repairs a step right now is waited for shortly, since he may wait for us:
    raises OperationalError."""
    list(Fallout.objects.filter(order=task.order_id, state__in=LIVE).select_for_update().order_by("pk"))
    plan = Plan.objects.filter(order=task.order_id).latest("generation")
    steps = _held(plan)
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    if plan.state == Plan.State.ACTIVE and not steps:  # it has been made meanwhile
        steps = _held(plan)
    return Case(task, ServiceOrder.objects.select_for_update().get(pk=task.order_id), plan, steps)


def _held(plan: Plan) -> list[Step]:
    steps = Step.objects.filter(plan=plan).select_related("item__order_item")
    return list(steps.select_for_update(of=("self",)).order_by("pk"))


# -- the stages -----------------------------------------------------------------------------


def _judge(task: CancelServiceOrder) -> int:
    cancel_move(task=task, after=CancelState.IN_PROGRESS, actor=process_id())
    if not ServiceOrder.objects.filter(pk=task.order_id, state__in=TERMINAL).exists():
        # The engine may not have heard of it yet: with this plan it gets no other.
        Plan.objects.bulk_create([Plan(order_id=task.order_id)], ignore_conflicts=True)
        case = _gather(task)
        if case.order.state not in TERMINAL:
            return _judge_live(case)
    state = ServiceOrder.objects.values_list("state", flat=True).get(pk=task.order_id)
    return _refuse(task, f"it is {state} already")


def _judge_live(case: Case) -> int:
    before = case.order.state
    order_assess(order=case.order, actor=process_id())
    if why := refusal(case.plan, case.steps):
        order_restore(order=case.order, state=before, actor=process_id(), reason=why)
        return _refuse(case.task, why)
    return _grant(case)


def _refuse(task: CancelServiceOrder, why: str) -> int:
    message = f"The order is not cancelled: {why}."
    cancel_move(task=task, after=CancelState.DONE, actor=process_id(), completionMessage=message)
    return 1


def _grant(case: Case) -> int:
    """Nothing new is begun. Steps that a target has, or may have, are waited for."""
    _cancel_steps(case, UNBEGUN)
    _cancel_fallouts(case)
    if not case.acted and not case.has(S.RUNNING, S.ACCEPTED):
        return _end(case)
    order_promise(order=case.order, task=case.task, actor=process_id())
    grace = in_(settings.ENV.CANCEL_GRACE_SECONDS)
    _plan_move(case.plan, Plan.State.CANCELLING, paused=True, grace_until=grace)
    return 1


def _take_back(case: Case) -> int:
    """The plan has come to rest: whatever was done gets a step that undoes it."""
    if case.has(S.RUNNING) or (case.has(S.ACCEPTED) and not _is_patience_over(case.plan)):
        return 0
    _cancel_steps(case, (*UNBEGUN, S.ACCEPTED))
    if not case.acted:
        return _end(case)
    undo_steps_insert(case.acted)
    Plan.objects.filter(pk=case.plan.pk).update(paused=False)
    nudge_on_commit("drive")
    return 1


def _is_patience_over(plan: Plan) -> bool:
    return Plan.objects.filter(pk=plan.pk, grace_until__lte=Now()).exists()


def _conclude(case: Case) -> int:
    return 0 if case.has(*OPEN) else _end(case)


def _end(case: Case) -> int:
    """The services that came to be are terminated; items, order, plan and request come to their end."""
    _terminate(case)
    FulfilmentItem.objects.filter(plan=case.plan).update(state=FulfilmentItem.State.CANCELLED)
    order_cancel(order=case.order, task=case.task, actor=process_id())
    _plan_move(case.plan, Plan.State.CANCELLED, paused=False, finished_at=Now())
    order = ServiceOrder.objects.get(pk=case.order.pk)
    cancel_move(
        task=case.task, after=CancelState.DONE, actor=process_id(),
        completionMessage=_told(case), effectiveCancellationDate=CANCELLATION_DATE.shown(order.cancellation_date),
    )  # fmt: skip
    return 1


def _told(case: Case) -> str:
    undone = sum(step.mode == Step.Mode.UNDO for step in case.steps)
    what = f"what {undone} steps had done was taken back" if undone else "nothing had been done"
    points = passed_soft_points(case.steps)
    cost = f" No return without cost was left after {', '.join(points)}." if points else ""
    return f"The order is cancelled: {what}.{cost}"


def _terminate(case: Case) -> None:
    made = FulfilmentItem.objects.filter(plan=case.plan, state=FulfilmentItem.State.DONE, action="add")
    items = list(made.select_related("order_item").order_by("pk"))
    found = services_of_anyone(item.service_id for item in items)
    living = {pk for pk, service in found.items() if service.state != "terminated"}
    changes = [_termination(case.order, item) for item in items if item.service_id in living]
    services_fulfil(changes=changes, actor=process_id())


def _termination(order: ServiceOrder, item: FulfilmentItem) -> ServiceChange:
    named = {
        "serviceOrderId": order.pk,
        "itemId": item.order_item.item_id,
        "itemAction": item.order_item.action,
    }
    return ServiceChange(item.service_id, "delete", {}, order.party, order.pk, named)


# -- rows -----------------------------------------------------------------------------------


def _cancel_steps(case: Case, states: Sequence[str]) -> None:
    """What a target has accepted stays in doubt. Every row is written, so that whoever would claim it looks again."""
    steps = [step for step in case.steps if step.state in states and step.mode == Step.Mode.DO]
    journal.record(_step_entry(step) for step in steps)
    for step in steps:
        step.in_doubt = step.in_doubt or step.state == S.ACCEPTED
        step.state = S.CANCELLED
    for doubt in (False, True):
        pks = [step.pk for step in steps if step.in_doubt == doubt]
        Step.objects.filter(pk__in=pks).update(state=S.CANCELLED, in_doubt=doubt)


def _step_entry(step: Step) -> journal.Entry:
    reason = "the order is being cancelled"
    return step_moved(step.pk, step.state, S.CANCELLED, actor=process_id(), order_id=step.order_id, reason=reason)


def _cancel_fallouts(case: Case) -> None:
    live = Fallout.objects.filter(order=case.order, state__in=LIVE)
    told = "the order is being cancelled"
    journal.record(
        fallout_moved(pk, state, Fallout.State.CANCELLED, actor=process_id(), order_id=case.order.pk, reason=told)
        for pk, state in live.values_list("pk", "state")
    )
    live.update(state=Fallout.State.CANCELLED, resolved_at=Now(), resolved_by=process_id(), resolution=told)


def _plan_move(plan: Plan, after: str, **fields: object) -> None:
    Plan.objects.filter(pk=plan.pk).update(state=after, lease_until=None, claim="", error="", **fields)
    journal.record([plan_moved(plan.pk, plan.state, after, actor=process_id(), order_id=plan.order_id)])
    plan.state = after


# -- what cannot be done --------------------------------------------------------------------


@transaction.atomic(durable=True)
def _postpone(pk: str) -> None:
    """Our own fault: tried again later; after its attempts a person is told."""
    task = CancelServiceOrder.objects.filter(pk=pk, state__in=LIVE_CANCELS).select_for_update().first()
    if task is None:
        return
    failed = task.attempts + 1
    CancelServiceOrder.objects.filter(pk=pk).update(attempts=failed, due_at=in_(min(2.0**failed, 300.0)))
    if failed != MAX_ATTEMPTS:
        return
    told = f"the cancellation failed {failed} times; the log tells more"
    if task.state == CancelState.IN_PROGRESS:
        cancellation_fall_out(task.order_id, told)
        return
    error = {"code": "cancelling", "reason": "The request could not be judged", "message": told}
    cancel_move(task=task, after=CancelState.TERMINATED_WITH_ERROR, actor=process_id(), errorMessage=error)
