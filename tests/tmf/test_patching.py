"""Merge patch and JSON patch, as their RFCs say, within bounds."""

import copy
import time
from typing import Any

import pytest
from django.conf import settings

from tmf.errors import BadRequest, Conflict
from tmf.gate import JSON, JSON_PATCH, MERGE_PATCH
from tmf.patching import MOST_OPERATIONS, Patch, differing, patched

# RFC 7386 appendix A, those whose target and result are objects.
MERGES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("document", "patch", "result"), MERGES)
def test_it_merges_as_rfc_7386_says(document: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy(document)
    assert patched(document, MERGE_PATCH, patch) == patched(document, JSON, patch) == result
    assert document == before


@pytest.mark.parametrize("patch", [[], 7, "x", None, True])
def test_it_refuses_a_merge_patch_that_is_no_object(patch: Any) -> None:
    with pytest.raises(BadRequest):
        patched({"a": 1}, MERGE_PATCH, patch)


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([], {"a": [1, 2], "b": {"c": "d"}}),
        ([{"op": "add", "path": "/e", "value": None}], {"a": [1, 2], "b": {"c": "d"}, "e": None}),
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3], "b": {"c": "d"}}),
        ([{"op": "remove", "path": "/a/0"}], {"a": [2], "b": {"c": "d"}}),
        ([{"op": "replace", "path": "/b/c", "value": 0}], {"a": [1, 2], "b": {"c": 0}}),
        ([{"op": "move", "from": "/a", "path": "/x~1y"}], {"x/y": [1, 2], "b": {"c": "d"}}),
        ([{"op": "copy", "from": "/a", "path": "/b/c"}], {"a": [1, 2], "b": {"c": [1, 2]}}),
        ([{"op": "test", "path": "/b", "value": {"c": "d"}}, {"op": "remove", "path": "/b"}], {"a": [1, 2]}),
        ([{"op": "replace", "path": "", "value": {"z": 1}}], {"z": 1}),
    ],
)
def test_it_operates_as_rfc_6902_says(operations: Any, result: Any) -> None:
    document = {"a": [1, 2], "b": {"c": "d"}}
    assert patched(document, JSON_PATCH, operations) == result
    assert document == {"a": [1, 2], "b": {"c": "d"}}


@pytest.mark.parametrize(
    "operations",
    [
        {},
        [7],
        [{}],
        [{"op": "add"}],
        [{"op": "add", "path": "/x"}],
        [{"op": "fly", "path": "/a", "value": 1}],
        [{"op": 7, "path": "/a", "value": 1}],
        [{"op": [], "path": "/a", "value": 1}],
        [{"op": "add", "path": 7, "value": 1}],
        [{"op": "add", "path": {}, "value": 1}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "add", "path": "/x/y/z", "value": 1}],
        [{"op": "add", "path": "/a/7", "value": 1}],
        [{"op": "add", "path": "/a/-1", "value": 1}],
        [{"op": "add", "path": "/a/x", "value": 1}],
        [{"op": "add", "path": "/s/x", "value": 1}],
        [{"op": "add", "path": "/~2", "value": 1}],
        [{"op": "remove", "path": "/nosuch"}],
        [{"op": "remove", "path": "/a/9"}],
        [{"op": "remove", "path": ""}],
        [{"op": "replace", "path": "/nosuch", "value": 1}],
        [{"op": "replace", "path": "", "value": 7}],
        [{"op": "move", "from": "/nosuch", "path": "/a"}],
        [{"op": "move", "from": "/a", "path": "/a/b"}],
        [{"op": "move", "path": "/a"}],
        [{"op": "copy", "path": "/a"}],
        [{"op": "copy", "from": 7, "path": "/a"}],
        [{"op": "test", "path": "/a"}],
        [{"op": "add", "path": "/x", "value": 1}] * (MOST_OPERATIONS + 1),
    ],
)
def test_it_refuses_a_json_patch_that_cannot_be_read_or_applied(operations: Any) -> None:
    with pytest.raises(BadRequest):
        patched({"a": [1], "s": "text"}, JSON_PATCH, operations)


@pytest.mark.parametrize("test", [("/a", 2), ("/a", True), ("/a", "1"), ("/nosuch", 1), ("/b", {"c": 1, "d": 2})])
def test_it_tells_a_failing_test_from_a_bad_patch(test: tuple[str, Any]) -> None:
    with pytest.raises(Conflict):
        patched({"a": 1, "b": {"c": 1}}, JSON_PATCH, [{"op": "test", "path": test[0], "value": test[1]}])


def bomb(document: Any, operations: list[Any]) -> str:
    started = time.process_time()
    with pytest.raises(BadRequest) as caught:
        patched(document, JSON_PATCH, operations)
    assert time.process_time() - started < 2
    return caught.value.message


def test_it_stops_a_patch_that_doubles_the_document() -> None:
    assert "too large" in bomb({"a": ["x" * 1000]}, [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60)


def test_it_stops_a_patch_that_nests_the_document() -> None:
    assert "deep" in bomb({}, [{"op": "copy", "from": "", "path": "/b"}] * (settings.ENV.JSON_MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("media_type", "content", "names"),
    [
        (MERGE_PATCH, {"a": None, "b": {"c": 1}}, {"a", "b"}),
        (JSON_PATCH, [{"op": "add", "path": "/a/0/b", "value": 1}], {"a"}),
        (JSON_PATCH, [{"op": "move", "from": "/x~1y", "path": "/b"}], {"x/y", "b"}),
        (JSON_PATCH, [{"op": "copy", "from": "/a", "path": "/b"}], {"b"}),
        (JSON_PATCH, [{"op": "test", "path": "/id", "value": "7"}], set()),
    ],
)
def test_it_names_what_a_patch_writes(media_type: str, content: Any, names: set[str]) -> None:
    assert Patch(media_type, content).names() == names


def test_it_tells_a_true_from_a_one_and_minds_no_order_of_names() -> None:
    before = {"a": True, "b": {"x": 1, "y": 2}, "c": 0, "d": None, "e": 1}
    after = {"a": 1, "b": {"y": 2, "x": 1}, "c": False, "e": 1}
    assert differing(before, after) == {"a", "c", "d"}


def test_it_says_what_a_pointer_misses_without_repeating_the_document() -> None:
    with pytest.raises(BadRequest) as caught:
        patched({"a": {"secret": 1}}, JSON_PATCH, [{"op": "add", "path": "/note/-", "value": 1}])
    assert caught.value.message == "[0]: the operation cannot be applied: member 'note' not found"
