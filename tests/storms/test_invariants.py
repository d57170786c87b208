"""The checks themselves: whatever is broken in a quiet database, the one whose matter it is says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F, Model

from inventory.models import Service
from orchestrator import bulkheads
from orchestrator.execute import drive_due
from orchestrator.intake import decompose_due
from orchestrator.models import Attempt, Fallout, FulfilmentItem, Plan, Step, StepLink, Target
from ordering.models import CancelServiceOrder, ServiceOrder, ServiceOrderItem
from tests.storms.invariants import CHECKS, violations
from tests.storms.stage import Stage
from tmf.dispatch import dispatch_due
from tmf.models import Event, JournalEntry


def change(model: type[Model], which: dict[str, Any] | None = None, **values: Any) -> Callable[[], object]:
    return lambda: model._default_manager.filter(**which or {}).update(**values)


def remove(model: type[Model], **which: Any) -> Callable[[], object]:
    return lambda: model._default_manager.filter(**which).delete()


DONE, HELD = {"key": "one"}, {"key": "two"}
# What is done to a quiet database with a done and a held step → the checks that must notice.
BREAKAGES: dict[str, tuple[Callable[[], object], set[str]]] = {
    "a plan done too early": (change(Plan, state="done"), {"plans"}),
    "a plan not made": (change(Plan, state="owed"), {"plans", "journal"}),
    "an order ended alone": (change(ServiceOrder, state="completed"), {"plans", "tallies", "journal", "events"}),
    "a step forgotten": (change(Step, HELD, state="running"), {"steps", "fallouts", "achieved", "journal"}),
    "a claim left behind": (change(Step, DONE, claim="somebody"), {"steps"}),
    "a successor waked": (change(Step, {"key": "three"}, state="ready"), {"steps", "journal"}),
    "a predecessor counted twice": (change(Step, {"key": "three"}, waiting_on=0), {"steps"}),
    "an attempt without a trace": (remove(Attempt, step__key="one"), {"attempts"}),
    "a key of its own": (change(Attempt, {"step__key": "one"}, operation_key="else"), {"attempts"}),
    "begun too early": (change(Step, {"key": "zero"}, finished_at=None), {"steps", "sequence"}),
    "a step done without success": (change(Attempt, {"step__key": "one"}, outcome="started"), {"attempts"}),
    "an item counted down twice": (change(FulfilmentItem, steps_open=F("steps_open") - 1), {"fulfilment"}),
    "an item closed too early": (change(FulfilmentItem, state="done"), {"fulfilment", "inventory"}),
    "a tree counted wrong": (change(FulfilmentItem, tree_open=2), {"fulfilment"}),
    "a tally counted wrong": (change(ServiceOrder, n_held=2), {"tallies"}),
    "an item shown wrong": (change(ServiceOrderItem, state="completed"), {"tallies"}),
    "a hold without words": (change(ServiceOrderItem, errors=[]), {"achieved"}),
    "a fallout forgotten": (change(Fallout, state="resolved"), {"fallouts"}),
    "a fallout of nothing": (change(Fallout, step=None), {"fallouts"}),
    "a journal with a gap": (remove(JournalEntry, entity="Step", after="running"), {"journal"}),
    "a journal rewritten": (change(JournalEntry, {"entity": "Plan", "after": "active"}, after="done"), {"journal"}),
    "an event owed": (change(Event, dispatched_at=None), {"events"}),
    "an event lost": (remove(Event, sequence=1), {"events"}),
    "an event untrue": (change(Event, payload={"state": "completed"}), {"events"}),
    "a service from nowhere": (
        lambda: Service.objects.create(id="x", party="acme", state="active", order_id="y"),
        {"inventory", "journal", "events"},
    ),
    "a cancellation forgotten": (
        lambda: CancelServiceOrder.objects.create(order=ServiceOrder.objects.get(), state="inProgress"),
        {"cancelled", "journal", "events"},
    ),
    "a link forgotten": (remove(StepLink, successor__key="three"), {"steps", "journal"}),
}  # fmt: skip


@pytest.fixture
def quiet(small_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """One order: zero and one are done, two is held, three waits for it."""
    monkeypatch.setattr(bulkheads, "_mine", {})
    Target.objects.create(name="inside", connector="simulator")
    good, bad = {"method": "POST"}, {"simulate": "status=422"}
    small_stage.plan(
        {"key": "zero", "target": "inside", "request": good},
        {"key": "one", "target": "inside", "request": good, "after": ["zero"]},
        {"key": "two", "target": "inside", "request": bad, "after": ["zero"]},
        {"key": "three", "target": "inside", "request": good, "after": ["two"]},
    )
    small_stage.order()
    while dispatch_due() + decompose_due() + drive_due():
        pass
    return small_stage


def test_they_find_nothing_where_everything_holds(quiet: Stage) -> None:
    assert quiet.states() == {"zero": "done", "one": "done", "two": "held", "three": "waiting"}
    assert [*violations()] == []


def test_each_breakage_is_found(quiet: Stage, subtests: Any) -> None:
    for name, (breakage, expected) in BREAKAGES.items():
        with subtests.test(name), transaction.atomic():
            breakage()
            found = {line.partition(":")[0] for line in violations()}
            transaction.set_rollback(True)
            assert found >= expected, name
    assert {check for _, checks in BREAKAGES.values() for check in checks} == {*CHECKS}
