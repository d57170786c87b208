"""Validation refuses with the path of what is wrong and words that say what to mend."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.ordering.documents import item, order
from tmf.common_shapes import CHARACTERISTIC, EVENT_SUBSCRIPTION_INPUT, TIME_PERIOD
from tmf.errors import Invalid
from tmf.resources import Json, instant
from tmf.shapes import Shape, boolean, choice, integer, many, number, one, required, text
from tmf.validation import accepted_create, check, check_update, is_date_time

from ordering.resources import SERVICE_ORDER  # isort: skip

PART = Shape("Part", "A part.", {"name": required(text("Its name.", minLength=2)), "on": boolean("Whether it is on.")})
WHOLE = Shape(
    "Whole",
    "A whole.",
    {
        "kind": required(choice("Its kind.", ("big", "small"))),
        "count": integer("How many.", minimum=1, maximum=9),
        "weight": number("How heavy."),
        "main": one(PART, "The main part."),
        "parts": many(PART, "The parts.", minItems=1),
        "code": text("Its code.", pattern="^[A-Z]+$", maxLength=5),
    },
    rules=({"anyOf": [{"required": ["count"]}, {"required": ["weight"]}]},),
)


def whole(**more: Any) -> Json:
    return {"kind": "big", "count": 1, **more}


def refusal(of: Callable[[], object]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        of()
    return caught.value


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ([], "", "must be an object, not an array"),
        (None, "", "must be an object, not null"),
        ({"count": 1}, "kind", "is missing"),
        ({"kind": "big"}, "", "needs count or weight"),
        (whole(kind="huge"), "kind", "must be one of big, small, not 'huge'"),
        (whole(kind=None), "kind", "must be a string, not null"),
        (whole(count="1"), "count", "must be an integer, not a string"),
        (whole(count=True), "count", "must be an integer, not true"),
        (whole(count=0), "count", "must be at least 1, not 0"),
        (whole(count=10), "count", "must be at most 9, not 10"),
        (whole(main=[]), "main", "must be an object, not an array"),
        (whole(main={}), "main.name", "is missing"),
        (whole(main={"name": "a"}), "main.name", "must have at least 2 characters"),
        (whole(parts={}), "parts", "must be an array, not an object"),
        (whole(parts=[]), "parts", "must have at least 1 element"),
        (whole(parts=[{"name": "ab"}, {"name": "ab", "on": 0}]), "parts[1].on", "must be true or false, not a number"),
        (whole(parts=[{"name": "ab"}, 7]), "parts[1]", "must be an object, not a number"),
        (whole(code="AAAAAA"), "code", "must have at most 5 characters, not 6"),
        (whole(code="a"), "code", "must match ^[A-Z]+$, unlike 'a'"),
    ],
)
def test_it_names_the_attribute_and_what_to_mend(document: Any, path: str, words: str) -> None:
    error = refusal(lambda: check(WHOLE, document))
    assert (error.path, error.message, error.status) == (path, f"{path}: {words}" if path else words, 400)


def test_it_accepts_what_is_of_the_shape_and_attributes_nobody_named() -> None:
    check(
        WHOLE, whole(main={"name": "ab", "on": False, "x": [None]}, parts=[{"name": "ab"}], weight=1.5, other={"a": 1})
    )


def test_it_tells_of_the_shallowest_error_first() -> None:
    document = whole(parts=[{"name": 1}], count="x")
    assert refusal(lambda: check(WHOLE, document)).path == "count"
    del document["kind"]
    assert refusal(lambda: check(WHOLE, document)).path == "kind"


@pytest.mark.parametrize("value", ["x" * 100_000, "9" * 100_000])
def test_it_never_repeats_a_long_value(value: str) -> None:
    for document in (whole(kind=value), whole(code=value), whole(main={"name": {value: 1}})):
        assert len(refusal(lambda document=document: check(WHOLE, document)).message) < 200  # type: ignore[misc]
    long_name = Shape("Long", "", {value: required(text(""))})
    assert len(refusal(lambda: check(long_name, {})).message) < 200


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("2026-11-21T09:30:00Z", True),
        ("2026-11-21T09:30:00.123456789Z", True),
        ("2026-11-21T09:30:00+05:30", True),
        ("9999-12-31T23:59:59Z", True),
        ("0001-01-01T00:00:00Z", True),
        ("2028-02-29T00:00:00Z", True),
        ("9999-12-31T23:59:59-01:00", False),  # past the last moment in UTC
        ("0001-01-01T00:00:00+14:00", False),  # before the first
        ("0000-01-01T00:00:00Z", False),
        ("2026-02-29T00:00:00Z", False),
        ("2026-11-21T24:00:00Z", False),
        ("2026-11-21T09:30:60Z", False),
        ("2026-11-21T09:30:00", False),
        ("2026-11-21 09:30:00Z", False),
        ("2026-11-21T09:30:00+00:00", False),
        ("2026-11-21T09:30:00-00:00", False),
        ("2026-11-21T09:30Z", False),
        ("2026-11-21", False),
        ("20261121T093000Z", False),
        ("2026-W47-6T09:30:00Z", False),
        ("２０２６-11-21T09:30:00Z", False),  # noqa: RUF001 (digits that are not ASCII)
        ("2026-11-21T09:30:00Z\n", False),
        ("now", False),
        ("", False),
    ],
)
def test_it_takes_the_date_times_of_rfc_3339_that_can_be_stored(value: str, valid: bool) -> None:
    assert is_date_time(value) is valid
    if valid:
        instant(value)
        check(TIME_PERIOD, {"startDateTime": value})
    else:
        error = refusal(lambda: check(TIME_PERIOD, {"startDateTime": value}))
        assert error.message.startswith("startDateTime: must be a date-time as RFC 3339 has it")


@pytest.mark.parametrize("value", [False, 0, "", None, [], {}, 1.5, {"deep": [1, "1", None]}])
def test_it_takes_any_json_for_a_characteristics_value(value: Any) -> None:
    check(CHARACTERISTIC, {"name": "n", "value": value})


@pytest.mark.parametrize(
    ("callback", "valid"),
    [
        ("http://listener.example/a?b=c", True),
        ("HTTPS://listener.example:8443", True),
        ("ftp://listener.example", False),
        ("listener.example/a", False),
        ("http://", False),
        ("http:///a", False),
        ("http://a b/", False),
        ("http://a/\n", False),
        ("", False),
        (7, False),
    ],
)
def test_it_takes_only_an_absolute_http_address_for_what_it_will_call(callback: Any, valid: bool) -> None:
    if valid:
        check(EVENT_SUBSCRIPTION_INPUT, {"callback": callback})
    else:
        assert refusal(lambda: check(EVENT_SUBSCRIPTION_INPUT, {"callback": callback})).path == "callback"


def test_it_refuses_in_a_post_what_only_the_server_sets_naming_all_of_it() -> None:
    error = refusal(lambda: accepted_create(SERVICE_ORDER, order(state="held", id="1", milestone=[])))
    assert error.message == "id: is set by the server and cannot be given (nor milestone, state)"


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (order(item(), item("2", state="acknowledged")), "serviceOrderItem[1].state"),
        (order(item(errorMessage=[])), "serviceOrderItem[0].errorMessage"),
        (
            order(item(serviceOrderItem=[item("2"), item("3", serviceOrderItem=[item("4", state="held")])])),
            "serviceOrderItem[0].serviceOrderItem[1].serviceOrderItem[0].state",
        ),
    ],
)
def test_it_refuses_an_items_state_at_every_depth(made: Json, path: str) -> None:
    assert refusal(lambda: accepted_create(SERVICE_ORDER, made)).path == path


@pytest.mark.parametrize("items", [None, {}, "x", [None, 7, []], [{"serviceOrderItem": {"state": "held"}}]])
def test_it_leaves_items_that_are_none_to_the_shape(items: Any) -> None:
    path = refusal(lambda: accepted_create(SERVICE_ORDER, {"serviceOrderItem": items})).path
    assert path.startswith("serviceOrderItem")


def test_it_refuses_in_a_patch_what_is_fixed_and_what_a_closed_resource_does_not_name() -> None:
    check_update(SERVICE_ORDER, ["description", "state", "serviceOrderItem"])
    error = refusal(lambda: check_update(SERVICE_ORDER, ["state", "orderDate", "@type", "whatever"]))
    assert error.message == "@type: cannot be changed (nor orderDate, whatever)"
