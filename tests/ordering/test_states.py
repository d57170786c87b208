"""The state machine by all pairs; the roll-up against a reference read from its rule."""

from contextlib import nullcontext
from itertools import pairwise, product

import pytest

from ordering.models import CancelState, OrderState, ServiceOrder
from ordering.states import (
    CANCEL_MOVES,
    CANCELLING,
    CONSUMER_MOVES,
    COUNTERS,
    IN_FLIGHT,
    ITEM_MOVES,
    ORDER_MOVES,
    TERMINAL,
    counts,
    roll_up,
    route,
    show,
)
from tmf.errors import Conflict
from tmf.states import Moves

LEGAL = {
    "acknowledged": "rejected inProgress pending held cancelled assessingCancellation",
    "inProgress": "pending held completed failed partial assessingCancellation",
    "pending": "inProgress cancelled failed assessingCancellation",
    "held": "inProgress cancelled failed assessingCancellation",
    "assessingCancellation": "acknowledged inProgress held pending pendingCancellation cancelled",
    "pendingCancellation": "cancelled held",
}
PAIRS = [*product(OrderState.values, repeat=2)]
COUNTED = [*COUNTERS]


@pytest.mark.proves("state machine: all pairs of states, legal ones move, others are 409", of="serviceOrder")
@pytest.mark.parametrize("moves", [ORDER_MOVES, ITEM_MOVES])
def test_it_allows_exactly_the_moves_of_the_table(moves: Moves) -> None:
    allowed = {pair for pair in PAIRS if moves.allow(*pair)}
    assert allowed == {(before, after) for before, line in LEGAL.items() for after in line.split()}


@pytest.mark.proves("state machine: all pairs of states, legal ones move, others are 409", of="serviceOrder")
@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_it_raises_a_conflict_for_every_other_pair(before: str, after: str) -> None:
    if ORDER_MOVES.allow(before, after):
        ORDER_MOVES.check(before, after)
        return
    with pytest.raises(Conflict, match="no legal change"):
        ORDER_MOVES.check(before, after)


@pytest.mark.proves("state machine: all pairs of states, legal ones move, others are 409", of="cancelServiceOrder")
@pytest.mark.parametrize(("before", "after"), [*product(CancelState.values, repeat=2)])
def test_a_cancel_is_begun_and_ended_once(before: str, after: str) -> None:
    legal = {("accepted", "inProgress"), ("inProgress", "done")} | {
        (live, "terminatedWithError") for live in ("accepted", "inProgress")
    }
    with nullcontext() if (before, after) in legal else pytest.raises(Conflict, match="no legal change"):
        CANCEL_MOVES.check(before, after)


def test_it_never_leaves_a_final_state() -> None:
    assert ORDER_MOVES.final == TERMINAL


def test_it_lets_the_consumer_hold_and_resume_only() -> None:
    allowed = {pair for pair in PAIRS if CONSUMER_MOVES.allow(*pair)}
    assert allowed == {
        ("acknowledged", "held"), ("inProgress", "held"), ("held", "inProgress"), ("pending", "inProgress"),
    }  # fmt: skip
    assert all(ORDER_MOVES.allow(*pair) for pair in allowed)


def test_it_sorts_every_state_into_begun_or_not() -> None:
    assert {*OrderState} == TERMINAL | IN_FLIGHT | {OrderState.ACKNOWLEDGED}
    assert not TERMINAL & IN_FLIGHT


def reference(children: list[str]) -> str:
    """The rule, read word by word over the list of children."""
    if all(child == children[0] for child in children):
        return children[0]
    if any(child == "held" for child in children):
        return "held"
    if any(child == "pending" for child in children):
        return "pending"
    if any(child in ("acknowledged", "inProgress") for child in children):
        return "inProgress"
    return "partial" if any(child in ("completed", "partial") for child in children) else "failed"


@pytest.mark.proves("state machine: items roll up at every level", of="serviceOrder")
def test_it_rolls_up_as_the_rule_says_for_all_small_counts() -> None:
    vectors = [vector for vector in product(range(3), repeat=len(COUNTED)) if any(vector)]
    for vector in vectors:
        children = [state.value for state, count in zip(COUNTED, vector, strict=True) for _ in range(count)]
        assert roll_up(dict(zip(COUNTED, vector, strict=True))) == reference(children), children
    assert len(vectors) == 3**9 - 1


@pytest.mark.parametrize("tally", [{}, {OrderState.HELD: 0}, dict.fromkeys(CANCELLING, 1)])
def test_it_refuses_to_roll_up_what_no_tally_holds(tally: dict[OrderState, int]) -> None:
    with pytest.raises(ValueError, match="roll up"):
        roll_up(tally)


def test_it_has_a_counter_for_every_state_that_is_tallied() -> None:
    assert {*COUNTERS} == {*OrderState} - CANCELLING
    assert counts(ServiceOrder(n_held=2))[OrderState.HELD] == 2


@pytest.mark.parametrize("rolled", COUNTED)
def test_it_shows_held_while_on_hold_until_all_has_ended(rolled: OrderState) -> None:
    assert show(rolled, on_hold=False) == rolled
    assert show(rolled, on_hold=True) == (rolled if rolled in TERMINAL else "held")


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("held", "held", ()),
        ("acknowledged", "inProgress", ("inProgress",)),
        ("acknowledged", "completed", ("inProgress", "completed")),
        ("pending", "held", ("inProgress", "held")),
        ("held", "partial", ("inProgress", "partial")),
        ("held", "failed", ("failed",)),
        ("inProgress", "acknowledged", ()),
    ],
)
def test_it_finds_the_legal_way(before: str, after: str, moves: tuple[str, ...]) -> None:
    assert route(before, after) == moves


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_it_only_ever_takes_legal_moves(before: str, after: str) -> None:
    try:
        way = (before, *route(before, after))
    except Conflict:
        assert not ORDER_MOVES.allow(before, after)
        return
    assert all(ORDER_MOVES.allow(*pair) for pair in pairwise(way))
    assert way[-1] == after or (before, after) == ("inProgress", "acknowledged")
