"""Each protection removed: the harm is done, and the checks of the other storms see it."""

from __future__ import annotations

import signal

import pytest

from orchestrator.models import Step, Target
from tests.processes import Processes
from tests.simulator import Simulator
from tests.storms.crashes import CALL_SECONDS, crash, start, stop
from tests.storms.invariants import violations
from tests.storms.ledger import ledger_violations, operations
from tests.storms.stage import Stage, step
from tests.waiting import wait_until
from tmf.models import JournalEntry


def applications(simulator: Simulator) -> int:
    return sum(each["applications"] for each in operations(simulator).values())


def one_step(stage: Stage, simulator: Simulator, delivery: str) -> None:
    """Only an idempotent target knows a key again; the other does whatever it is asked."""
    stage.target("work", simulator, "" if delivery == "idempotent" else "mode=repeats", delivery=delivery)
    stage.plan(step("one", timeout=CALL_SECONDS))
    stage.order()


def test_forgetting_the_doubt_applies_twice(small_stage: Stage, processes: Processes, simulator: Simulator) -> None:
    one_step(small_stage, simulator, "queryable")
    crash(processes, small_stage, "after-success")
    start(processes, small_stage, "--without", "doubt")
    small_stage.wait_for_orders("completed")
    assert applications(simulator) == 2
    assert [*ledger_violations(simulator)] != []


def test_calling_before_the_intent_is_committed_applies_twice(
    small_stage: Stage, processes: Processes, simulator: Simulator
) -> None:
    one_step(small_stage, simulator, "queryable")
    crash(processes, small_stage, "before-intent", "--without", "intent")
    assert Step.objects.get().in_doubt is False
    small_stage.take_over("completed")
    assert applications(simulator) == 2
    assert [*ledger_violations(simulator)] != []


def test_a_key_of_each_attempt_s_own_applies_twice(
    small_stage: Stage, processes: Processes, simulator: Simulator
) -> None:
    one_step(small_stage, simulator, "idempotent")
    crash(processes, small_stage, "after-success", "--without", "stable-key")
    start(processes, small_stage, "--without", "stable-key")
    small_stage.wait_for_orders("completed")
    assert applications(simulator) == 2
    assert [*ledger_violations(simulator)] != []
    assert [*violations(only=("attempts",))] != []


def test_calling_on_the_strength_of_a_lease_that_has_run_out_applies_twice(
    small_stage: Stage, processes: Processes, simulator: Simulator
) -> None:
    one_step(small_stage, simulator, "queryable")
    zombie = stop(processes, small_stage, "after-intent", "--without", "lease")
    small_stage.take_over("completed")
    assert applications(simulator) == 1
    zombie.signal(signal.SIGCONT)
    wait_until(lambda: applications(simulator) == 2, 30, "the harm is done")
    assert [*ledger_violations(simulator)] != []


@pytest.mark.parametrize("protected", [True, False], ids=["with fence", "without fence"])
def test_a_zombie_without_fence_finishes_a_step_twice_and_breaks_the_order(
    small_stage: Stage, processes: Processes, simulator: Simulator, protected: bool
) -> None:
    """`both` waits for `one` and for `other`, whose target is paused: finished twice, `one` counts for both."""
    small_stage.target("work", simulator)
    small_stage.target("paused", simulator, state=Target.State.PAUSED)
    small_stage.plan(step("one", timeout=CALL_SECONDS), step("other", target="paused"), step("both", after="one other"))
    small_stage.order()
    zombie = stop(processes, small_stage, "after-success", *([] if protected else ["--without", "fence"]))
    processes.manage("sweeper", database=small_stage.url)
    wait_until(lambda: small_stage.states(key="one") == {"one": "done"}, 30, "another has finished its step")
    assert small_stage.states() == {"one": "done", "other": "ready", "both": "waiting"}
    zombie.signal(signal.SIGCONT)
    told = JournalEntry.objects.filter(entity="Step", entity_id=str(Step.objects.get(key="one").pk))
    lines = told.count()
    wait_until(lambda: told.count() > lines, 30, "the late outcome has come")
    if protected:
        assert small_stage.states() == {"one": "done", "other": "ready", "both": "waiting"}
        Target.objects.update(state=Target.State.OPEN)
        small_stage.wait_for_orders("completed")
        small_stage.check(simulator)
    else:
        wait_until(lambda: small_stage.states(key="both") == {"both": "done"}, 30, "the harm is done")
        assert small_stage.states(key="other") == {"other": "ready"}
        assert "both was applied before other" in [*ledger_violations(simulator)]
        assert {line.partition(":")[0] for line in violations()} >= {"steps", "sequence", "fulfilment", "journal"}
