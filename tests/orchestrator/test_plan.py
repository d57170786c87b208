"""From fulfilment items to steps: what is done, what with, and what each step waits for."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.definitions import Definitions, digest
from orchestrator.facts import Decomposition, Json
from orchestrator.plan import PlanDraft, plan
from tests.orchestrator.facts import decomposed, ordered, service, spec

SPECS = [spec("CFS", "A", "B"), spec("A", "C"), spec("B"), spec("C")]
SERVICES = [service("cfs", "CFS", "a", "b"), service("a", "A", "c"), service("b", "B"), service("c", "C")]


def definitions(documents: Mapping[tuple[str, str], list[Json]] | None = None, default: str = "lab") -> Definitions:
    held = {
        key: {"version": 1, "digest": digest({"steps": steps, "key": key}), "document": {"steps": steps}}
        for key, steps in (documents or {}).items()
    }
    return Definitions(held, {"lab": "rest"}, default)


def view(work: Decomposition) -> Json:
    items = {pk: {"id": str(pk), "quantity": 1} for pk in work.paths}
    return {"order": {"id": "o1", "externalId": "x"}, "items": items}


def planned(
    work: Decomposition, documents: Mapping[tuple[str, str], list[Json]] | None = None, *, most: int = 1000
) -> PlanDraft:
    assert work.refusals == ()
    return plan(work, view(work), definitions(documents), max_steps=most)


def waits(draft: PlanDraft, work: Decomposition) -> dict[str, set[str]]:
    """Each step, as `specification.key`, and those it waits for."""
    names = [f"{work.nodes[step.node].spec.name}.{step.key}" for step in draft.steps]
    assert len({*names}) == len(names)
    return {name: {names[index] for index in step.after} for name, step in zip(names, draft.steps, strict=True)}


def test_it_does_parts_before_the_whole() -> None:
    work = decomposed(ordered("add", "CFS"), specs=SPECS)
    assert waits(planned(work), work) == {
        "CFS.activate": {"A.activate", "B.activate"}, "A.activate": {"C.activate"},
        "B.activate": set(), "C.activate": set(),
    }  # fmt: skip


def test_it_takes_the_whole_away_before_its_parts() -> None:
    work = decomposed(ordered("delete", "cfs"), specs=SPECS, services=SERVICES)
    assert waits(planned(work), work) == {
        "CFS.activate": set(), "A.activate": {"CFS.activate"}, "B.activate": {"CFS.activate"},
        "C.activate": {"A.activate"},
    }  # fmt: skip


def test_it_changes_parts_before_the_whole() -> None:
    specs = [spec("CFS", "A", speed={}), spec("A", speed={})]
    services = [service("cfs", "CFS", "a", speed=1), service("a", "A", speed=1)]
    work = decomposed(ordered("modify", "cfs", values={"speed": 2}), specs=specs, services=services)
    assert waits(planned(work), work) == {"CFS.activate": {"A.activate"}, "A.activate": set()}


def test_it_calls_nobody_for_what_does_not_change() -> None:
    work = decomposed(ordered("noChange", "cfs"), specs=SPECS, services=SERVICES)
    [step] = planned(work).steps
    assert (step.key, step.connector, step.target, step.after) == ("record", "", "", set())


DIAMOND: list[Json] = [
    {"key": "design"},
    {"key": "left", "after": ["design"]},
    {"key": "right", "after": ["design"]},
    {"key": "close", "after": ["left", "right"]},
    {"key": "aside"},
]


def test_it_begins_and_ends_a_definition_at_all_its_ends() -> None:
    work = decomposed(ordered("add", "CFS"), specs=[spec("CFS", "A"), spec("A")])
    both = {("CFS", "add"): DIAMOND, ("A", "add"): DIAMOND}
    assert waits(planned(work, both), work) == {
        "A.design": set(), "A.left": {"A.design"}, "A.right": {"A.design"}, "A.close": {"A.left",
        "A.right"}, "A.aside": set(),
        "CFS.design": {"A.close", "A.aside"}, "CFS.aside": {"A.close", "A.aside"},
        "CFS.left": {"CFS.design"}, "CFS.right": {"CFS.design"}, "CFS.close": {"CFS.left", "CFS.right"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("later", "earlier", "expected"),
    [
        # an added tree begins at its leaves and ends at its root; one that is deleted the other way round
        (ordered("add", "X"), ordered("add", "A"), {"Y.activate": {"A.activate"}, "X.activate": {"Y.activate"}}),
        (ordered("delete", "x"), ordered("add", "A"), {"X.activate": {"A.activate"}, "Y.activate": {"X.activate"}}),
        (ordered("add", "X"), ordered("delete", "a"), {"Y.activate": {"C.activate"}, "X.activate": {"Y.activate"}}),
        (ordered("delete", "x"), ordered("delete", "a"), {"X.activate": {"C.activate"}, "Y.activate": {"X.activate"}}),
    ],
)
def test_it_puts_one_items_whole_tree_after_anothers(later: Json, earlier: Json, expected: Json) -> None:
    specs, services = [*SPECS, spec("X", "Y"), spec("Y")], [*SERVICES, service("x", "X", "y"), service("y", "Y")]
    work = decomposed({**later, "after": ["2"]}, earlier, specs=specs, services=services)
    found = waits(planned(work), work)
    assert {name: found[name] for name in expected} == expected


# -- requests -------------------------------------------------------------------------------


def drafted(item: Json, *steps: Json, specs: Any = SPECS) -> PlanDraft:
    work = decomposed(item, specs=specs, services=SERVICES)
    return planned(work, {(work.nodes[0].spec.name, item["action"]): [*steps]})


def test_it_renders_a_request_over_order_item_and_service() -> None:
    request = {
        "order": "${order.id}/${order.externalId}", "item": "${item.id} ${item.action}", "n": "${item.quantity}",
        "id": "${service.id}", "name": "${service.name}", "spec": "${service.specification}",
        "state": "${service.state}",
        "speed": "${service.characteristics.speed}", "site": "${service.place[0].id}",
        "parties": "${service.relatedParty}",
    }  # fmt: skip
    item = ordered("add", "S", values={"speed": 100}, service={"name": "n", "place": [{"id": "p", "role": "r"}]})
    [step] = drafted(item, {"key": "a", "target": "lab", "request": request}, specs=[spec("S")]).steps
    assert step.request == {
        "order": "o1/x", "item": "1 add", "n": 1, "id": "new1", "name": "n", "state": "", "speed": 100, "site": "p",
        "spec": {"id": "S", "name": "S", "version": "1.0"}, "parties": [],
    }  # fmt: skip
    assert (step.deferred, "context" in step.spec) == (False, False)


def test_it_leaves_a_request_that_needs_outputs_for_later_with_what_else_it_needs() -> None:
    request = {"port": "${outputs.a.port}", "speed": "${service.characteristics.speed}"}
    item = ordered("add", "S", values={"speed": 100})
    step = drafted(item, {"key": "a"}, {"key": "b", "after": ["a"], "request": request}, specs=[spec("S")]).steps[1]
    assert (step.request, step.deferred) == (request, True)
    assert step.spec["context"].keys() == {"service"}
    assert step.spec["context"]["service"]["characteristics"] == {"speed": 100}


def test_it_leaves_a_request_without_value_for_the_fallout_to_tell() -> None:
    request = {"x": "${service.characteristics.missing}"}
    [step] = drafted(ordered("add", "B"), {"key": "a", "request": request}).steps
    assert (step.request, step.deferred) == (request, True)
    assert step.spec["context"].keys() == {"order", "item", "service"}


def test_it_asks_a_target_for_the_service_itself_where_no_definition_says_what() -> None:
    added = planned(decomposed(ordered("add", "B", values={"s": 1}), specs=SPECS)).steps[0].request
    assert added == {
        "method": "POST",
        "service": {
            "id": "new1", "name": "B", "state": "active", "serviceCharacteristic": [{"name": "s", "value": 1}],
            "serviceSpecification": {"id": "B", "name": "B", "version": "1.0"},
        },
    }  # fmt: skip
    wanted = ordered("modify", "b", values={"s": 2}), ordered("delete", "c")
    changed, deleted = planned(decomposed(*wanted, specs=SPECS, services=SERVICES)).steps
    described = [{"name": "s", "value": 2}]
    assert changed.request == {"method": "PATCH", "id": "b", "service": {"id": "b", "serviceCharacteristic": described}}
    assert deleted.request == {"method": "DELETE", "id": "c"}


def test_it_keeps_of_a_step_what_is_needed_later() -> None:
    kept = {
        "answerWithin": 5, "retry": {"attempts": 2}, "outputs": {"p": "answer.p"}, "characteristics": ["p"],
        "undo": {"request": {}},
    }  # fmt: skip
    [step] = drafted(ordered("add", "B"), {"key": "a", "target": "lab", "timeout": 3, "description": "d", **kept}).steps
    assert step.spec == kept
    assert (step.connector, step.target, step.timeout) == ("rest", "lab", 3.0)


def test_it_pins_each_definition_once() -> None:
    work = decomposed(ordered("add", "CFS"), ordered("add", "B"), specs=SPECS)
    pins = planned(work, {("B", "add"): [{"key": "b"}], ("C", "add"): [{"key": "c"}], ("B", "delete"): []}).pins
    assert [(pin["specification"], pin["action"], pin["version"]) for pin in pins] == [("C", "add", 1), ("B", "add", 1)]
    assert len({pin["digest"] for pin in pins}) == 2


# -- refused --------------------------------------------------------------------------------


def test_it_refuses_items_that_wait_for_each_other_through_nesting() -> None:
    work = decomposed(ordered("add", "CFS"), ordered("add", "B", parent=1, after=["1"]), specs=SPECS)
    refusals = planned(work).refusals
    assert [(r.item, r.code, r.path) for r in refusals] == [
        (1, "cycle", "serviceOrderItem[0].serviceOrderItemRelationship"),
        (2, "cycle", "serviceOrderItem[1].serviceOrderItemRelationship"),
    ]
    assert refusals[0].message == "the items '1', '2' wait for each other, by relationship or by nesting"


def test_wide_ends_are_joined_by_a_step_that_calls_nobody() -> None:
    """Every part of the old one is gone before any part of the new one comes, at the price of a sum, not a product."""
    leaves = [f"L{number}" for number in range(50)]
    specs = [spec("CFS", *leaves), *map(spec, leaves)]
    services = [service("cfs", "CFS", *map(str.lower, leaves)), *(service(leaf.lower(), leaf) for leaf in leaves)]
    work = decomposed(ordered("delete", "cfs"), ordered("add", "CFS", after=["1"]), specs=specs, services=services)
    draft = planned(work)
    joint = draft.steps[-1]
    old, new = ({i for i, step in enumerate(draft.steps) if work.nodes[step.node].item == pk} for pk in (1, 2))
    assert (joint.key, joint.connector, joint.target, len(joint.after)) == ("joint:102", "", "", 50)
    assert joint.after < old
    new.remove(102)
    starts = [draft.steps[i].after for i in new if not draft.steps[i].after & new]
    assert starts == [{102}] * 50
    assert sum(len(step.after) for step in draft.steps) == 4 * 50


def test_it_refuses_too_many_steps_before_it_makes_any() -> None:
    work = decomposed(ordered("add", "CFS"), specs=SPECS)
    large = {("CFS", "add"): [{"key": f"k{n}"} for n in range(7)]}
    assert len(planned(work, large, most=10).steps) == 10
    refused = planned(work, large, most=9)
    assert (refused.steps, refused.pins) == ((), ())
    [refusal] = refused.refusals
    assert (refusal.code, refusal.message) == ("tooLarge", "the plan would have 10 steps; 9 are allowed")


# -- any order ------------------------------------------------------------------------------


@st.composite
def orders(draw: st.DrawFn) -> list[Json]:
    """Items without a circle: each may nest in, and relate to, items as the order of their numbers allows.

    An item's parent stands before it and waits for it, so relationships lead to later items only.
    """
    count = draw(st.integers(1, 8))
    items = []
    for number in range(1, count + 1):
        item = ordered("add", draw(st.sampled_from(["CFS", "A", "B"])))
        if number > 1 and draw(st.booleans()):
            item["parent"] = draw(st.integers(1, number - 1))
        item["after"] = [str(n) for n in draw(st.sets(st.integers(number + 1, 9), max_size=3))]
        items.append(item)
    return items


@settings(max_examples=150, deadline=None)
@given(orders(), st.booleans())
def test_it_puts_every_step_after_all_that_must_come_first(wanted: list[Json], defined: bool) -> None:
    work = decomposed(*wanted, specs=SPECS)
    draft = planned(work, {("A", "add"): DIAMOND, ("CFS", "add"): DIAMOND} if defined else None)
    assert draft.refusals == ()
    before = _before(draft)
    trees = _steps_by_item(draft, work)
    for number, item in enumerate(wanted, start=1):
        for other in item["after"]:
            if int(other) <= len(wanted):
                assert all(trees[int(other)] <= before[index] for index in trees[number])
        if parent := item.get("parent"):
            own = {i for i in trees[parent] if work.nodes[draft.steps[i].node].parent is None}
            assert all(trees[number] <= before[index] for index in own)


def _before(draft: PlanDraft) -> dict[int, set[int]]:
    """Each step and all that are done before it, directly or not. Fails when there is a circle."""
    found: dict[int, set[int]] = {}

    def collect(index: int, above: tuple[int, ...]) -> set[int]:
        assert index not in above
        if index not in found:
            direct = draft.steps[index].after
            found[index] = set(direct).union(*(collect(other, (*above, index)) for other in direct))
        return found[index]

    for index in range(len(draft.steps)):
        collect(index, ())
    return found


def _steps_by_item(draft: PlanDraft, work: Decomposition) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {pk: set() for pk in work.paths}
    for index, step in enumerate(draft.steps):
        found[work.nodes[step.node].item].add(index)
    return found
