"""Journal and events as history: legal from line to line, and ending where the rows are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from inventory.models import Service
from orchestrator.models import Plan, Step, StepLink
from orchestrator.states import PLAN_MOVES, STEP_MOVES
from ordering.models import CancelServiceOrder, ServiceOrder, ServiceOrderItem
from ordering.states import CANCEL_MOVES, ITEM_MOVES, ORDER_MOVES, route
from tmf.errors import Conflict
from tmf.models import Event, JournalEntry
from tmf.states import Moves

Violations = Iterator[str]
Line = tuple[str, str]  # before, after
S, P = Step.State, Plan.State


def journal_agrees() -> Violations:
    waits = {*StepLink.objects.values_list("successor_id", flat=True)}
    steps = Step.objects.values_list("pk", "state")
    begin = {str(pk): S.WAITING if pk in waits else S.READY for pk, _ in steps}
    yield from _replayed("Step", begin, {str(pk): state for pk, state in steps}, STEP_MOVES)
    yield from _alike("Plan", dict(Plan.objects.values_list("pk", "state")), P.OWED, PLAN_MOVES)
    orders = dict(ServiceOrder.objects.values_list("pk", "state"))
    yield from _alike("ServiceOrder", orders, "acknowledged", ORDER_MOVES)
    cancels = dict(CancelServiceOrder.objects.values_list("pk", "state"))
    yield from _alike("CancelServiceOrder", cancels, "accepted", CANCEL_MOVES)
    own = {f"{i.order_id}/{i.item_id}": i.own for i in ServiceOrderItem.objects.all()}
    yield from _alike("ServiceOrderItem", own, "acknowledged", ITEM_MOVES)
    yield from _alike("Service", dict(Service.objects.values_list("pk", "state")), "", None)


def _alike(entity: str, end: Mapping[Any, str], begin: str, moves: Moves | None) -> Violations:
    return _replayed(entity, {str(pk): begin for pk in end}, {str(pk): state for pk, state in end.items()}, moves)


def _replayed(entity: str, begin: Mapping[str, str], end: Mapping[str, str], moves: Moves | None) -> Violations:
    """Each line goes on from where the last one ended, by a legal move, to the row's present state."""
    told: defaultdict[str, list[Line]] = defaultdict(list)
    entries = JournalEntry.objects.filter(entity=entity).exclude(after="discarded").exclude(reason="rolled up")
    for name, before, after in entries.order_by("id").values_list("entity_id", "before", "after"):
        told[name].append((before, after))
    for name in {*told} - {*end}:
        yield f"{entity} {name} does not exist"
    for name, last in end.items():
        now = begin[name]
        for before, after in told[name]:
            if before != now or (moves is not None and not moves.allow(before, after)):
                yield f"{entity} {name}: {told[name]} is no history"
                break
            now = after
        else:
            if now != last:
                yield f"{entity} {name} is {last}, by its journal {now}"


def events_agree() -> Violations:
    """All told; per resource numbered upwards, beginning with its creation, and ending with the row's state."""
    for event in Event.objects.exclude(dispatched_at__isnull=False, failed_at=None):
        yield f"{event} is owed, or was given up: {event.error}"
    lines: defaultdict[Line, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(resource__in=["serviceOrder", "cancelServiceOrder", "service"]).order_by(
        "sequence"
    ):
        lines[event.resource, event.resource_id].append(event)
    yield from _told("serviceOrder", lines, {row.pk: (row.state, row.revision) for row in ServiceOrder.objects.all()})
    cancels = {row.pk: (row.state, row.revision) for row in CancelServiceOrder.objects.all()}
    yield from _told("cancelServiceOrder", lines, cancels)
    yield from _told("service", lines, {row.pk: (row.state, row.revision) for row in Service.objects.all()})


def _told(resource: str, lines: Mapping[Line, list[Event]], rows: Mapping[str, tuple[str, int]]) -> Violations:
    for name, (state, revision) in rows.items():
        events = lines.get((resource, name), [])
        numbers = [event.sequence for event in events]
        if not events or "Create" not in events[0].type or numbers[0] != 1 or numbers[-1] > revision:
            yield f"{resource} {name} of revision {revision} has the events {numbers}"
            continue
        states = [event.payload["state"] for event in events]
        if states[-1] != state:
            yield f"{resource} {name} is {state}, by its events {states}"
        if len(told := [e for e in events if "Create" in e.type]) != 1:
            yield f"{resource} {name} was created {len(told)} times"
        if resource == "serviceOrder" and not _leads(states):
            yield f"{resource} {name}: {states} is no history"


def _leads(states: list[str]) -> bool:
    """Two moves in one transaction are told by two events with the same, later representation."""
    try:
        return all(before == after or route(before, after) for before, after in pairwise(states))
    except Conflict:
        return False
