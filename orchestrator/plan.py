"""From fulfilment items to steps and what each waits for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from orchestrator.definitions import Definitions, StepSpec
from orchestrator.expressions import ExpressionError, names, render
from orchestrator.facts import Decomposition, Json, Node, Refusal, characteristics

MOST_LINKS = 64  # between two ends; beyond it a step that calls nobody stands between them, and they grow no further
RUN_TIME = frozenset({"outputs", "supporting"})  # known only when predecessors are done


JOINT_SECONDS = 30.0


@dataclass(slots=True)
class StepDraft:
    """A step to be. `after` holds indexes of the steps it waits for."""

    node: int
    key: str
    connector: str
    target: str
    spec: Json
    request: Any
    deferred: bool
    timeout: float
    after: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class PlanDraft:
    steps: tuple[StepDraft, ...]
    pins: tuple[Json, ...]  # the definitions it was made from
    refusals: tuple[Refusal, ...]


def plan(work: Decomposition, order: Json, definitions: Definitions, *, max_steps: int) -> PlanDraft:
    """The steps of all nodes, each after what must come first.

    `order` is the expressions' view of the order. Refuses a plan with a cycle or with too many steps.
    """
    if too_large := _too_large(work, definitions, max_steps):
        return PlanDraft((), (), (too_large,))
    steps: list[StepDraft] = []
    bounds = [_put_node(steps, index, node, order, definitions) for index, node in enumerate(work.nodes)]
    _link_nodes(steps, work, bounds)
    pins = {pin["digest"]: pin for node in work.nodes if (pin := definitions.pin(node.spec.name, node.action))}
    return PlanDraft(tuple(steps), tuple(pins.values()), tuple(_cycles(steps, work, order)))


def _too_large(work: Decomposition, definitions: Definitions, max_steps: int) -> Refusal | None:
    """Reckoned before any step is made."""
    count = sum(definitions.count(node.spec.name, node.action) for node in work.nodes)
    if count <= max_steps:
        return None
    message = f"the plan would have {count} steps; {max_steps} are allowed"
    return Refusal(work.nodes[0].item, "tooLarge", message, "serviceOrderItem")


@dataclass(frozen=True, slots=True)
class _Bounds:
    first: tuple[int, ...]
    last: tuple[int, ...]


def _put_node(steps: list[StepDraft], index: int, node: Node, order: Json, definitions: Definitions) -> _Bounds:
    specs = definitions.steps(node.spec.name, node.action)
    at = {spec.key: len(steps) + offset for offset, spec in enumerate(specs)}
    view = context(node, order)
    for spec in specs:
        steps.append(_draft(index, node, spec, view))
        steps[-1].after.update(at[key] for key in spec.after)
    waited_for = {key for spec in specs for key in spec.after}
    return _Bounds(
        first=tuple(at[spec.key] for spec in specs if not spec.after),
        last=tuple(at[spec.key] for spec in specs if spec.key not in waited_for),
    )


def _draft(index: int, node: Node, spec: StepSpec, view: Json) -> StepDraft:
    request, deferred, kept = _rendered(spec, node, view)
    undo, more = _undo(spec.document.get("undo"), view)
    document = {**spec.document, **undo}
    if kept or more:
        document["context"] = {**kept, **more}
    return StepDraft(index, spec.key, spec.connector, spec.target, document, request, deferred, spec.timeout)


def _rendered(spec: StepSpec, node: Node, view: Json) -> tuple[Any, bool, Json]:
    """The request, whether it must be rendered again when claimed, and the data that this will take."""
    template = spec.request if spec.request is not None else default_request(node)
    try:
        wanted = names(template)
        if not wanted & RUN_TIME:
            return render(template, view), False, {}
    except ExpressionError:
        return template, True, view  # falls out when claimed, with the expression's fault
    return template, True, {name: view[name] for name in wanted if name in view}


def _undo(undo: Json | None, view: Json) -> tuple[Json, Json]:
    """The undo with its request rendered; or, when that takes what is not known yet, as the template that it is,
    and the data that rendering it will take."""
    if not undo or "request" not in undo:
        return ({"undo": undo} if undo is not None else {}), {}
    rest = {name: value for name, value in undo.items() if name != "request"}
    try:
        wanted = names(undo["request"])
        if not wanted & RUN_TIME:
            return {"undo": {**rest, "request": render(undo["request"], view)}}, {}
    except ExpressionError:
        wanted = frozenset(view)  # falls out when it is to be undone, with the expression's fault
    return {"undo": {**rest, "template": undo["request"]}}, {name: view[name] for name in wanted if name in view}


def default_request(node: Node) -> Json:
    """What a target is asked when the definition does not say: TMF640's verbs on the service."""
    service = {"id": node.service_id, **node.service}
    if node.action == "add":
        return {"method": "POST", "service": {"state": "active", **service}}
    if node.action == "delete":
        return {"method": "DELETE", "id": node.service_id}
    return {"method": "PATCH", "id": node.service_id, "service": service}


def context(node: Node, order: Json) -> Json:
    """The variables that the node's expressions see, save those known only at run time."""
    service = {
        "id": node.service_id,
        "name": node.service.get("name", node.spec.name),
        "state": node.service.get("state", ""),
        "specification": {"id": node.spec.id, "name": node.spec.name, "version": node.spec.version},
        "characteristics": characteristics(node.service),
        "place": node.service.get("place", []),
        "relatedParty": node.service.get("relatedParty", []),
    }
    items: Mapping[int, Json] = order["items"]
    return {"order": order["order"], "item": {**items[node.item], "action": node.action}, "service": service}


def _link_nodes(steps: list[StepDraft], work: Decomposition, bounds: list[_Bounds]) -> None:
    for index, node in enumerate(work.nodes):
        if node.parent is not None:
            backwards = node.action == "delete"
            later, earlier = (index, node.parent) if backwards else (node.parent, index)
            _link(steps, later, bounds[later].first, bounds[earlier].last)
    trees = _trees(work)
    for index, node in enumerate(work.nodes):
        for other in node.after:
            first = _edge(trees[index], work, bounds, first=True)
            _link(steps, index, first, _edge(trees[other], work, bounds, first=False))


def _link(steps: list[StepDraft], node: int, later: tuple[int, ...], earlier: tuple[int, ...]) -> None:
    """Each of the later steps, which are the node's or below it, after all of the earlier ones."""
    if len(later) * len(earlier) > MOST_LINKS:
        steps.append(_joint(node, len(steps), earlier))
        earlier = (len(steps) - 1,)
    for index in later:
        steps[index].after.update(earlier)


def _joint(node: int, index: int, earlier: tuple[int, ...]) -> StepDraft:
    return StepDraft(node, f"joint:{index}", "", "", {}, None, False, JOINT_SECONDS, {*earlier})


def _trees(work: Decomposition) -> dict[int, list[int]]:
    """Root node → the indexes of its whole tree; parents stand before their children."""
    root: dict[int, int] = {}
    trees: dict[int, list[int]] = {}
    for index, node in enumerate(work.nodes):
        root[index] = index if node.parent is None else root[node.parent]
        trees.setdefault(root[index], []).append(index)
    return trees


def _edge(tree: list[int], work: Decomposition, bounds: list[_Bounds], *, first: bool) -> tuple[int, ...]:
    """The steps that a tree begins or ends with: its leaves' or its root's, by direction."""
    parents = {work.nodes[index].parent for index in tree}
    from_leaves = first != (work.nodes[tree[0]].action == "delete")
    ends = [index for index in tree if index not in parents] if from_leaves else tree[:1]
    return tuple(step for index in ends for step in (bounds[index].first if first else bounds[index].last))


def _cycles(steps: list[StepDraft], work: Decomposition, order: Json) -> list[Refusal]:
    try:
        TopologicalSorter({i: step.after for i, step in enumerate(steps)}).prepare()
    except CycleError as error:
        at_fault = sorted({work.nodes[steps[index].node].item for index in error.args[1]})
        named = ", ".join(repr(order["items"][pk]["id"]) for pk in at_fault)
        message = f"the items {named} wait for each other, by relationship or by nesting"
        return [
            Refusal(pk, "cycle", message, f"{work.paths.get(pk, 'serviceOrderItem')}.serviceOrderItemRelationship")
            for pk in at_fault
        ]
    return []
