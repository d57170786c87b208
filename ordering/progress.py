"""How the work's progress shows in orders: batched moves of items, rolled up to what contains them.

Called by whoever does the work, inside its transaction. The number of statements grows with the kinds
of change in a batch and with nesting, not with the number of items or of steps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce, Now

from ordering.models import OrderState, ServiceOrder, ServiceOrderItem
from ordering.resources import SERVICE_ORDER
from ordering.states import CANCELLING, COUNTERS, ITEM_MOVES, TERMINAL, counts, roll_up, route, show
from tmf import journal, outbox
from tmf.batch import update_rows

Json = dict[str, Any]
Delta = Counter[OrderState]
Rolled = tuple[ServiceOrderItem, OrderState, OrderState]  # an item, its state before and after
STATE_CHANGE = "ServiceOrderStateChangeEvent"
ENDED = frozenset({OrderState.COMPLETED, OrderState.PARTIAL, OrderState.FAILED})


@dataclass(frozen=True, slots=True)
class ItemMove:
    """The own work of an item goes to a state. `errors` replaces its errorMessage list unless None.

    `through` are the states that it has shown meanwhile without being in them: those of its order's cancellation.
    """

    item: int  # pk
    after: OrderState
    reason: str = ""
    errors: tuple[Json, ...] | None = None
    service_id: str = ""
    through: tuple[OrderState, ...] = ()

    def way(self, before: str) -> tuple[str, ...]:
        return (before, *self.through, self.after)


def items_move(*, moves: Iterable[ItemMove], actor: str) -> frozenset[str]:
    """Moves the items' own work and rolls up; the ids of the orders that came to their end.

    A move to where an item is already only sets its errors and service. Raises Conflict (409) for an
    illegal move. Where the database locks rows, whoever moves one of the items at this moment is waited for.
    """
    wanted = {move.item: move for move in moves}
    rows = list(ServiceOrderItem.objects.filter(pk__in=wanted).order_by("pk").select_for_update())
    _set_details(rows, wanted)
    changed = [row for row in rows if row.own != wanted[row.pk].after]
    _move_own(changed, wanted)
    journal.record(
        _item_entry(row, before, after, wanted[row.pk].reason, actor)
        for row in changed
        for before, after in pairwise(wanted[row.pk].way(row.own))
    )
    deltas = {row.pk: Counter({OrderState(row.own): -1, wanted[row.pk].after: 1}) for row in changed}
    per_order: defaultdict[str, Delta] = defaultdict(Counter, {row.order_id: Counter() for row in rows})
    rolled: dict[int, Rolled] = {}
    while deltas:
        deltas = _roll_items(deltas, per_order, rolled)
    journal.record(
        _item_entry(row, before, after, "rolled up", actor)
        for row, before, after in rolled.values()
        if after not in (before, row.own)
    )
    return orders_roll(per_order, actor=actor)


def _set_details(rows: Sequence[ServiceOrderItem], wanted: Mapping[int, ItemMove]) -> None:
    """Errors and services, in one statement."""
    update_rows(
        ServiceOrderItem,
        [{"id": row.pk, **new} for row in rows if (new := _details(row, wanted[row.pk])) != _details(row, None)],
        key=["id"], set=["errors", "service_id"],
    )  # fmt: skip


def _details(row: ServiceOrderItem, move: ItemMove | None) -> Json:
    """Errors and service as they are, or as the move wants them."""
    errors = row.errors if move is None or move.errors is None else [*move.errors]
    return {"errors": errors, "service_id": (move and move.service_id) or row.service_id}


def _move_own(rows: Sequence[ServiceOrderItem], wanted: Mapping[int, ItemMove]) -> None:
    groups: defaultdict[tuple[str, OrderState], list[int]] = defaultdict(list)
    for row in rows:
        for pair in pairwise(wanted[row.pk].way(row.own)):
            ITEM_MOVES.check(*pair)
        groups[row.own, wanted[row.pk].after].append(row.pk)
    for (before, after), pks in groups.items():
        if ServiceOrderItem.objects.filter(pk__in=pks, own=before).update(own=after) != len(pks):
            raise RuntimeError(f"a rival moved one of the items {pks} from {before}")


def _roll_items(
    deltas: Mapping[int, Delta], per_order: defaultdict[str, Delta], rolled: dict[int, Rolled]
) -> dict[int, Delta]:
    """Applies the deltas to the items' tallies; what this changes in their parents' tallies, by pk.

    `rolled` gathers each item's state before the whole batch and after it: what lies between is never seen.
    """
    _apply(ServiceOrderItem, deltas)
    above: defaultdict[int, Delta] = defaultdict(Counter)
    groups: defaultdict[tuple[OrderState, OrderState], list[ServiceOrderItem]] = defaultdict(list)
    for row in ServiceOrderItem.objects.filter(pk__in=deltas).order_by("pk"):
        before, after = OrderState(row.state), roll_up(counts(row))
        per_order[row.order_id]  # the order's representation changes even where its state does not
        if before != after:
            groups[before, after].append(row)
            rolled[row.pk] = (row, rolled[row.pk][1] if row.pk in rolled else before, after)
            container = per_order[row.order_id] if row.parent_id is None else above[row.parent_id]
            container.update({before: -1, after: 1})
    for (_, after), rows in groups.items():
        ServiceOrderItem.objects.filter(pk__in=[row.pk for row in rows]).update(state=after)
    return dict(above)


def _apply(model: type[ServiceOrder] | type[ServiceOrderItem], deltas: Mapping[Any, Delta], **more: Any) -> None:
    """Adds the deltas to the tallies: one statement for all rows with the same delta, in the order of keys."""
    groups: defaultdict[tuple[tuple[OrderState, int], ...], list[Any]] = defaultdict(list)
    for pk in sorted(deltas):
        groups[tuple(sorted((state, n) for state, n in deltas[pk].items() if n))].append(pk)
    for delta, pks in groups.items():
        changes = {COUNTERS[state]: F(COUNTERS[state]) + n for state, n in delta}
        if changes or more:
            model.objects.filter(pk__in=pks).update(**changes, **more)


def orders_roll(deltas: Mapping[str, Delta], *, actor: str, reason: str = "") -> frozenset[str]:
    """Adds the deltas to the orders' tallies and moves each order where they lead; the ids of those that ended."""
    if not deltas:
        return frozenset()
    _apply(ServiceOrder, deltas, revision=F("revision") + 1, updated_at=Now())
    moves: dict[str, tuple[str, ...]] = {}
    for row in ServiceOrder.objects.filter(pk__in=deltas):
        if row.state not in CANCELLING:
            moves[row.pk] = route(row.state, show(roll_up(counts(row)), on_hold=row.on_hold))
    return orders_move(moves={pk: way for pk, way in moves.items() if way}, actor=actor, reason=reason)


def orders_move(*, moves: Mapping[str, Sequence[str]], actor: str, reason: str = "") -> frozenset[str]:
    """Moves each order along its states, telling each move; the ids of those that came to their end.

    The only writer of an order's `state`. The moves must be legal (`ordering.states.route`).
    """
    rows = list(ServiceOrder.objects.filter(pk__in=moves).order_by("pk")) if moves else []
    ways: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    entries: list[journal.Entry] = []
    for row in rows:
        way = tuple(moves[row.pk])
        ways[(row.state, *way)].append(row.pk)
        entries += [_order_entry(row, *pair, reason, actor) for pair in zip((row.state, *way), way, strict=False)]
    for (before, *steps), pks in ways.items():
        _move_alike(before, steps, pks)
    journal.record(entries)
    _tell(rows, moves)
    return frozenset(row.pk for row in rows if moves[row.pk][-1] in TERMINAL)


def _move_alike(before: str, way: Sequence[str], pks: Sequence[str]) -> None:
    changes: Json = {"state": way[-1], "revision": F("revision") + len(way) - 1}
    if OrderState.IN_PROGRESS in way:
        changes["start_date"] = Coalesce("start_date", Now())
    if way[-1] in ENDED:
        changes["completion_date"] = Now()
    if way[-1] == OrderState.CANCELLED:
        changes["cancellation_date"] = Now()
    if ServiceOrder.objects.filter(pk__in=pks, state=before).update(**changes) != len(pks):
        raise RuntimeError(f"a rival moved one of the orders {pks} from {before}")


def _tell(rows: Sequence[ServiceOrder], moves: Mapping[str, Sequence[str]]) -> None:
    """A StateChange event for each move, with the representation as it is now."""
    fresh = ServiceOrder.objects.filter(pk__in=[row.pk for row in rows]).prefetch_related("items")
    outbox.record_many(
        [outbox.Notice(SERVICE_ORDER, row, (STATE_CHANGE,) * len(moves[row.pk])) for row in fresh] if rows else []
    )


def _item_entry(row: ServiceOrderItem, before: str, after: str, reason: str, actor: str) -> journal.Entry:
    name = f"{row.order_id}/{row.item_id}"
    return journal.entry("ServiceOrderItem", name, before, after, actor=actor, order_id=row.order_id, reason=reason)


def _order_entry(row: ServiceOrder, before: str, after: str, reason: str, actor: str) -> journal.Entry:
    return journal.entry("ServiceOrder", row.pk, before, after, actor=actor, order_id=row.pk, reason=reason)
