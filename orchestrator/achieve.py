"""What finished steps add up to: fulfilment items done, services recorded, order items completed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from inventory.fulfilment import ServiceChange, services_fulfil
from orchestrator.claim import Claimed
from orchestrator.models import FulfilmentItem, Step
from ordering.alerts import Milestone, milestones_reach
from ordering.models import OrderState
from ordering.progress import ItemMove, items_move
from tmf.batch import update_rows

Json = dict[str, Any]
FACTS = (
    "pk", "parent_id", "order_item_id", "action", "service_id", "service", "tree_open", "steps_open",
    "order_item__item_id", "order_item__action", "plan__order_id", "plan__order__party",
)  # fmt: skip


def items_achieve(done_steps: Mapping[int, int], *, actor: str) -> frozenset[str]:
    """Counts down each fulfilment item's open steps; ids of the orders that this brought to their end.

    An item without open steps is done: its service is recorded in the inventory. An order item whose
    whole tree is done is completed.
    """
    if not done_steps:
        return frozenset()
    rows = [{"id": pk, "steps_open": -count} for pk, count in sorted(done_steps.items())]
    update_rows(FulfilmentItem, rows, key=["id"], add=["steps_open"])
    finished = FulfilmentItem.objects.filter(pk__in=done_steps, steps_open=0, state=FulfilmentItem.State.OPEN)
    items = list(finished.order_by("pk").values(*FACTS))
    if not items:
        return frozenset()
    FulfilmentItem.objects.filter(pk__in=[item["pk"] for item in items]).update(state=FulfilmentItem.State.DONE)
    found_out = _results(item["pk"] for item in items)
    services_fulfil(
        changes=[_change(item, found_out[item["pk"]]) for item in items if item["action"] != "noChange"], actor=actor
    )
    roots = _roll_trees(Counter(item["pk"] for item in items))
    moves = [ItemMove(r["order_item_id"], OrderState.COMPLETED, errors=(), service_id=r["service_id"]) for r in roots]
    return items_move(moves=moves, actor=actor) if moves else frozenset()


def milestones_achieve(done: Iterable[Claimed]) -> None:
    """Tells of the milestones that these steps are."""
    steps = [step for step in done if "milestone" in step.spec]
    if not steps:
        return
    items = FulfilmentItem.objects.filter(pk__in={step.item_id for step in steps})
    names = dict(items.values_list("pk", "order_item__item_id"))
    reached: defaultdict[str, list[Milestone]] = defaultdict(list)
    for step in steps:
        reached[step.order_id].append(Milestone(str(step.id), step.spec["milestone"], names[step.item_id]))
    milestones_reach(reached=reached)


def _results(items: Iterable[int]) -> defaultdict[int, Json]:
    """Fulfilment item → the characteristics that its steps found out."""
    found: defaultdict[int, Json] = defaultdict(dict)
    steps = Step.objects.filter(item__in=[*items], outputs__isnull=False, mode=Step.Mode.DO).order_by("finished_at")
    for item_id, outputs, spec in steps.values_list("item_id", "outputs", "spec"):
        names = spec.get("characteristics", () if "outputs" in spec else outputs)
        told: Json = outputs or {}
        found[item_id] |= {name: told[name] for name in names if name in told}
    return found


def _change(item: Json, results: Json) -> ServiceChange:
    document = item["service"]
    if results:
        known = {c.get("name"): c for c in document.get("serviceCharacteristic", ())}
        known |= {name: {"name": name, "value": value} for name, value in results.items()}
        document = {**document, "serviceCharacteristic": [*known.values()]}
    reference = {
        "serviceOrderId": item["plan__order_id"],
        "itemId": item["order_item__item_id"],
        "itemAction": item["order_item__action"],
    }
    return ServiceChange(
        service_id=item["service_id"],
        action=item["action"],
        document=document if item["action"] != "delete" else {},
        party=item["plan__order__party"],
        order_id=item["plan__order_id"],
        item_ref=reference,
    )


def _roll_trees(done: Counter[int]) -> list[Json]:
    """Counts the trees down, level by level; the roots whose whole tree is done."""
    roots: list[Json] = []
    while done:
        rows = [{"id": pk, "tree_open": -count} for pk, count in sorted(done.items())]
        update_rows(FulfilmentItem, rows, key=["id"], add=["tree_open"])
        facts = ("parent_id", "order_item_id", "service_id")
        closed: list[Any] = [*FulfilmentItem.objects.filter(pk__in=done, tree_open=0).values(*facts)]
        roots += [row for row in closed if row["parent_id"] is None]
        done = Counter(row["parent_id"] for row in closed if row["parent_id"] is not None)
    return roots
