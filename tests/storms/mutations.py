"""The engine with one of its protections removed: what the storms must then find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator import bulkheads, claim, settle
from orchestrator.calls import perform
from orchestrator.claim import Claimed
from orchestrator.models import Step


def without_fence() -> None:
    """Whoever comes with an outcome writes it."""
    original: Any = settle.update_rows  # type: ignore[attr-defined]

    def update_rows(model: Any, rows: Sequence[Mapping[str, Any]], **more: Any) -> list[tuple[Any, ...]]:
        if model is Step:
            fences = dict(Step.objects.filter(pk__in=[row["id"] for row in rows]).values_list("pk", "fence"))
            rows, more["where"] = [{**row, "fence": fences[row["id"]]} for row in rows], ""
        written: list[tuple[Any, ...]] = original(model, rows, **more)
        return written

    settle.update_rows = update_rows  # type: ignore[attr-defined]


def without_doubt() -> None:
    """Who takes over a step does not ask whether it was called."""
    original = claim._claimed
    claim._claimed = lambda row: replace(original(row), in_doubt=False)


def without_intent() -> None:
    """The target is called before the claim is committed."""
    original = claim._intend

    def intend(won: Sequence[Claimed], **more: Any) -> None:
        for claimed in won:
            perform(claimed, bulkheads.bulkheads()._reach(claimed.target).route, "")
        original(won, **more)

    claim._intend = intend


def without_stable_key() -> None:
    """Each attempt is an operation of its own."""
    stable: Any = Claimed.operation_key
    Claimed.operation_key = property(lambda self: f"{stable.fget(self)}-{self.fence}")  # type: ignore[assignment]


def without_lease() -> None:
    """Who stood still calls, however long ago his lease ran out."""
    bulkheads.Held.is_long_enough = property(lambda self: True)  # type: ignore[assignment]


MUTATIONS = {
    "fence": without_fence,
    "doubt": without_doubt,
    "intent": without_intent,
    "stable-key": without_stable_key,
    "lease": without_lease,
}
