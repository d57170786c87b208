"""Definition documents: each kind of fault is told in words that say what to mend."""

from typing import Any

import pytest

from orchestrator.definitions import Definitions, digest, faults

Json = dict[str, Any]


def document(*steps: Json, **more: Any) -> Json:
    return {"specification": "Line", "action": "add", "steps": [*steps], **more}


def step(key: str = "a", **more: Any) -> Json:
    return {"key": key, "target": "lab", **more}


def test_it_finds_nothing_wrong_with_a_document_that_uses_everything() -> None:
    first = step(
        "design", description="d", connector="rest", timeout=5, answerWithin=60.5,
        request={"site": "${service.place.filter(p, p.role == 'site')[0].id}", "n": 1, "order": "${order.externalId}"},
        retry={"attempts": 3, "backoff": 0.5, "maxBackoff": 10},
        outputs={"port": "answer.ports.map(p, p.id)[0]"}, characteristics=["port"],
        undo={"request": {"port": "${outputs.design.port}"}, "target": "lab"},
    )  # fmt: skip
    second = step("close", after=["design"], request={"port": "${outputs.design.port}", "s": "${supporting.Access.id}"})
    assert faults(document(first, second, {"key": "wait", "connector": "manual"}, {"key": "nothing"})) == []
    assert faults(document()) == [], "a specification may need no work"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (None, "document: "),
        ([], "document: "),
        ({}, "specification"),
        (document(action="noChange"), "action: "),
        (document(specification=""), "specification: "),
        (document(surprise=1), "surprise"),
        (document(step("1a")), "steps.0.key: "),
        (document({"target": "lab"}), "steps.0: "),
        (document(step(surprise=1)), "steps.0: "),
        (document(step("a"), step("b", timeout=0)), "steps.1.timeout: "),
        (document(step(timeout="5")), "steps.0.timeout: "),
        (document(step(after="b")), "steps.0.after: "),
        (document(step(after=["b", "b"])), "steps.0.after: "),
        (document(step(request="text")), "steps.0.request: "),
        (document(step(retry={"attempts": 0})), "steps.0.retry.attempts: "),
        (document(step(retry={"often": 1})), "steps.0.retry: "),
        (document(step(outputs={"x": ""})), "steps.0.outputs.x: "),
        (document(step(undo={})), "steps.0.undo: "),
        (document(*(step(f"s{n}") for n in range(501))), "steps: "),
    ],
)
def test_it_names_the_place_that_has_the_wrong_form(wrong: Any, told: str) -> None:
    [fault] = faults(wrong) if wrong != {} else [" ".join(faults(wrong))]
    assert told in fault


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ([step("a"), step("b"), step("a")], "steps: key 'a' stands twice"),
        ([step("a", after=["b"])], "a.after: no step 'b'"),
        ([step("a", after=["a"])], "steps: a → a wait for each other"),
        ([step("a", after=["b"]), step("b", after=["a"])], "wait for each other"),
        ([step(request={"x": "${customer.id}"})], "a.request: there is no variable 'customer'"),
        ([step(request={"x": "${answer.id}"})], "a.request: there is no variable 'answer'"),
        ([step(request={"x": "${service.}"})], "a.request: `service.`"),
        ([step(request={"x": ["${service"]})], "a.request: `${service`: an expression begins"),
        ([step(undo={"request": {"x": "${customer}"}})], "a.undo: there is no variable 'customer'"),
        ([step(outputs={"p": "answer."})], "a.outputs.p: `answer.`"),
        ([step(outputs={"p": "anser.port"})], "a.outputs.p: there is no variable 'anser', only answer"),
        ([step(characteristics=["p"])], "a.characteristics: 'p' is none of its outputs"),
        ([{"key": "a", "connector": "rest"}], "a: a step with a connector needs a target"),
        ([step("a"), step("b", request={"x": "${outputs.a.p}"})], "b.request: takes outputs of 'a', which is no step"),
        ([step("a"), step("b", after=["a"], request={"x": "${outputs.c.p}"})], "b.request: takes outputs of 'c'"),
    ],
)  # fmt: skip
def test_it_says_what_to_mend(wrong: list[Json], told: str) -> None:
    [fault] = faults(document(*wrong))
    assert told in fault


def test_it_follows_outputs_through_steps_between_and_not_into_texts() -> None:
    steps = step("a"), step("b", after=["a"]), step("c", after=["b"], request={"x": "${outputs.a.p + 'outputs.z.p'}"})
    assert faults(document(*steps)) == []


def test_it_tells_every_fault_at_once() -> None:
    wrong = document(step("a", after=["x"], outputs={"p": "1 +"}), step("b", request={"x": "${nobody}"}))
    assert len(faults(wrong)) == 3


def test_it_knows_documents_apart_by_content_alone() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


def test_it_gives_the_steps_of_the_active_definition() -> None:
    steps = (
        step("a", timeout=5, retry={"attempts": 1}),
        step("b", target="away", after=["a"]),
        {"key": "wait", "connector": "manual"},
    )
    held = {"version": 3, "digest": "d", "document": document(*steps)}
    known = Definitions({("Line", "add"): held}, {"lab": "rest"}, default_target="lab", timeout=30)
    first, second, third = known.steps("Line", "add")
    assert (first.connector, first.timeout, first.document) == ("rest", 5.0, {"retry": {"attempts": 1}})
    assert (second.connector, second.target, second.after, second.timeout) == ("unknown", "away", ("a",), 30.0)
    assert (third.connector, third.target) == ("manual", "")
    assert known.pin("Line", "add") == {"specification": "Line", "action": "add", "version": 3, "digest": "d"}
    assert known.count("Line", "add") == 3


@pytest.mark.parametrize(
    ("action", "steps"), [("modify", [("activate", "lab")]), ("noChange", [("record", "")]), ("add", [("record", "")])]
)
def test_it_gives_steps_where_no_definition_does(action: str, steps: list[tuple[str, str]]) -> None:
    empty = {"version": 1, "digest": "d", "document": document()}
    known = Definitions({("Line", "add"): empty}, {"lab": "rest"}, default_target="lab")
    assert [(one.key, one.target) for one in known.steps("Line", action)] == steps
    assert known.count("Line", action) == 1
    assert known.pin("Line", "modify") is None
