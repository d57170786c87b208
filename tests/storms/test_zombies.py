"""A worker that is stopped past its lease and goes on when others have finished its steps."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from orchestrator.models import Attempt, Fallout, FulfilmentItem, Plan, Step
from tests.processes import Processes
from tests.simulator import Simulator
from tests.storms.crashes import stop
from tests.storms.ledger import operations
from tests.storms.stage import Stage
from tests.storms.test_boundaries import KINDS, set_up
from tests.waiting import wait_until
from tmf.models import JournalEntry

DISCARDED = JournalEntry.objects.filter(after="discarded")


def engine_rows() -> list[list[dict[str, Any]]]:
    return [[*model._default_manager.order_by("pk").values()] for model in (Plan, FulfilmentItem, Step, Fallout)]


def ledger(simulator: Simulator) -> dict[str, tuple[int, int]]:
    return {key: (each["requests"], each["applications"]) for key, each in operations(simulator).items()}


def test_its_late_outcomes_are_discarded_and_change_nothing(
    stage: Stage, processes: Processes, simulator: Simulator
) -> None:
    set_up(stage, simulator)
    stage.order()
    zombie = stop(processes, stage, "after-success", "--steps", "mid", "--together", "3")
    processes.manage("sweeper", database=stage.url)
    stage.wait_for_orders("held")
    stage.wait_for_quiet()
    stage.check(simulator)
    rows, applied = engine_rows(), ledger(simulator)
    last = JournalEntry.objects.latest("id").pk
    zombie.signal(signal.SIGCONT)
    wait_until(lambda: DISCARDED.count() >= 3, 30, "the late outcomes are discarded")
    assert zombie.stop() == 0
    assert (engine_rows(), ledger(simulator)) == (rows, applied)
    told = JournalEntry.objects.filter(pk__gt=last).values_list("entity", "before", "after", "reason")
    assert [*told] == [("Step", "running", "discarded", "outcome done came after the claim was lost")] * 3
    late = Attempt.objects.filter(fence=1, step__key__startswith="mid")
    assert [*late.values_list("outcome", flat=True)] == ["done"] * 3  # what it knows is kept with its attempt
    stage.check(simulator)


def test_standing_in_a_transaction_it_keeps_its_rows_from_others_only_for_a_while(
    fresh_database: Callable[[str], str], django_db_blocker: Any, processes: Processes, simulator: Simulator
) -> None:
    with Stage(fresh_database("postgresql"), django_db_blocker).entered() as stage:
        set_up(stage, simulator)
        stage.order()
        zombie = stop(processes, stage, "before-settle-commit", "--steps", "mid", "--together", "3")
        processes.manage("sweeper", database=stage.url)
        stage.wait_for_orders("held")
        stage.wait_for_quiet()
        zombie.signal(signal.SIGCONT)
        wait_until(lambda: DISCARDED.count() >= 3, 30, "the late outcomes are discarded")
        assert zombie.stop() == 0
        stage.check(simulator)


def test_it_calls_nobody_on_the_strength_of_a_lease_that_has_run_out(
    small_stage: Stage, processes: Processes, simulator: Simulator
) -> None:
    set_up(small_stage, simulator)
    small_stage.order()
    zombie = stop(processes, small_stage, "after-intent", "--steps", "mid", "--together", "3")
    small_stage.take_over("held")
    small_stage.wait_for_quiet()
    rows, applied = engine_rows(), ledger(simulator)
    zombie.signal(signal.SIGCONT)
    wait_until(lambda: DISCARDED.count() >= 3, 30, "the late outcomes are discarded")
    assert zombie.stop() == 0
    assert (engine_rows(), ledger(simulator)) == (rows, applied)
    mid = {step.key: applied.get(step.operation_key) for step in Step.objects.filter(key__startswith="mid")}
    assert mid == {f"mid_{kind}": None if kind == "at_most_once" else (1, 1) for kind in KINDS}
    small_stage.check(simulator)
