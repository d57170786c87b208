"""Legal moves of what the engine drives, and the journal's line for each: no move without it, none beyond the table.

The moves themselves are made by statements over many rows, each of which names the states it starts from.
"""

from __future__ import annotations

from orchestrator.models import Fallout, Plan, Step
from tmf import journal
from tmf.states import Moves

S, P, F = Step.State, Plan.State, Fallout.State

STEP_MOVES = Moves(
    "step",
    {
        S.WAITING: (S.READY, S.CANCELLED),
        S.READY: (S.RUNNING, S.CANCELLED),
        S.RUNNING: (S.RUNNING, S.READY, S.ACCEPTED, S.DONE, S.HELD),  # the first: its lease ran out
        S.ACCEPTED: (S.RUNNING, S.CANCELLED),
        S.HELD: (S.READY, S.CANCELLED),
        S.DONE: (),
        S.CANCELLED: (),
    },
)
PLAN_MOVES = Moves(
    "plan",
    {
        P.OWED: (P.PENDING, P.ACTIVE, P.REFUSED, P.CANCELLED),
        P.PENDING: (P.OWED, P.CANCELLED),
        P.ACTIVE: (P.DONE, P.CANCELLING, P.CANCELLED),
        P.CANCELLING: (P.CANCELLED,),
        P.DONE: (),
        P.REFUSED: (),
        P.CANCELLED: (),
    },
)
FALLOUT_MOVES = Moves(
    "fallout",
    {
        F.OPEN: (F.CLAIMED, F.ON_HOLD, F.RESOLVED, F.CANCELLED),
        F.CLAIMED: (F.OPEN, F.ON_HOLD, F.RESOLVED, F.CANCELLED),
        F.ON_HOLD: (F.OPEN, F.CLAIMED, F.RESOLVED, F.CANCELLED),
        F.RESOLVED: (),
        F.CANCELLED: (),
    },
)


def step_moved(pk: int, before: str, after: str, *, actor: str, order_id: str, reason: str = "") -> journal.Entry:
    """The line that tells of it. Raises Conflict for a move that the table lacks; so do the other two."""
    STEP_MOVES.check(before, after)
    return journal.entry("Step", str(pk), before, after, actor=actor, order_id=order_id, reason=reason)


def plan_moved(pk: int, before: str, after: str, *, actor: str, order_id: str) -> journal.Entry:
    PLAN_MOVES.check(before, after)
    return journal.entry("Plan", str(pk), before, after, actor=actor, order_id=order_id)


def fallout_moved(pk: int, before: str, after: str, *, actor: str, order_id: str, reason: str) -> journal.Entry:
    FALLOUT_MOVES.check(before, after)
    return journal.entry("Fallout", str(pk), before, after, actor=actor, order_id=order_id, reason=reason)
