"""Why a step is where it is: the one question that operators ask."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from orchestrator.callbacks import MANUAL
from orchestrator.console.parts import moment
from orchestrator.models import Plan, Step, StepLink, Target

STATE_LABELS = {
    "waiting": "info", "ready": "info", "running": "warning", "accepted": "warning", "done": "success",
    "held": "danger", "cancelled": "info",
}  # fmt: skip
SHOWN_MAX = 5  # predecessors that are named


def with_causes(steps: QuerySet[Step]) -> QuerySet[Step]:
    """The steps with all that `waits_for` looks at, in a number of queries that does not depend on theirs."""
    links = StepLink.objects.select_related("predecessor__item")
    paused = Target.objects.filter(name=OuterRef("target"), state=Target.State.PAUSED)
    return (
        steps.select_related("plan", "item")
        .prefetch_related(Prefetch("links_in", links))
        .annotate(target_paused=Exists(paused))
    )


def waits_for(step: Step) -> str:
    """In words; empty when it waits for nothing any more."""
    match step.state:
        case Step.State.WAITING:
            return _predecessors(step)
        case Step.State.READY:
            return _start(step)
        case Step.State.RUNNING:
            return f"the call that {step.claim.split('.')[0]} makes since {moment(step.started_at)}"
        case Step.State.ACCEPTED if step.connector == MANUAL:
            return "a person who does it"
        case Step.State.ACCEPTED:
            return f"the answer of {step.target}, until {moment(step.answer_by)}; looked for at {moment(step.due_at)}"
        case Step.State.HELD:
            return "a person: it fell out"
        case _:
            return ""


def _predecessors(step: Step) -> str:
    before = [link.predecessor for link in step.links_in.all()]
    undone = [
        f"{one.item.specification_name} {one.key} ({one.state})" for one in before if one.state != Step.State.DONE
    ]
    more = f" and {len(undone) - SHOWN_MAX} more" if len(undone) > SHOWN_MAX else ""
    return ", ".join(undone[:SHOWN_MAX]) + more


def _start(step: Step) -> str:
    if step.plan.paused:
        cancelling = step.plan.state == Plan.State.CANCELLING
        return "nothing: its order is being cancelled" if cancelling else "the order, which is on hold"
    if getattr(step, "target_paused", False):
        return f"target {step.target}, which is paused"
    if step.attempts:
        return f"its next attempt at {moment(step.due_at)}"
    return f"a worker, since {moment(step.due_at)}"
