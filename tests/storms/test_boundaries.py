"""kill -9 at each commit boundary of a step, for each delivery class; somebody else takes over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.fallout import fallout_retry
from orchestrator.models import Attempt, Fallout, Plan, Step
from ordering.models import ServiceOrder
from tests.processes import Processes
from tests.simulator import Simulator
from tests.storms.crashes import CALL_SECONDS, crash
from tests.storms.ledger import operations
from tests.storms.stage import Stage, step

KINDS = ("idempotent", "queryable", "at_most_once")
DONE, HELD = "done", "held"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# Moment → for each delivery class how the step ends and how often it was asked for. The at-most-once step is
# held when nobody can know whether its target acted.
ENDS = {
    "before-intent": {"idempotent": (DONE, 1), "queryable": (DONE, 1), "at_most_once": (DONE, 1)},
    "after-intent": {"idempotent": (DONE, 1), "queryable": (DONE, 1), "at_most_once": (HELD, 0)},
    "after-success": {"idempotent": (DONE, 2), "queryable": (DONE, 1), "at_most_once": (HELD, 1)},
    "before-settle-commit": {"idempotent": (DONE, 2), "queryable": (DONE, 1), "at_most_once": (HELD, 1)},
    "after-settle-commit": {"idempotent": (DONE, 1), "queryable": (DONE, 1), "at_most_once": (DONE, 1)},
}


def set_up(stage: Stage, simulator: Simulator) -> None:
    """first → one step per delivery class, all at once → last. Only the idempotent target knows keys again."""
    stage.target("work", simulator)
    for kind in KINDS:
        stage.target(kind, simulator, "" if kind == "idempotent" else "mode=repeats", delivery=kind)
    middle = [step(f"mid_{kind}", target=kind, after="first", timeout=CALL_SECONDS) for kind in KINDS]
    stage.plan(step("first"), *middle, step("last", after=" ".join(s["key"] for s in middle)))


@pytest.mark.parametrize("moment", ENDS)
def test_no_step_is_lost_and_none_is_applied_twice(
    stage: Stage, processes: Processes, simulator: Simulator, moment: str
) -> None:
    set_up(stage, simulator)
    stage.order()
    crash(processes, stage, moment, "--steps", "mid", "--together", "3")
    left = stage.states(key__startswith="mid")
    expected = {"before-intent": "ready", "after-settle-commit": "done"}.get(moment, "running")
    assert left == {f"mid_{kind}": expected for kind in KINDS}
    uncertain = ENDS[moment]["at_most_once"][0] == HELD
    stage.take_over("held" if uncertain else "completed")
    stage.wait_for_quiet()
    known = operations(simulator)
    for kind, (state, requests) in ENDS[moment].items():
        found = Step.objects.get(key=f"mid_{kind}")
        asked = known.get(found.operation_key, {"requests": 0, "applications": 0})
        assert (found.state, asked["requests"], asked["applications"]) == (state, requests, min(requests, 1)), kind
    stage.check(simulator)
    if uncertain:
        explained()
    if moment == "after-intent":
        fallout_retry(fallout_id=Fallout.objects.get().pk, actor="olga", reason="the target knows nothing of it")
        stage.take_over("completed")
        stage.check(simulator)


def explained() -> None:
    """What the operator and the client see of it."""
    fallout = Fallout.objects.get()
    assert (fallout.category, fallout.state, fallout.target) == ("unknown_outcome", "open", "at_most_once")
    assert Attempt.objects.filter(step=fallout.step, verb="apply").count() == 2  # the second asked nobody
    order = ServiceOrder.objects.get()
    [error] = order.items.get().errors
    assert error["message"] == f"step mid_at_most_once: {fallout.message}"


def test_whoever_crashes_again_and_again_is_survived(
    small_stage: Stage, processes: Processes, simulator: Simulator
) -> None:
    """One worker after the other dies at the same place: each time the next goes on."""
    small_stage.target("work", simulator)
    small_stage.plan(step("one", timeout=CALL_SECONDS), step("two", after="one"))
    small_stage.order()
    for _ in range(2):
        crash(processes, small_stage, "after-success", "--steps", "one")
    processes.manage("sweeper", database=small_stage.url)
    small_stage.wait_for_orders("completed")
    attempts = Attempt.objects.filter(step__key="one").order_by("fence")
    assert [*attempts.values_list("outcome", flat=True)] == ["started", "started", "done"]
    small_stage.check(simulator)


def test_a_plan_that_was_not_committed_is_made_by_somebody_else(
    small_stage: Stage, processes: Processes, simulator: Simulator
) -> None:
    set_up(small_stage, simulator)
    small_stage.order()
    crash(processes, small_stage, "before-plan-commit")
    assert [*Plan.objects.values_list("state", "attempts")] == [("owed", 1)]
    assert not Step.objects.exists()
    Plan.objects.update(lease_until=LONG_AGO)  # a minute passes
    small_stage.take_over("completed")
    assert [*Plan.objects.values_list("state", "attempts")] == [("done", 2)]
    assert Step.objects.count() == 5
    small_stage.check(simulator)
