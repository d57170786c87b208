"""Owed plans: judge the order, decompose it, plan it; or reject it. One transaction for a batch of orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from orchestrator import fallout, knowledge
from orchestrator.decompose import decompose
from orchestrator.facts import Decomposition, Json, Refusal
from orchestrator.judge import MISSING
from orchestrator.models import Plan
from orchestrator.owner import claim_token, process_id
from orchestrator.plan import PlanDraft, plan
from orchestrator.states import plan_moved
from orchestrator.store import plans_store
from ordering.alerts import orders_ask
from ordering.models import OrderState
from ordering.progress import ItemMove, items_move
from tmf import journal
from tmf.clock import in_
from tmf.ids import new_id
from tmf.nudges import nudge_on_commit
from tmf.resources import timestamp

log = structlog.get_logger(__name__)
BATCH = 20
# Each that was tried before goes alone: should it end its process, it takes no other with it.
PORTIONS = ((Q(attempts=0), BATCH), (Q(attempts__gt=0), 1))
LEASE_SECONDS = 60
MAX_ATTEMPTS = 5
UNBEGUN = frozenset({OrderState.ACKNOWLEDGED, OrderState.PENDING, OrderState.IN_PROGRESS})  # and not to be repaired


def decompose_due(patience: float = 0.0) -> int:
    """Makes the plans that are owed for longer than `patience` seconds, until none is left. How many it settled."""
    settled, found = 0, True
    while found:
        found = False
        for which, most in PORTIONS:
            if claimed := _claim(patience, which, most):
                settled, found = settled + _make(claimed), True
    return settled


def _owed(patience: float) -> QuerySet[Plan]:
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    return Plan.objects.filter(free, state=Plan.State.OWED, error="", paused=False, due_at__lte=in_(-patience))


def _claim(patience: float, which: Q, most: int) -> list[Plan]:
    """Up to so many owed plans, leased to this claim: whoever comes later finds them taken."""
    if not _owed(patience).filter(which).exists():  # SQLite: no write lock for nothing
        return []
    token = claim_token()
    with transaction.atomic(durable=True):
        first = _owed(patience).filter(which).order_by("due_at")
        if connection.features.has_select_for_update_skip_locked:
            first = first.select_for_update(skip_locked=True)
        # Not as a subquery: PostgreSQL may run it once for each row, and each time it finds others that are free.
        free = [*first.values_list("pk", flat=True)[:most]]
        _owed(patience).filter(pk__in=free).update(
            claim=token, fence=F("fence") + 1, lease_until=in_(LEASE_SECONDS), attempts=F("attempts") + 1
        )
    return list(Plan.objects.filter(claim=token, state=Plan.State.OWED).select_related("order"))


def _make(plans: Sequence[Plan]) -> int:
    """All of them in one transaction; when that fails, each by itself, so that one bad order harms no other."""
    if any(owed.attempts > MAX_ATTEMPTS for owed in plans):
        return _part(plans)
    try:
        return _make_together(plans)
    except Exception:
        if len(plans) == 1:
            return _give_back(plans[0])
        return sum(_make([one]) for one in plans)


def _part(plans: Sequence[Plan]) -> int:
    """A plan whose every attempt ended its process falls out untried; the others are made."""
    poisonous = [owed for owed in plans if owed.attempts > MAX_ATTEMPTS]
    for owed in poisonous:
        _fall_out(owed)
    others = [owed for owed in plans if owed not in poisonous]
    return _make(others) if others else 0


@transaction.atomic(durable=True)
def _make_together(plans: Sequence[Plan]) -> int:
    mine = _still_mine(plans)
    known = knowledge.gather([p.order_id for p in mine])
    drafts: dict[int, tuple[Decomposition, PlanDraft]] = {}
    refused: dict[int, Sequence[Refusal]] = {}
    for owed in mine:
        facts = known.orders[owed.order_id]
        work = decompose(facts.items, known.about(owed.order_id), new_id)
        draft = plan(work, facts.view, known.definitions, max_steps=settings.ENV.PLAN_MAX_STEPS)
        if refusals := (*work.refusals, *draft.refusals):
            refused[owed.pk] = refusals
        else:
            drafts[owed.pk] = (work, draft)
    _start([p for p in mine if p.pk in drafts], drafts, known)
    lacking = {pk for pk, refusals in refused.items() if all(r.code == MISSING for r in refusals)}
    asked = [p for p in mine if p.pk in lacking and known.orders[p.order_id].state in UNBEGUN]
    _ask(asked, refused, known)
    _reject([p for p in mine if p.pk in refused and p not in asked], refused, known)
    return len(mine)


def _still_mine(plans: Sequence[Plan]) -> list[Plan]:
    """Those whose claim still holds; the update keeps rivals out until the commit."""
    by_claim = plans[0].claim
    held = Plan.objects.filter(pk__in=[p.pk for p in plans], claim=by_claim, state=Plan.State.OWED)
    held.update(claim=by_claim)
    keep = set(held.values_list("pk", "fence"))
    return [p for p in plans if (p.pk, p.fence) in keep]


def _start(
    plans: Sequence[Plan], drafts: Mapping[int, tuple[Decomposition, PlanDraft]], known: knowledge.Known
) -> None:
    if not plans:
        return
    plans_store(plans, drafts)
    moves = [
        ItemMove(item.pk, OrderState.IN_PROGRESS, reason="planned", errors=())
        for p in plans
        for item in known.orders[p.order_id].items
    ]
    items_move(moves=moves, actor=process_id())
    Plan.objects.filter(pk__in=[p.pk for p in plans]).update(
        state=Plan.State.ACTIVE, planned_at=Now(), lease_until=None, claim=""
    )
    _journal(plans, Plan.State.ACTIVE)
    nudge_on_commit("drive")


def _ask(plans: Sequence[Plan], refused: Mapping[int, Sequence[Refusal]], known: knowledge.Known) -> None:
    """Nothing is wrong, but something is missing: the items that lack it wait for the client."""
    if not plans:
        return
    moves = [
        move
        for owed in plans
        for move in _refusal(known.orders[owed.order_id], _errors(refused[owed.pk]))
        if move.errors
    ]
    items_move(moves=[replace(move, after=OrderState.PENDING) for move in moves], actor=process_id())
    orders_ask(missing={owed.order_id: [refusal.path for refusal in refused[owed.pk]] for owed in plans})
    Plan.objects.filter(pk__in=[p.pk for p in plans]).update(state=Plan.State.PENDING, lease_until=None, claim="")
    _journal(plans, Plan.State.PENDING)


def _reject(plans: Sequence[Plan], refused: Mapping[int, Sequence[Refusal]], known: knowledge.Known) -> None:
    """One refused item refuses its order: nothing of it was started. Each item at fault says why."""
    if not plans:
        return
    errors = {owed.order_id: _errors(refused[owed.pk]) for owed in plans}
    fallout.orders_explain({order_id: [*told.values()] for order_id, told in errors.items()})
    moves = [move for order_id, told in errors.items() for move in _refusal(known.orders[order_id], told)]
    items_move(
        moves=[replace(m, after=OrderState.IN_PROGRESS) for m in moves if m.after == OrderState.FAILED],
        actor=process_id(),
    )
    items_move(moves=moves, actor=process_id())
    Plan.objects.filter(pk__in=[p.pk for p in plans]).update(
        state=Plan.State.REFUSED, finished_at=Now(), lease_until=None, claim=""
    )
    _journal(plans, Plan.State.REFUSED)


def _refusal(order: knowledge.OrderFacts, told: Mapping[Refusal, Json]) -> Iterator[ItemMove]:
    """An order that is acknowledged is rejected. One that was held before it was judged can only fail."""
    after = OrderState.REJECTED if order.state == OrderState.ACKNOWLEDGED else OrderState.FAILED
    for item in order.items:
        errors = tuple(error for refusal, error in told.items() if refusal.item == item.pk)
        reason = "; ".join(e["message"] for e in errors) or "another item of the order is refused"
        yield ItemMove(item.pk, after, reason=reason, errors=errors)


def _errors(refusals: Sequence[Refusal]) -> dict[Refusal, Json]:
    """Each as TMF641 ErrorMessage; order and item show the same."""
    found_at = timestamp(knowledge.now())
    return {
        refusal: {
            "code": refusal.code,
            "reason": "The item cannot be fulfilled",
            "message": f"{refusal.path}: {refusal.message}",
            "status": "400",
            "timestamp": found_at,
        }
        for refusal in refusals
    }


def _journal(plans: Sequence[Plan], after: str) -> None:
    journal.record(plan_moved(p.pk, Plan.State.OWED, after, actor=process_id(), order_id=p.order_id) for p in plans)


def _give_back(owed: Plan) -> int:
    """Our own fault, whatever it was: tried again later, and after its attempts a fallout that a person sees."""
    log.exception("plan.failed", order=owed.order_id, attempts=owed.attempts)
    if owed.attempts >= MAX_ATTEMPTS:
        return _fall_out(owed)
    pause = timedelta(seconds=2**owed.attempts)
    Plan.objects.filter(pk=owed.pk, fence=owed.fence).update(due_at=Now() + pause, lease_until=None)
    return 0


def _fall_out(owed: Plan) -> int:
    """Never raises: the other plans of the batch are to be made. When it fails, the lease runs out, and it is due."""
    try:
        with transaction.atomic(durable=True):
            if _still_mine([owed]):
                fallout.plan_fall_out(owed)
    except Exception:
        log.exception("plan.fallout_failed", order=owed.order_id)
    return 0
