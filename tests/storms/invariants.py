"""What must hold of a database in which nothing is under way any more, recounted from the rows themselves.

Each check yields its violations in words. A step may be held, and then what comes after it waits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator

from django.db.models import F, Q
from django.db.models.functions import Now

from orchestrator.fallout import LIVE
from orchestrator.models import Attempt, Fallout, FulfilmentItem, Plan, Step, StepLink
from orchestrator.undo import may_have_acted
from ordering.models import CancelServiceOrder, CancelState, OrderState, ServiceOrder, ServiceOrderItem
from ordering.states import COUNTERS, TERMINAL, counts, roll_up, show
from tests.storms.histories import events_agree, journal_agrees
from tests.storms.inventories import inventory_agrees

Violations = Iterator[str]


def violations(only: Collection[str] = ()) -> Violations:
    """All of them, or those of some checks."""
    for name, check in CHECKS.items():
        if not only or name in only:
            yield from (f"{name}: {found}" for found in check())


def _plans() -> Violations:
    """A plan is done exactly when its steps are, and then its order has ended; so has that of a cancelled one."""
    for plan in Plan.objects.select_related("order").prefetch_related("steps"):
        states = {step.state for step in plan.steps.all()}
        if plan.state == Plan.State.CANCELLED:
            finished, ended = states <= {Step.State.DONE, Step.State.CANCELLED}, True
        else:
            finished, ended = states == {Step.State.DONE}, plan.state == Plan.State.DONE
        told = f"plan {plan.pk} is {plan.state}, its order {plan.order.state}, its steps {sorted(states)}"
        if plan.state == Plan.State.OWED or ended != finished:
            yield told
        if (ended or plan.state == Plan.State.REFUSED) != (plan.order.state in TERMINAL):
            yield told
        if plan.lease_until or plan.claim:
            yield f"plan {plan.pk} is still claimed by {plan.claim!r}"


def _steps() -> Violations:
    """Nothing is under way or could begin; who waits waits for somebody, and the counter says for how many."""
    open_before = Counter(
        StepLink.objects.exclude(predecessor__state=Step.State.DONE).values_list("successor_id", flat=True)
    )
    for step in Step.objects.all():
        name = f"step {step.pk} {step.key}"
        if step.state in (Step.State.READY, Step.State.RUNNING, Step.State.ACCEPTED):
            yield f"{name} is {step.state}"
        if step.lease_until or step.claim:
            yield f"{name} is still claimed by {step.claim!r}"
        if step.waiting_on != open_before[step.pk]:
            yield f"{name} counts {step.waiting_on} open predecessors, there are {open_before[step.pk]}"
        given_up = step.state == Step.State.CANCELLED
        if not given_up and (step.state == Step.State.WAITING) != (open_before[step.pk] > 0):
            yield f"{name} is {step.state} with {open_before[step.pk]} open predecessors"
        if (step.state == Step.State.DONE) != (step.finished_at is not None):
            yield f"{name} is {step.state}, finished at {step.finished_at}"


def _sequence() -> Violations:
    """No step began before all that it waits for were finished."""
    began: dict[int, object] = {}
    for attempt in Attempt.objects.order_by("id"):
        began.setdefault(attempt.step_id, attempt.started_at)
    ends = Step.objects.in_bulk()
    for link in StepLink.objects.filter(successor_id__in=began):
        end = ends[link.predecessor_id].finished_at
        if end is None or end > began[link.successor_id]:  # type: ignore[operator]
            yield f"step {link.successor_id} began at {began[link.successor_id]}, {link.predecessor_id} ended at {end}"


def _attempts() -> Violations:
    """One attempt for each claim, the last of a done step done, and one key as long as the generation lasts."""
    keys: defaultdict[int, set[str]] = defaultdict(set)
    fences: defaultdict[int, list[int]] = defaultdict(list)
    last: dict[int, str] = {}
    for attempt in Attempt.objects.order_by("step_id", "fence"):
        keys[attempt.step_id].add(attempt.operation_key)
        fences[attempt.step_id].append(attempt.fence)
        last[attempt.step_id] = attempt.outcome
    for step in Step.objects.all():
        if fences[step.pk] != [*range(1, step.fence + 1)]:
            yield f"step {step.pk} was claimed {step.fence} times, its attempts are {fences[step.pk]}"
        if len(keys[step.pk]) > step.generation or (fences[step.pk] and step.operation_key not in keys[step.pk]):
            yield f"step {step.pk} of generation {step.generation} was called as {sorted(keys[step.pk])}"
        if step.state == Step.State.DONE and last.get(step.pk) != Attempt.Outcome.DONE:
            yield f"step {step.pk} is done, its last attempt {last.get(step.pk)}"


def _fulfilment() -> Violations:
    """The counters of the decomposition's tree, recounted."""
    doing = Step.objects.filter(mode=Step.Mode.DO)
    own = Counter(doing.exclude(state=Step.State.DONE).values_list("item_id", flat=True))
    below = Counter(FulfilmentItem.objects.filter(tree_open__gt=0).values_list("parent_id", flat=True))
    for item in FulfilmentItem.objects.exclude(plan__state__in=[Plan.State.CANCELLING, Plan.State.CANCELLED]):
        done = item.state == FulfilmentItem.State.DONE
        if item.steps_open != own[item.pk] or done != (own[item.pk] == 0):
            yield f"item {item.pk} is {item.state}, counts {item.steps_open} open steps, there are {own[item.pk]}"
        if item.tree_open != (not done) + below[item.pk]:
            yield f"item {item.pk} is {item.state}, counts {item.tree_open} open in its tree, below {below[item.pk]}"


def _tallies() -> Violations:
    """Tallies recounted, states rolled up again."""
    told: defaultdict[object, Counter[str]] = defaultdict(Counter)
    for item in ServiceOrderItem.objects.all():
        told[item.parent_id or item.order_id][item.state] += 1
        told[item.pk][item.own] += 1
    rows: list[ServiceOrder | ServiceOrderItem] = [*ServiceOrder.objects.all(), *ServiceOrderItem.objects.all()]
    for row in rows:
        recounted = {state: told[row.pk][state] for state in COUNTERS}
        if counts(row) != recounted:
            yield f"{row} counts {_present(counts(row))}, there are {_present(recounted)}"
            continue
        rolled = roll_up(recounted)
        if row.state != (show(rolled, on_hold=row.on_hold) if isinstance(row, ServiceOrder) else rolled):
            yield f"{row} is {row.state}, its parts say {rolled}"


def _present(tally: dict[OrderState, int]) -> dict[str, int]:
    return {str(state): n for state, n in tally.items() if n}


def _achieved() -> Violations:
    """An order item has completed its own work exactly when its decomposition is done, and is held by held steps."""
    open_items = {*FulfilmentItem.objects.exclude(tree_open=0).values_list("order_item_id", flat=True)}
    held = {*Step.objects.filter(state=Step.State.HELD).values_list("item__order_item_id", flat=True)}
    for item in ServiceOrderItem.objects.filter(order__plans__state__in=[Plan.State.ACTIVE, Plan.State.DONE]):
        if (item.own == OrderState.COMPLETED) == (item.pk in open_items):
            yield f"order item {item} is {item.own}, its decomposition {'open' if item.pk in open_items else 'done'}"
        if (item.own == OrderState.HELD) != (item.pk in held):
            yield f"order item {item} is {item.own}, its steps {'held' if item.pk in held else 'not held'}"
        if (item.own == OrderState.HELD) != bool(item.errors):
            yield f"order item {item} is {item.own} and says {item.errors}"


def _cancelled() -> Violations:
    """A request that is granted and not at its end has a plan that is being cancelled; of a cancelled plan all that
    was done, or may have been, has been taken back once, and nothing is left of its items."""
    if CancelServiceOrder.objects.filter(state=CancelState.ACCEPTED, due_at__lt=Now()).exists():
        yield "a request to cancel is not judged"
    live = {*CancelServiceOrder.objects.filter(state=CancelState.IN_PROGRESS).values_list("order_id", flat=True)}
    cancelling = {*Plan.objects.filter(state=Plan.State.CANCELLING).values_list("order_id", flat=True)}
    if live != cancelling:
        yield f"orders {live} are to be cancelled, the plans of {cancelling} are being cancelled"
    for plan in Plan.objects.filter(state=Plan.State.CANCELLED).prefetch_related("steps", "items"):
        done = {f"undo:{s.key}" for s in plan.steps.all() if s.mode == Step.Mode.DO and may_have_acted(s)}
        undone = [s.key for s in plan.steps.all() if s.mode == Step.Mode.UNDO and s.state == Step.State.DONE]
        if sorted({*undone}) != sorted(done):
            yield f"plan {plan.pk} has taken back {sorted(undone)}, not {sorted(done)}"
        if {item.state for item in plan.items.all()} - {FulfilmentItem.State.CANCELLED}:
            yield f"plan {plan.pk} is cancelled, its items are not"
        if ServiceOrderItem.objects.filter(order=plan.order_id).exclude(own=OrderState.CANCELLED).exists():
            yield f"plan {plan.pk} is cancelled, not all items of its order are"


def _fallouts() -> Violations:
    """Every live fallout has a step that is held, every held step one live fallout."""
    live = Fallout.objects.filter(state__in=LIVE)
    for fallout in live.exclude(step=None).exclude(step__state=Step.State.HELD):
        yield f"fallout {fallout.pk} is {fallout.state}, its step is not held"
    explained = {*live.values_list("step_id", flat=True)}
    for step in Step.objects.filter(state=Step.State.HELD).exclude(pk__in=explained):
        yield f"step {step.pk} {step.key} is held and no fallout tells why"
    for fallout in live.filter(~Q(plan=F("step__plan")) & ~Q(step=None)):
        yield f"fallout {fallout.pk} belongs to another plan than its step"


CHECKS: dict[str, Callable[[], Violations]] = {
    "plans": _plans,
    "steps": _steps,
    "sequence": _sequence,
    "attempts": _attempts,
    "fulfilment": _fulfilment,
    "tallies": _tallies,
    "achieved": _achieved,
    "cancelled": _cancelled,
    "fallouts": _fallouts,
    "journal": journal_agrees,
    "events": events_agree,
    "inventory": inventory_agrees,
}
