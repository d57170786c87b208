"""Why a step is where it is: the one question that operators ask."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from orchestrator.callbacks import MANUAL
from orchestrator.models import Attempt, Plan, Step, StepLink, Target
from tmf.admin_parts import moment, span

STATE_LABELS = {
    "waiting": "info", "ready": "info", "running": "warning", "accepted": "warning", "done": "success",
    "held": "danger", "cancelled": "info",
}  # fmt: skip
SHOWN_MAX = 5  # predecessors that are named


def with_causes(steps: QuerySet[Step]) -> QuerySet[Step]:
    """The steps with all that `waits_for` looks at, in a number of queries that does not depend on theirs."""
    undone = StepLink.objects.exclude(predecessor__state=Step.State.DONE).select_related("predecessor__item")
    paused = Target.objects.filter(name=OuterRef("target"), state=Target.State.PAUSED)
    calls = Attempt.objects.filter(step=OuterRef("pk")).order_by("-fence")
    accepted = calls.filter(outcome=Attempt.Outcome.ACCEPTED).exclude(verb="poll")
    return (
        steps.select_related("plan", "item__order_item")
        .prefetch_related(Prefetch("links_in", undone))
        .annotate(
            target_paused=Exists(paused),
            paused_why=paused.values("reason")[:1],
            called_at=calls.values("started_at")[:1],
            accepted_at=accepted.values("finished_at")[:1],
        )
    )


def waits_for(step: Step, now: datetime) -> str:
    """In words; empty when it waits for nothing any more. `step` is one of `with_causes`."""
    match step.state:
        case Step.State.WAITING:
            return _predecessors(step)
        case Step.State.READY:
            return _start(step, now)
        case Step.State.RUNNING:
            return _call(step, now)
        case Step.State.ACCEPTED if step.connector == MANUAL:
            return f"a person who does it, since {_since(step, now)}, until {moment(step.answer_by)}"
        case Step.State.ACCEPTED:
            return _answer(step, now)
        case Step.State.HELD:
            return f"a person: it fell out{_failure(step)}"
        case _:
            return ""


def _predecessors(step: Step) -> str:
    before = [link.predecessor for link in step.links_in.all()]
    undone = [f"{one.item.specification_name} {one.key} ({one.state})" for one in before]
    more = f" and {len(undone) - SHOWN_MAX} more" if len(undone) > SHOWN_MAX else ""
    return ", ".join(undone[:SHOWN_MAX]) + more


def _start(step: Step, now: datetime) -> str:
    if step.plan.paused:
        cancelling = step.plan.state == Plan.State.CANCELLING
        return "nothing: its order is being cancelled" if cancelling else "the order, which is on hold"
    if _is_paused(step):
        return f"target {step.target}, which is {_paused(step)}"
    if step.due_at <= now:
        return f"a worker, since {moment(step.due_at)}"
    tried = f"; so far {step.attempts} failed{_failure(step)}" if step.attempts else ""
    return f"its next attempt at {moment(step.due_at)}, in {span(step.due_at - now)}{tried}"


def _call(step: Step, now: datetime) -> str:
    called = getattr(step, "called_at", None) or step.started_at
    since = f"{moment(called)}, for {span(now - called)}" if called else "a moment ago"
    lost = f"; without a word from it another takes over at {moment(step.lease_until)}" if step.lease_until else ""
    return f"the call that {step.claim.split('.')[0]} makes to {step.target or 'nobody'} since {since}{lost}"


def _answer(step: Step, now: datetime) -> str:
    looked = f"nobody looks for it: the target is {_paused(step)}" if _is_paused(step) else _look(step, now)
    return f"the answer of {step.target}, until {moment(step.answer_by)}; accepted {_since(step, now)}; {looked}"


def _look(step: Step, now: datetime) -> str:
    return f"looked for again {f'in {span(step.due_at - now)}' if step.due_at > now else 'now'}"


def _since(step: Step, now: datetime) -> str:
    at = getattr(step, "accepted_at", None) or step.started_at
    return f"{moment(at)} ({span(now - at)} ago)" if at else "a moment ago"


def _failure(step: Step) -> str:
    message = (step.error or {}).get("message")
    return f": {message}" if message else ""


def _is_paused(step: Step) -> bool:
    return bool(getattr(step, "target_paused", False))


def _paused(step: Step) -> str:
    why = getattr(step, "paused_why", "")
    return f"paused: {why}" if why else "paused"
