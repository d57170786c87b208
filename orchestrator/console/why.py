"""Why an order waits, in sentences: rows in (`case_of` reads them), words out (`reasons` is pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone

from orchestrator.callbacks import MANUAL
from orchestrator.console.waiting import waits_for, with_causes
from orchestrator.fallout import LIVE
from orchestrator.models import Fallout, Plan, Step
from ordering.models import FINAL_STATES, LIVE_CANCELS, CancelServiceOrder, CancelState, OrderState, ServiceOrder
from tmf.admin_parts import complaints, moment, span
from tmf.health import readiness

SHOWN_MAX = 10  # steps, fallouts and errors that are told one by one
S = Step.State
MOVING = (S.READY, S.RUNNING, S.ACCEPTED)
MENDERS = {
    Fallout.Category.TRANSIENT: "the target's owner",
    Fallout.Category.DATA: "whoever ordered",
    Fallout.Category.REFUSED: "whoever ordered, or the target's owner",
    Fallout.Category.CONFIGURATION: "the designer of targets and definitions",
    Fallout.Category.UNKNOWN_OUTCOME: "somebody who looks at the target",
    Fallout.Category.COMPENSATION: "an operator",
    Fallout.Category.BUG: "the developers",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, and the row to look at: its page, as `orchestrator_step`, and its key."""

    text: str
    page: str = ""
    key: Any = None


@dataclass(frozen=True, slots=True)
class Case:
    """All that decides why one order waits. Of steps and fallouts the first `SHOWN_MAX`, with their numbers."""

    order: ServiceOrder
    now: datetime
    plan: Plan | None = None
    steps: Sequence[Step] = ()  # that move, of `with_causes`
    fallouts: Sequence[Fallout] = ()  # live ones, with step and item
    counts: Mapping[str, int] = field(default_factory=dict)  # steps by state
    fallen: int = 0
    cancel: CancelServiceOrder | None = None
    errors: Sequence[tuple[str, str]] = ()  # what is told of the order ("") and its items: item id, sentence
    worked_for: bool = True  # whether a worker or sweeper lives


def case_of(order: ServiceOrder) -> Case:
    """Asks the database the same few questions for any order."""
    plan = Plan.objects.filter(order=order).order_by("-generation").first()
    steps = Step.objects.filter(plan=plan)
    fallouts = Fallout.objects.filter(order=order, state__in=LIVE)
    return Case(
        order=order, now=timezone.now(), plan=plan,
        steps=list(with_causes(steps.filter(state__in=MOVING)).order_by("due_at", "pk")[:SHOWN_MAX]),
        fallouts=list(fallouts.select_related("step__item__order_item").order_by("pk")[:SHOWN_MAX]),
        counts=dict(steps.order_by().values_list("state").annotate(Count("pk"))), fallen=fallouts.count(),
        cancel=CancelServiceOrder.objects.filter(order=order, state__in=LIVE_CANCELS).first(),
        errors=[*_errors(order)], worked_for=readiness()["worker or sweeper"],
    )  # fmt: skip


def _errors(order: ServiceOrder) -> Iterator[tuple[str, str]]:
    of_items = order.items.exclude(errors=[]).order_by("position").values_list("item_id", "errors")
    told = [(item_id, text) for item_id, errors in of_items for text in complaints(errors)]
    yield from (("", text) for text in complaints(order.errors) if text not in {text for _, text in told})
    yield from told


def reasons(case: Case) -> list[Reason]:
    """The most important first; never empty."""
    if case.order.state in FINAL_STATES:
        return [*_ended(case)]
    found = [
        *_nobody_works(case), *_late(case), *_cancelled(case), *_on_hold(case), *_asked(case), *_unplanned(case),
        *_fallen(case), *_moving(case),
    ]  # fmt: skip
    return found or [Reason("Nothing is known that it waits for: whatever is due is done within moments.")]


def _ended(case: Case) -> Iterator[Reason]:
    ended = case.order.completion_date or case.order.cancellation_date
    yield Reason(f"It waits for nothing: it is {case.order.state}{f' since {moment(ended)}' if ended else ''}.")
    yield from _told(case)


def _told(case: Case) -> Iterator[Reason]:
    for item_id, text in case.errors[:SHOWN_MAX]:
        yield Reason(f"Item {item_id}: {text}" if item_id else text)
    if len(case.errors) > SHOWN_MAX:
        yield Reason(f"{len(case.errors) - SHOWN_MAX} more errors stand with the items.")


def _nobody_works(case: Case) -> Iterator[Reason]:
    if not case.worked_for:
        yield Reason("No worker and no sweeper is alive: nothing goes on until one is started.")


def _late(case: Case) -> Iterator[Reason]:
    wished = case.order.requested_completion_date
    if wished and wished < case.now:
        yield Reason(f"It is late: it was to be completed {span(case.now - wished)} ago, at {moment(wished)}.")


def _cancelled(case: Case) -> Iterator[Reason]:
    if case.cancel is None:
        return
    page = ("ordering_cancelserviceorder", case.cancel.pk)
    if case.cancel.state == CancelState.ACCEPTED:
        later = case.cancel.due_at > case.now
        when = f"at {moment(case.cancel.due_at)}, in {span(case.cancel.due_at - case.now)}" if later else "next"
        yield Reason(f"Its client asked to cancel it, which is judged {when}.", *page)
    elif case.plan and case.plan.paused:
        until = moment(case.plan.grace_until)
        yield Reason(f"It is being cancelled: what is under way is waited for until {until} at the latest.", *page)
    else:
        yield Reason("It is being cancelled: what was done is taken back.", *page)


def _on_hold(case: Case) -> Iterator[Reason]:
    if case.order.on_hold:
        yield Reason("Its client put it on hold: no step is begun until the client lets it go on.")


def _asked(case: Case) -> Iterator[Reason]:
    if case.order.state == OrderState.PENDING:
        yield Reason("It waits for its client, who has to supply what is missing:")
        yield from _told(case)


def _unplanned(case: Case) -> Iterator[Reason]:
    plan, now = case.plan, case.now
    if plan is None:
        yield Reason(f"Nobody has begun to plan it since it came {span(now - case.order.created_at)} ago.")
        return
    if plan.state != Plan.State.OWED or plan.paused or case.fallouts:
        return
    page = ("orchestrator_plan", plan.pk)
    if plan.lease_until and plan.lease_until > now:
        yield Reason(f"{plan.claim.split('.')[0]} is planning it.", *page)
    elif plan.due_at > now:
        tried = f"; so far {plan.attempts} attempts failed" if plan.attempts else ""
        yield Reason(f"It is planned at {moment(plan.due_at)}, in {span(plan.due_at - now)}{tried}.", *page)
    else:
        yield Reason(f"It waits for a worker who plans it, since {moment(plan.due_at)}.", *page)


def _fallen(case: Case) -> Iterator[Reason]:
    for fallout in case.fallouts:
        what = _named(fallout.step) if fallout.step else "The plan"
        mender = MENDERS[Fallout.Category(fallout.category)]
        yield Reason(
            f"{what} fell out {span(case.now - fallout.created_at)} ago: {fallout.message.rstrip('.')}. "
            f"It waits for a retry; who can mend the cause: {mender}.", "orchestrator_fallout", fallout.pk,
        )  # fmt: skip
    if case.fallen > len(case.fallouts):
        yield Reason(f"{case.fallen - len(case.fallouts)} more fell out.")


def _moving(case: Case) -> Iterator[Reason]:
    for step in case.steps:
        yield Reason(f"{_named(step)} waits for {waits_for(step, case.now)}.", *_page(step))
    more = sum(case.counts.get(state, 0) for state in MOVING) - len(case.steps)
    if more > 0:
        yield Reason(f"{more} more may go on or are under way.")
    if behind := case.counts.get(S.WAITING, 0):
        yield Reason(f"To follow when what is before has been done: {_steps(behind)}.")


def _named(step: Step) -> str:
    return f"Step {step.key} of item {step.item.order_item.item_id} ({step.item})"


def _steps(number: int) -> str:
    return "1 step" if number == 1 else f"{number} steps"


def _page(step: Step) -> tuple[str, Any]:
    """Where something can be done about it, else the step itself."""
    if step.connector == MANUAL and step.state == S.ACCEPTED:
        return ("orchestrator_manualtask", step.pk)
    if getattr(step, "target_paused", False):
        return ("orchestrator_target", step.target)
    return ("orchestrator_step", step.pk)
