"""Settling: what calls brought, written in one transaction for a whole batch.

Steps, successors, fulfilment items, inventory, order items, roll-up, fallouts, journal and events change
together. Every write carries its claim's fence; a claim that was lost changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from orchestrator import fallout
from orchestrator.achieve import items_achieve, milestones_achieve
from orchestrator.calls import Outcome
from orchestrator.models import Answer, Attempt, Plan, Step
from orchestrator.owner import process_id
from orchestrator.retry import answer_seconds, next_due
from orchestrator.states import plan_moved, step_moved
from tmf import journal
from tmf.batch import update_rows
from tmf.clock import now_sql
from tmf.nudges import nudge_on_commit

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an outcome makes of its step."""

    outcome: Outcome
    state: str
    wait: float = 0.0  # seconds until it is due again
    answer_within: float | None = None  # seconds, when it was accepted now

    @property
    def id(self) -> int:
        return self.outcome.claimed.id

    @property
    def plan_id(self) -> int:
        return self.outcome.claimed.plan_id


@transaction.atomic(durable=True)
def settle(outcomes: Sequence[Outcome]) -> int:
    """Writes the outcomes; how many of the claims still held."""
    verdicts = _write_steps([_verdict(outcome) for outcome in outcomes])
    _write_attempts(outcomes)
    _use_answers([v for v in verdicts if v.outcome.used])
    done = [v for v in verdicts if v.state == Step.State.DONE]
    woken = _wake_successors([v.id for v in done])
    journal.record([*_told(verdicts), *woken])
    frozen = _being_cancelled(verdicts)
    ended = items_achieve(
        Counter(v.outcome.claimed.item_id for v in done if v.plan_id not in frozen), actor=process_id()
    )
    milestones_achieve([v.outcome.claimed for v in done if v.plan_id not in frozen])
    held = [v for v in verdicts if v.state == Step.State.HELD]
    fallout.steps_fall_out([v.outcome for v in held if v.plan_id not in frozen])
    fallout.undoings_fall_out([v.outcome for v in held if v.outcome.claimed.mode == Step.Mode.UNDO])
    _hurry_answered([v.outcome.claimed.operation_key for v in verdicts if v.state == Step.State.ACCEPTED])
    _finish_plans(ended)
    if len(woken) > settings.ENV.CLAIM_BATCH:
        nudge_on_commit("drive")
    return len(verdicts)


def _being_cancelled(verdicts: Sequence[Verdict]) -> frozenset[int]:
    """The plans whose steps achieve nothing any more: what ends now is there to be taken back.

    Asked once the steps are written: whoever cancels a plan holds all its steps until he has committed.
    """
    cancelling = Plan.objects.filter(pk__in={v.plan_id for v in verdicts}, state=Plan.State.CANCELLING)
    found = frozenset(cancelling.values_list("pk", flat=True))
    if found:
        nudge_on_commit("cancel")
    return found


def _verdict(outcome: Outcome) -> Verdict:
    claimed, failure = outcome.claimed, outcome.failure
    if accepted := outcome.accepted:
        within = answer_seconds(claimed.spec)
        fresh = None if claimed.correlation else within
        wait = within if accepted.poll_after is None else _poll_wait(accepted.poll_after, claimed.polls)
        return Verdict(outcome, Step.State.ACCEPTED, min(wait, within), fresh)
    if failure is None:
        return Verdict(outcome, Step.State.DONE)
    wait_for = next_due(outcome) if failure.again else None
    if wait_for is None:
        return Verdict(outcome, Step.State.HELD)
    return Verdict(outcome, Step.State.ACCEPTED if claimed.correlation else Step.State.READY, wait_for)


def _poll_wait(asked: float, polls: int) -> float:
    """As the target asked, slower the longer it takes, up to a minute."""
    return max(asked, min(asked * 1.5 ** min(polls, 10), 60.0))


def _write_steps(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The steps' rows; those verdicts whose fence still held. The others were discarded: a rival owns the step."""
    held = {pk for pk, _ in _update_steps(verdicts)}
    lost = [v for v in verdicts if v.id not in held]
    journal.record(
        journal.entry(
            "Step", str(v.id), Step.State.RUNNING, "discarded", actor=process_id(),
            order_id=v.outcome.claimed.order_id, reason=f"outcome {v.state} came after the claim was lost",
        )
        for v in lost
    )  # fmt: skip
    return [v for v in verdicts if v.id in held]


def _update_steps(verdicts: Sequence[Verdict]) -> list[tuple[Any, ...]]:
    """Frees the claims; when each is due again is reckoned by the database's clock."""
    return update_rows(
        Step, [_row(v) for v in verdicts], key=["id", "fence"],
        set=["state", "correlation", "outputs", "error", "in_doubt", "claim", "lease_until", "attempts", "polls"],
        later=["due_at", "answer_by", "finished_at"], where="t.state = 'running'",
    )  # fmt: skip


def _row(verdict: Verdict) -> Json:
    outcome, claimed = verdict.outcome, verdict.outcome.claimed
    failure, accepted = outcome.failure, outcome.accepted
    uncalled = failure is not None and not failure.called
    return {
        "id": claimed.id,
        "fence": claimed.fence,
        "state": verdict.state,
        "correlation": accepted.correlation[:1000] if accepted else claimed.correlation,
        "outputs": dict(outcome.outputs) if outcome.outputs else None,
        "error": {"category": failure.category, "code": failure.code, "message": failure.message} if failure else None,
        # A doubt stays until the target says what became of the operation.
        "in_doubt": failure is not None and (failure.in_doubt or claimed.in_doubt),
        "claim": "",
        "lease_until": None,
        "attempts": claimed.attempts - (uncalled and not claimed.correlation),
        "polls": claimed.polls - (uncalled and bool(claimed.correlation)),
        "due_at": verdict.wait,
        "answer_by": verdict.answer_within,
        "finished_at": 0.0 if verdict.state == Step.State.DONE else None,
    }


def _write_attempts(outcomes: Sequence[Outcome]) -> None:
    """What came of each call, also of those whose claim was lost: the attempt belongs to its fence."""
    rows = [
        {
            "step_id": o.claimed.id,
            "fence": o.claimed.fence,
            "outcome": o.tried,
            "message": o.failure.message[:1000] if o.failure else "",
        }
        for o in outcomes
    ]
    update_rows(Attempt, rows, key=["step_id", "fence"], set=["outcome", "message"], now=["finished_at"])


def _use_answers(verdicts: Sequence[Verdict]) -> None:
    used = [pk for v in verdicts for pk in v.outcome.used]
    if used:
        Answer.objects.filter(pk__in=used).update(used_at=Now())


def _wake_successors(done: Sequence[int]) -> list[journal.Entry]:
    """Counts the predecessors down; whoever waits for none any more is ready."""
    if not done:
        return []
    marks = ", ".join(["%s"] * len(done))
    sql = f"""WITH d AS (
            SELECT successor_id, COUNT(*) AS n FROM orchestrator_steplink
            WHERE predecessor_id IN ({marks}) GROUP BY successor_id)
        UPDATE orchestrator_step AS t SET waiting_on = waiting_on - d.n,
            state = CASE WHEN t.state = 'waiting' AND t.waiting_on = d.n THEN 'ready' ELSE t.state END,
            due_at = {now_sql()}
        FROM d WHERE t.id = d.successor_id RETURNING id, order_id, state"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, done)
        woken = [(pk, order_id) for pk, order_id, state in cursor.fetchall() if state == Step.State.READY]
    return [
        step_moved(pk, Step.State.WAITING, Step.State.READY, actor=process_id(), order_id=order_id)
        for pk, order_id in woken
    ]


def _told(verdicts: Sequence[Verdict]) -> list[journal.Entry]:
    return [
        step_moved(
            v.id, Step.State.RUNNING, v.state, actor=process_id(), order_id=v.outcome.claimed.order_id,
            reason=v.outcome.failure.message if v.outcome.failure else "",
        )
        for v in verdicts
    ]  # fmt: skip


def _hurry_answered(accepted: Sequence[str]) -> None:
    """An answer that came before its step was seen as accepted is due at once. `accepted` are operation keys."""
    if accepted:
        unused = Answer.objects.filter(operation_key__in=accepted, used_at=None)
        Step.objects.filter(pk__in=unused.values("step")).update(due_at=Now())


def _finish_plans(orders: frozenset[str]) -> None:
    if orders:
        live = Plan.objects.filter(order__in=orders, state=Plan.State.ACTIVE)
        plans = list(live.values_list("pk", "order_id"))
        live.update(state=Plan.State.DONE, finished_at=Now())
        journal.record(
            plan_moved(pk, Plan.State.ACTIVE, Plan.State.DONE, actor=process_id(), order_id=order_id)
            for pk, order_id in plans
        )
