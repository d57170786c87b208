"""A sweeper that meets its end, or is stopped, at one named moment of a step's life. A process of its own.

python -m tests.storms.crash_worker [MOMENT] [--stop] [--together N] [--steps PREFIX] [--without PROTECTION]

The moment comes with the first batch of steps whose keys begin with PREFIX; their outcomes are gathered until
there are N, so that all of them are at the same moment. `--without` removes one of the engine's protections.
Nothing of this is known to production code: the functions are wrapped here.
"""

from __future__ import annotations

import os
import signal
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import django
from django.core.management import call_command

django.setup()

from django.db import transaction  # noqa: E402

from orchestrator import bulkheads, cancel, claim, execute, intake  # noqa: E402
from orchestrator.calls import Outcome  # noqa: E402
from orchestrator.claim import Claimed  # noqa: E402
from tests.storms.mutations import MUTATIONS  # noqa: E402

GATHER_SECONDS = 5.0


class End:
    """What happens at the moment, once."""

    def __init__(self, wish: Namespace) -> None:
        self._signal = signal.SIGSTOP if wish.stop else signal.SIGKILL
        self._steps = wish.steps
        self.together: int = wish.together
        self.met = False

    def concerns(self, found: Iterable[Claimed | Outcome]) -> bool:
        keys = [(each.claimed if isinstance(each, Outcome) else each).key for each in found]
        return not self.met and any(key.startswith(self._steps) for key in keys)

    def come(self) -> None:
        self.met = True
        os.kill(os.getpid(), self._signal)


def wrap(place: Any, name: str, wrapper: Callable[..., Any]) -> None:
    """Whoever calls `place.name` from now on calls the wrapper, with the original as its first argument."""
    setattr(place, name, partial(wrapper, getattr(place, name)))


def before_plan_commit(end: End) -> None:
    """Plan, items and steps are written and not committed."""

    def make(original: Any, plans: Any) -> int:
        with transaction.atomic(durable=True):
            count: int = original.__wrapped__(plans)
            end.come()
        return count

    wrap(intake, "_make_together", make)


def before_intent(end: End) -> None:
    """The claim is written and not committed."""

    def intend(original: Any, won: list[Claimed], **more: Any) -> None:
        original(won, **more)
        if end.concerns(won):
            end.come()

    wrap(claim, "_intend", intend)


def after_intent(end: End) -> None:
    """The claim is committed, nothing has been sent."""

    def claim_due(original: Any, *args: Any, **more: Any) -> list[Claimed]:
        won: list[Claimed] = original(*args, **more)
        if end.concerns(won):
            end.come()
        return won

    wrap(execute, "claim_due", claim_due)


def after_success(end: End) -> None:
    """The targets have answered, nobody has been told."""
    everybody = threading.Barrier(end.together, action=end.come, timeout=GATHER_SECONDS)

    def perform(original: Any, claimed: Claimed, *args: Any) -> Outcome:
        outcome: Outcome = original(claimed, *args)
        if end.concerns([claimed]):
            everybody.wait()
        return outcome

    wrap(bulkheads, "perform", perform)


def before_settle_commit(end: End) -> None:
    """Everything is written and not committed."""

    def settled(original: Any, outcomes: list[Outcome]) -> int:
        with transaction.atomic(durable=True):
            count: int = original.__wrapped__(outcomes)
            if end.concerns(outcomes):
                end.come()
        return count

    wrap(execute, "settle", settled)
    _gather(end)


def after_settle_commit(end: End) -> None:
    def settled(original: Any, outcomes: list[Outcome]) -> int:
        count: int = original(outcomes)
        if end.concerns(outcomes):
            end.come()
        return count

    wrap(execute, "settle", settled)
    _gather(end)


def _gather(end: End) -> None:
    """All outcomes of the fateful batch are settled together."""

    def finished(original: Any, wait: float) -> list[Outcome]:
        found: list[Outcome] = original(wait)
        while end.concerns(found) and len(found) < end.together:
            found += original(GATHER_SECONDS)
        return found

    wrap(bulkheads.bulkheads(), "finished", finished)


def at_stage(name: str, *, committed: bool) -> Callable[[End], None]:
    """A stage of a cancellation has been passed, and is committed or not."""

    def arrange(end: End) -> None:
        passed: list[int] = []

        def stage(original: Any, *args: Any) -> int:
            count: int = original(*args)
            passed.append(count)
            if count and not committed:
                end.come()
            return count

        def whole(original: Any, pk: str) -> int:
            count: int = original(pk)
            if any(passed) and not end.met:
                end.come()
            return count

        wrap(cancel, name, stage)
        wrap(cancel, "_pass", whole)

    return arrange


STAGES = {
    f"{'after' if committed else 'before'}{stage.replace('_', '-')}-commit": at_stage(stage, committed=committed)
    for stage in ("_judge", "_take_back", "_conclude")
    for committed in (False, True)
}
MOMENTS = {
    **STAGES,
    "before-plan-commit": before_plan_commit,
    "before-intent": before_intent,
    "after-intent": after_intent,
    "after-success": after_success,
    "before-settle-commit": before_settle_commit,
    "after-settle-commit": after_settle_commit,
}


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("moment", nargs="?", choices=MOMENTS)
    parser.add_argument("--stop", action="store_true")
    parser.add_argument("--together", type=int, default=1)
    parser.add_argument("--steps", default="")
    parser.add_argument("--without", choices=MUTATIONS)
    wish = parser.parse_args()
    if wish.without:
        MUTATIONS[wish.without]()
    if wish.moment:
        MOMENTS[wish.moment](End(wish))
    call_command("sweeper")


if __name__ == "__main__":
    main()
