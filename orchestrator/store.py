"""Writing a plan: its fulfilment items, steps and links, for a batch of plans at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from orchestrator.facts import Decomposition
from orchestrator.models import FulfilmentItem, Plan, Step, StepLink
from orchestrator.plan import PlanDraft, StepDraft
from tmf.batch import update_rows
from tmf.inserts import insert_objects

Drafts = Mapping[int, tuple[Decomposition, PlanDraft]]
ITEM_FIELDS = (
    "plan", "order_item", "parent", "position", "specification_id", "specification_name", "specification_version",
    "kind", "action", "service_id", "service", "steps_open", "tree_open",
)  # fmt: skip
STEP_FIELDS = (
    "plan", "item", "order_id", "key", "connector", "target", "spec", "request", "deferred", "state",
    "waiting_on", "timeout",
)  # fmt: skip


def plans_store(plans: Sequence[Plan], drafts: Drafts) -> None:
    """Inserts all that the drafts say; steps that wait for nobody are ready."""
    items = {plan.pk: _items(plan, drafts[plan.pk]) for plan in plans}
    _insert_items(items, drafts)
    steps = {plan.pk: [_step(plan, items[plan.pk], draft) for draft in drafts[plan.pk][1].steps] for plan in plans}
    insert_objects([step for made in steps.values() for step in made], fields=STEP_FIELDS)
    links = [link for plan in plans for link in _links(steps[plan.pk], drafts[plan.pk][1].steps)]
    insert_objects(links, fields=("predecessor", "successor"))
    update_rows(Plan, [{"id": p.pk, "pins": [*drafts[p.pk][1].pins]} for p in plans], key=["id"], set=["pins"])


def _items(plan: Plan, drafts: tuple[Decomposition, PlanDraft]) -> list[FulfilmentItem]:
    nodes, steps = drafts[0].nodes, drafts[1].steps
    own = Counter(step.node for step in steps)
    children = Counter(node.parent for node in nodes)
    return [
        FulfilmentItem(
            plan=plan,
            order_item_id=node.item,
            position=index,
            specification_id=node.spec.id,
            specification_name=node.spec.name,
            specification_version=node.spec.version,
            kind=node.spec.kind,
            action=node.action,
            service_id=node.service_id,
            service=node.service,
            steps_open=own[index],
            tree_open=1 + children[index],
        )
        for index, node in enumerate(nodes)
    ]


def _insert_items(items: Mapping[int, list[FulfilmentItem]], drafts: Drafts) -> None:
    """Level by level: a child needs its parent's key."""
    levels: defaultdict[int, list[FulfilmentItem]] = defaultdict(list)
    for plan_id, rows in items.items():
        depth: list[int] = []
        for node, row in zip(drafts[plan_id][0].nodes, rows, strict=True):
            depth.append(0 if node.parent is None else depth[node.parent] + 1)
            row.parent = None if node.parent is None else rows[node.parent]
            levels[depth[-1]].append(row)
    for level in sorted(levels):
        for row in levels[level]:
            row.parent_id = row.parent.pk if row.parent else None
        insert_objects(levels[level], fields=ITEM_FIELDS)


def _step(plan: Plan, items: Sequence[FulfilmentItem], draft: StepDraft) -> Step:
    return Step(
        plan=plan,
        item=items[draft.node],
        order_id=plan.order_id,
        key=draft.key,
        connector=draft.connector,
        target=draft.target,
        spec=draft.spec,
        request=draft.request,
        deferred=draft.deferred,
        state=Step.State.WAITING if draft.after else Step.State.READY,
        waiting_on=len(draft.after),
        timeout=draft.timeout,
    )


def _links(steps: Sequence[Step], drafts: Sequence[StepDraft]) -> Iterator[StepLink]:
    for step, draft in zip(steps, drafts, strict=True):
        for index in sorted(draft.after):
            yield StepLink(predecessor_id=steps[index].pk, successor_id=step.pk)
