"""Characteristics held against their specification: tables of what is in order and what is not."""

from typing import Any

import pytest

from orchestrator.characteristics import defaults, faults

Json = dict[str, Any]


def found(value: Any, **spec: Any) -> list[str]:
    """What is wrong with one value of a characteristic `c` that is specified so."""
    assert {name for name, _ in faults({"c": value}, ({"name": "c", **spec},))} <= {"c"}
    return [fault for _, fault in faults({"c": value}, ({"name": "c", **spec},))]


def options(*values: Any) -> list[Json]:
    return [{"value": value} for value in values]


TYPES: list[tuple[str, list[Any], list[Any]]] = [
    ("string", ["", "a"], [1, True, None, {}]),
    ("number", [1, 1.5, "1.5", "-2e3"], ["x", True, "", "nan", "1 ", None]),
    ("decimal", [0.5], ["x"]),
    ("integer", [1, -1, "7", 2.0], [1.5, "1.5", True, "x", None]),
    ("int", [1], [1.5]),
    ("boolean", [True, False, "true", "false"], [1, 0, "yes", "True"]),
    ("object", [{}, {"a": 1}], ["{}", 1]),
    ("array", [[], [1]], ["[]", {}]),
    ("dateTime", ["2026-01-02T03:04:05Z", "2026-01-02"], ["tomorrow", 7, "2026-13-01"]),
    ("date", ["2026-01-02"], ["02.01.2026"]),
    ("String", ["a"], [1]),
    ("a type of the operator's own", ["a", 1, {}], []),
]


@pytest.mark.parametrize(("value_type", "value"), [(t, v) for t, good, _ in TYPES for v in good])
def test_it_takes_a_value_of_its_type(value_type: str, value: Any) -> None:
    assert found(value, valueType=value_type) == []


@pytest.mark.parametrize(("value_type", "value"), [(t, v) for t, _, bad in TYPES for v in bad])
def test_it_refuses_a_value_of_another_type(value_type: str, value: Any) -> None:
    assert found(value, valueType=value_type) == [f"must be of type {value_type}"]


@pytest.mark.parametrize(
    ("value", "option", "fine"),
    [
        (10, {"valueFrom": 10, "valueTo": 20}, True),
        (20, {"valueFrom": 10, "valueTo": 20}, True),
        (21, {"valueFrom": 10, "valueTo": 20}, False),
        (9.99, {"valueFrom": 10, "valueTo": 20}, False),
        ("15", {"valueFrom": 10, "valueTo": 20}, True),
        ("fifteen", {"valueFrom": 10, "valueTo": 20}, False),
        (10, {"valueFrom": 10, "valueTo": 20, "rangeInterval": "open"}, False),
        (20, {"valueFrom": 10, "valueTo": 20, "rangeInterval": "open"}, False),
        (11, {"valueFrom": 10, "valueTo": 20, "rangeInterval": "open"}, True),
        (10, {"valueFrom": 10, "valueTo": 20, "rangeInterval": "closedBottom"}, True),
        (20, {"valueFrom": 10, "valueTo": 20, "rangeInterval": "closedBottom"}, False),
        (10, {"valueFrom": 10, "valueTo": 20, "rangeInterval": "closedTop"}, False),
        (20, {"valueFrom": 10, "valueTo": 20, "rangeInterval": "closedTop"}, True),
        (0, {"valueFrom": 0}, True),
        (-1, {"valueFrom": 0}, False),
        (10**9, {"valueFrom": 0}, True),
        (-5, {"valueTo": 0}, True),
        (5, {"valueFrom": "one", "valueTo": "two"}, True),  # bounds that are none refuse nothing
    ],
)
def test_it_holds_a_range(value: Any, option: Json, fine: bool) -> None:
    assert (found(value, characteristicValueSpecification=[option]) == []) is fine


def test_it_names_the_range_and_the_choices() -> None:
    assert found(5, characteristicValueSpecification=[{"valueFrom": 10, "valueTo": 20}]) == ["must be 10 to 20"]
    assert found("x", characteristicValueSpecification=options("a", "b")) == ["must be one of 'a', 'b'"]
    assert found("x", characteristicValueSpecification=options("a")) == ["must be 'a'"]


@pytest.mark.parametrize(
    ("value", "specified", "fine"),
    [
        ("a", options("a", "b"), True),
        ("A", options("a", "b"), False),
        ("1", options(1, 2), True),
        (1, options("1"), True),
        (3, [*options(1), {"valueFrom": 3, "valueTo": 4}], True),
        ("ab", [{"regex": "a."}], True),
        ("abc", [{"regex": "a."}], False),
    ],
)
def test_it_takes_one_of_the_choices(value: Any, specified: list[Json], fine: bool) -> None:
    assert (found(value, characteristicValueSpecification=specified) == []) is fine


def test_it_takes_any_value_of_what_is_extensible() -> None:
    assert found("x", characteristicValueSpecification=options("a"), extensible=True) == []


@pytest.mark.parametrize(
    ("pattern", "value", "fine"),
    [
        (r"\d+", "123", True),
        (r"\d+", "x123", False),
        (r"\d+", "123\n", False),
        (r"a|b", "b", True),
        (r"a|b", "ab", False),
        (r"\d+", 123, True),
        (r"(", "anything", True),  # a pattern that is none refuses nothing
        (r"(a+)+$", "a" * 5000 + "b", False),  # and none takes for ever
    ],
)
def test_it_matches_the_whole_value(pattern: str, value: Any, fine: bool) -> None:
    assert (found(value, regex=pattern) == []) is fine


@pytest.mark.parametrize(
    ("value", "least", "most", "told"),
    [
        (["a", "b"], 0, 2, []),
        (["a", "b", "c"], 0, 2, ["takes 0 to 2 values, 3 are given"]),
        (["a"], 2, 3, ["takes 2 to 3 values, 1 are given"]),
        ("a", 2, None, ["takes 2 to any number of values, 1 are given"]),
        ([], 1, 5, ["takes 1 to 5 values, 0 are given"]),
        (["a"], 0, 1, ["takes one value, not a list"]),
        (["a", "b"], 0, None, []),
        (["a", "b"], 0, 0, []),
    ],
)
def test_it_counts_values(value: Any, least: int, most: int | None, told: list[str]) -> None:
    assert found(value, minCardinality=least, maxCardinality=most) == told


def test_it_checks_each_of_several_values() -> None:
    assert found(["a", 1, 2], valueType="string", maxCardinality=5) == ["must be of type string"] * 2


@pytest.mark.parametrize(
    ("values", "fine"),
    [(["a", "b"], True), (["a", "a"], False), ([{"x": 1, "y": 2}, {"y": 2, "x": 1}], False), ([1, "1"], True)],
)
def test_it_takes_each_value_once_where_they_are_unique(values: list[Any], fine: bool) -> None:
    assert found(values, isUnique=True, maxCardinality=9) == ([] if fine else ["takes each value once"])


def test_it_misses_what_is_mandatory_save_in_a_change() -> None:
    specified = ({"name": "a", "minCardinality": 1}, {"name": "b"})
    assert [*faults({}, specified)] == [("a", "is mandatory")]
    assert [*faults({}, specified, partial=True)] == []
    assert [*faults({"a": None}, specified)] == [], "null is a value where no type says otherwise"


def test_it_knows_no_other_names_and_tells_those_there_are() -> None:
    [(name, told)] = faults({"colour": 1}, ({"name": "speed"}, {"name": "mail"}))
    assert name == "colour"
    assert told == "the specification has no characteristic of this name; it has mail, speed"


def test_it_takes_anything_where_nothing_is_specified() -> None:
    assert [*faults({"anything": object()}, ())] == []


def test_it_gives_defaults() -> None:
    assert defaults(
        (
            {"name": "one", "characteristicValueSpecification": [{"value": 1}, {"value": 2, "isDefault": True}]},
            {"name": "several", "maxCardinality": 3, "characteristicValueSpecification": [
                {"value": "a", "isDefault": True}, {"value": "b", "isDefault": True}]},
            {"name": "false", "characteristicValueSpecification": [{"value": False, "isDefault": True}]},
            {"name": "none", "characteristicValueSpecification": [{"value": 1}]},
            {"characteristicValueSpecification": [{"value": 1, "isDefault": True}]},
            {"name": "bare"},
        )
    ) == {"one": 2, "several": ["a", "b"], "false": False}  # fmt: skip
