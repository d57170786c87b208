"""The order's and the item's state machine, and the roll-up of items into what contains them."""

from collections.abc import Iterable, Mapping

from ordering.models import FINAL_STATES, CancelState, OrderState, Tally
from tmf.errors import Conflict
from tmf.states import Moves

S = OrderState

TERMINAL = frozenset(FINAL_STATES)
ACHIEVED = frozenset({S.COMPLETED, S.PARTIAL})  # something was delivered
RUNNING = frozenset({S.ACKNOWLEDGED, S.IN_PROGRESS})  # goes on by itself
WAITING = frozenset({S.PENDING, S.HELD})  # goes on when somebody acts
CANCELLING = frozenset({S.ASSESSING_CANCELLATION, S.PENDING_CANCELLATION})  # shown over what the items say
IN_FLIGHT = frozenset({S.IN_PROGRESS, *WAITING, *CANCELLING})  # begun, and not at its end

TABLE: Mapping[str, Iterable[str]] = {
    S.ACKNOWLEDGED: (S.REJECTED, S.IN_PROGRESS, S.PENDING, S.HELD, S.CANCELLED, S.ASSESSING_CANCELLATION),
    S.IN_PROGRESS: (S.PENDING, S.HELD, S.COMPLETED, S.FAILED, S.PARTIAL, S.ASSESSING_CANCELLATION),
    S.PENDING: (S.IN_PROGRESS, S.CANCELLED, S.FAILED, S.ASSESSING_CANCELLATION),
    S.HELD: (S.IN_PROGRESS, S.CANCELLED, S.FAILED, S.ASSESSING_CANCELLATION),
    S.ASSESSING_CANCELLATION: (
        S.ACKNOWLEDGED, S.IN_PROGRESS, S.PENDING, S.HELD, S.PENDING_CANCELLATION, S.CANCELLED,
    ),
    S.PENDING_CANCELLATION: (S.CANCELLED, S.HELD),
    S.REJECTED: (),
    S.CANCELLED: (),
    S.COMPLETED: (),
    S.FAILED: (),
    S.PARTIAL: (),
}  # fmt: skip
ORDER_MOVES = Moves("serviceOrder", TABLE)
ITEM_MOVES = Moves("serviceOrderItem", TABLE)
# What a consumer may ask for in a PATCH: hold, and resume.
CONSUMER_MOVES = Moves(
    "serviceOrder",
    {S.ACKNOWLEDGED: (S.HELD,), S.IN_PROGRESS: (S.HELD,), S.HELD: (S.IN_PROGRESS,), S.PENDING: (S.IN_PROGRESS,)},
)
CANCEL_MOVES = Moves(
    "cancelServiceOrder",
    {
        CancelState.ACCEPTED: (CancelState.IN_PROGRESS, CancelState.TERMINATED_WITH_ERROR),
        CancelState.IN_PROGRESS: (CancelState.DONE, CancelState.TERMINATED_WITH_ERROR),
        CancelState.DONE: (),
        CancelState.TERMINATED_WITH_ERROR: (),
    },
)

COUNTERS: Mapping[OrderState, str] = {
    S.ACKNOWLEDGED: "n_acknowledged",
    S.REJECTED: "n_rejected",
    S.PENDING: "n_pending",
    S.HELD: "n_held",
    S.IN_PROGRESS: "n_in_progress",
    S.CANCELLED: "n_cancelled",
    S.COMPLETED: "n_completed",
    S.FAILED: "n_failed",
    S.PARTIAL: "n_partial",
}


def counts(row: Tally) -> dict[OrderState, int]:
    """The tally's counters by state, as `roll_up` takes them."""
    return {state: getattr(row, name) for state, name in COUNTERS.items()}


def roll_up(counts: Mapping[OrderState, int]) -> OrderState:
    """The state of what contains children in these states (docs/conformance.md 1.3). Raises ValueError without any.

    A child that is itself partial has delivered something: it counts like a completed one.
    """
    present = {state for state, count in counts.items() if count}
    if not present or present & CANCELLING:
        raise ValueError(f"nothing to roll up in {dict(counts)}")
    if len(present) == 1:
        return present.pop()
    for state in (S.HELD, S.PENDING):
        if state in present:
            return state
    if present & RUNNING:
        return S.IN_PROGRESS
    return S.PARTIAL if present & ACHIEVED else S.FAILED


def show(rolled: OrderState, *, on_hold: bool) -> OrderState:
    """The order's public state: an order on hold is held until its items have all ended."""
    return S.HELD if on_hold and rolled not in TERMINAL else rolled


def route(before: str, after: str) -> tuple[str, ...]:
    """The legal moves that lead from one state to another: none, one, or two through inProgress.

    A batch may settle the first and the last step of an order at once: acknowledged → completed
    then is two moves. Raises Conflict when there is no such way.
    """
    if before == after or (before, after) == (S.IN_PROGRESS, S.ACKNOWLEDGED):
        return ()  # the second: held and resumed before any item began, an order stays inProgress
    if ORDER_MOVES.allow(before, after):
        return (after,)
    if ORDER_MOVES.allow(before, S.IN_PROGRESS) and ORDER_MOVES.allow(S.IN_PROGRESS, after):
        return (S.IN_PROGRESS, after)
    raise Conflict(f"serviceOrder: {before} → {after} is no legal change of state", path="state")
