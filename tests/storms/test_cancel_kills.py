"""kill -9 at each boundary of a cancellation; somebody else brings it to its end."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.fallout import fallout_retry
from orchestrator.models import Fallout, Plan, Step, Target
from ordering.models import CancelServiceOrder, ServiceOrder
from ordering.services_cancel import cancel_submit
from tests.processes import Processes
from tests.simulator import Simulator
from tests.storms.crashes import CALL_SECONDS, crash
from tests.storms.ledger import operations
from tests.storms.stage import BSS, Stage, step

KINDS = ("idempotent", "queryable", "at_most_once")
# Moment → the order's state after the crash, and whether there are undo steps.
STAGES = {
    "before-judge-commit": ("inProgress", False),
    "after-judge-commit": ("pendingCancellation", False),
    "before-take-back-commit": ("pendingCancellation", False),
    "after-take-back-commit": ("pendingCancellation", True),
    "before-conclude-commit": ("pendingCancellation", True),
    "after-conclude-commit": ("cancelled", True),
}
# Moment of an undo step → for each delivery class how often its target was asked. As for any other step.
UNDOINGS = {
    "before-intent": {"idempotent": 1, "queryable": 1, "at_most_once": 1},
    "after-intent": {"idempotent": 1, "queryable": 1, "at_most_once": 0},
    "after-success": {"idempotent": 2, "queryable": 1, "at_most_once": 1},
    "before-settle-commit": {"idempotent": 2, "queryable": 1, "at_most_once": 1},
    "after-settle-commit": {"idempotent": 1, "queryable": 1, "at_most_once": 1},
}


def undoable(key: str, **more: Any) -> dict[str, Any]:
    undo = {"method": "DELETE", "path": f"/work/{key}", "expect": [200, 204, 404]}
    return step(key, undo={"request": {**undo, "lookUp": {"path": "/operations/{key}"}}}, **more)


def half_done(stage: Stage) -> None:
    """One order, of which everything is done but what waits for a closed target; it is to be cancelled."""
    [order_id] = stage.order()
    stage.take_over("inProgress")
    cancel_submit(actor=BSS, document={"serviceOrder": {"id": order_id}})


def closed(stage: Stage, simulator: Simulator) -> None:
    stage.target("closed", simulator, state=Target.State.PAUSED)


@pytest.mark.parametrize("moment", STAGES)
def test_a_cancellation_is_neither_lost_nor_made_twice(
    stage: Stage, processes: Processes, simulator: Simulator, moment: str
) -> None:
    stage.target("work", simulator)
    closed(stage, simulator)
    stage.plan(undoable("one"), undoable("two", after="one"), step("last", target="closed", after="two"))
    half_done(stage)
    crash(processes, stage, moment)
    state, undoing = STAGES[moment]
    assert ServiceOrder.objects.get().state == state
    assert Step.objects.filter(mode="undo").exists() is undoing
    stage.take_over("cancelled")
    assert CancelServiceOrder.objects.get().state == "done"
    assert Plan.objects.get().state == "cancelled"
    known = operations(simulator)
    assert sorted(each["applications"] for each in known.values()) == [1, 1, 1, 1]
    stage.check(simulator)


@pytest.mark.parametrize("moment", UNDOINGS)
def test_nothing_is_taken_back_twice(
    small_stage: Stage, processes: Processes, simulator: Simulator, moment: str
) -> None:
    for kind in KINDS:
        small_stage.target(kind, simulator, "" if kind == "idempotent" else "mode=repeats", delivery=kind)
    closed(small_stage, simulator)
    middle = [undoable(f"mid_{kind}", target=kind, timeout=CALL_SECONDS) for kind in KINDS]
    small_stage.plan(*middle, step("last", target="closed", after=" ".join(s["key"] for s in middle)))
    half_done(small_stage)
    crash(processes, small_stage, moment, "--steps", "undo:mid", "--together", "3")
    uncertain = moment not in ("before-intent", "after-settle-commit")
    small_stage.take_over("held" if uncertain else "cancelled")
    known = operations(simulator)
    for kind, requests in UNDOINGS[moment].items():
        found = Step.objects.get(key=f"undo:mid_{kind}")
        asked = known.get(found.operation_key, {"requests": 0, "applications": 0})
        assert (asked["requests"], asked["applications"]) == (requests, min(requests, 1)), kind
    small_stage.check(simulator)
    if moment == "after-intent":
        fallout = Fallout.objects.get(state="open")
        assert fallout.category == "compensation"
        fallout_retry(fallout_id=fallout.pk, actor="olga", reason="the target knows nothing of it")
        small_stage.take_over("cancelled")
        small_stage.check(simulator)
