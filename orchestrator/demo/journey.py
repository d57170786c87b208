"""The journey of one order, as its rows and notifications tell it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from django.db.models.functions import Coalesce

from orchestrator.demo.paper import Paper
from orchestrator.models import Fallout, FulfilmentItem, Step
from ordering.models import ServiceOrder

# Step state → (mark, style); what is not listed is not worth a line.
MARKS = {
    Step.State.RUNNING: ("▶", "blue"),
    Step.State.ACCEPTED: ("…", "yellow"),
    Step.State.DONE: ("✓", "green"),
    Step.State.HELD: ("✗", "red"),
    Step.State.CANCELLED: ("✗", "red"),
}
WORDS = {Step.State.RUNNING: "asked", Step.State.ACCEPTED: "accepted, its answer is awaited"}
ENDED = frozenset({"completed", "failed", "partial", "rejected", "cancelled"})


class Journey:
    """`look` prints what is new. `state` is the order's, as last seen."""

    def __init__(self, order_id: str, heard: deque[dict[str, Any]], paper: Paper) -> None:
        self._order_id, self._heard, self._paper = order_id, heard, paper
        self._steps: dict[int, str] = {}
        self._planned = False
        self.state = ""
        self.announced: set[str] = set()  # the order's states that notifications told

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def look(self) -> None:
        state = ServiceOrder.objects.values_list("state", flat=True).get(pk=self._order_id)
        self._show_plan()
        self._show_steps()
        self._show_notifications()
        if state != self.state:
            style = {"completed": "green", "held": "red", "failed": "red", "rejected": "red"}.get(state, "cyan")
            self._paper.event("■", f"order {self._paper.styled(state, style)}", style)
            self.state = state

    def troubles(self) -> Iterator[str]:
        """Why it does not get on: the order's errors and the fallouts."""
        order = ServiceOrder.objects.get(pk=self._order_id)
        yield from (f"{error.get('code')}: {error.get('message')}" for error in order.errors)
        for fallout in Fallout.objects.filter(order=order).select_related("step"):
            step = f"{fallout.step.key} at {fallout.step.target}" if fallout.step else "plan"
            yield f"fallout ({fallout.category}) in {step}: {fallout.message}"

    def _show_plan(self) -> None:
        if self._planned:
            return
        items = [*FulfilmentItem.objects.filter(plan__order=self._order_id).order_by("position", "id")]
        if not items:
            return
        self._planned = True
        steps = [*Step.objects.filter(plan__order=self._order_id).order_by("id")]
        self._paper.event("■", f"decomposed into {len(items)} items and {len(steps)} steps", "cyan")
        for item in items:
            indent = "" if item.parent_id is None else "└ "
            todo = ", ".join(f"{step.key} → {step.target or 'nobody'}" for step in steps if step.item_id == item.pk)
            self._paper.line(
                f"{'':13}{indent}{item.action} {self._paper.styled(item.specification_name, 'bold')}: {todo}"
            )

    def _show_steps(self) -> None:
        steps = Step.objects.filter(plan__order=self._order_id, started_at__isnull=False).select_related("item")
        for step in steps.order_by(Coalesce("finished_at", "started_at"), "id"):
            if self._steps.get(step.pk) != step.state and step.state in MARKS:
                self._steps[step.pk] = step.state
                mark, style = MARKS[Step.State(step.state)]
                self._paper.event(
                    mark, f"{step.item.specification_name} · {step.key} at {step.target}: {_told(step)}", style
                )

    def _show_notifications(self) -> None:
        while self._heard:
            notice = self._heard.popleft()
            resource, document = next(iter(notice["event"].items()))
            if document["id"] == self._order_id:
                self.announced.add(document["state"])
            named = document.get("name") or document.get("externalId") or document["id"]
            what = f"{notice['eventType']}: {resource} {named} is {document.get('state')}"
            self._paper.event("✉", self._paper.styled(what, "dim"), "dim")


def _told(step: Step) -> str:
    if step.state != Step.State.DONE:
        return WORDS.get(Step.State(step.state)) or str((step.error or {}).get("message") or step.state)
    outputs = ", ".join(
        f"{name}={value}" for name, value in (step.outputs or {}).items() if not isinstance(value, dict | list)
    )
    took = f"done in {_seconds(step):.2f} s" + (f", attempt {step.attempts}" if step.attempts > 1 else "")
    return f"{took}  {outputs}".rstrip()


def _seconds(step: Step) -> float:
    if not step.started_at or not step.finished_at:
        return 0.0
    return (step.finished_at - step.started_at).total_seconds()
