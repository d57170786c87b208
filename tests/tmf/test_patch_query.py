"""JSON Patch Query: operations whose paths say which elements they mean (TMF630 part 5)."""

from typing import Any

import pytest

from tmf import patch_query
from tmf.errors import BadRequest, Conflict, TmfError
from tmf.gate import JSON_PATCH_QUERY
from tmf.patching import Patch, patched

Json = dict[str, Any]
ORDER: Json = {
    "state": "held",
    "note": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}, {"id": "2", "text": "c"}],
    "item": [
        {"id": "1", "product": {"name": "x", "party": [{"role": "user", "id": "7"}, {"role": "seller", "id": "8"}]}},
        {"id": "2", "product": {"name": "y", "party": [{"role": "user", "id": "9"}]}},
    ],
    "a/b": {"~": [1, 2, 3]},
}


def run(*operations: Json) -> Json:
    return patched(ORDER, JSON_PATCH_QUERY, [*operations])


def refusal(*operations: Json) -> TmfError:
    with pytest.raises(TmfError) as caught:
        run(*operations)
    return caught.value


def op(kind: str, path: str, *value: Any, **more: Any) -> Json:
    return {"op": kind, "path": path, **({"value": value[0]} if value else {}), **more}


def texts(document: Json) -> list[Any]:
    return [note.get("text") for note in document["note"]]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/note/text?note.id=1", ["x", "b", "c"]),
        ("/note/text?note.id=2", ["a", "x", "x"]),
        ("/note/text?note.id=2&note.text=c", ["a", "b", "x"]),
        ("/note/text?note.id=1,2", ["x", "x", "x"]),
        ("/note/text?note.text.gt=a", ["a", "x", "x"]),
        ("/note/text", ["x", "x", "x"]),
        ("note/text?note.id=1", ["x", "b", "c"]),
        ("/note/0/text", ["x", "b", "c"]),
        ("/note/text?note.id=1&state=held", ["x", "b", "c"]),
        ("$.note[?(@.id=='1')].text", ["x", "b", "c"]),
        ("$.note[?(@.id=='2' && @.text=='c')].text", ["a", "b", "x"]),
        ("$.note[*].text", ["x", "x", "x"]),
        ("$.note[1].text", ["a", "x", "c"]),
        ("$.note.text", ["x", "x", "x"]),
        ("$['note'][?(@.id=='1')]['text']", ["x", "b", "c"]),
    ],
)
def test_it_replaces_at_every_place_that_is_meant(path: str, expected: list[str]) -> None:
    before = repr(ORDER)
    assert texts(run(op("replace", path, "x"))) == expected
    assert repr(ORDER) == before


def test_it_looks_into_lists_within_lists() -> None:
    path = "/item/product/party/id?item.id=1&item.product.party.role=user"
    made = run(op("replace", path, "x"))
    assert [party["id"] for item in made["item"] for party in item["product"]["party"]] == ["x", "8", "9"]
    made = run(op("replace", "$.item[?(@.id=='1')].product.party[?(@.role=='user')].id", "x"))
    assert [party["id"] for item in made["item"] for party in item["product"]["party"]] == ["x", "8", "9"]


@pytest.mark.parametrize("path", ["/note?note.id=2", "$.note[?(@.id=='2')]"])
def test_it_removes_every_element_that_is_meant(path: str) -> None:
    assert run(op("remove", path))["note"] == ORDER["note"][:1]


@pytest.mark.parametrize("path", ["/note/author?note.id=2", "$.note[?(@.id=='2')].author"])
def test_it_adds_what_is_not_there_yet(path: str) -> None:
    assert [note.get("author") for note in run(op("add", path, "x"))["note"]] == [None, "x", "x"]


def test_it_is_a_json_patch_where_no_query_is_given() -> None:
    made = run(op("add", "/note/-", {"id": "3"}), op("replace", "/a~1b/~0/1", 7), op("add", "/new", None))
    assert (len(made["note"]), made["a/b"], made["new"]) == (4, {"~": [1, 7, 3]}, None)
    assert run(op("replace", "", {"z": 1})) == {"z": 1}


def test_it_moves_and_copies_from_the_one_place_that_is_meant() -> None:
    made = run(op("move", "/first", **{"from": "/note?note.id=1"}), op("copy", "/second", **{"from": "$.note[0].text"}))
    assert (made["first"], made["second"], len(made["note"])) == (ORDER["note"][0], "b", 2)
    refused = refusal(op("copy", "/x", **{"from": "/note?note.id=2"}))
    assert refused.message == "[0]: from must lead to one place, not 2"


def test_a_test_passes_when_it_holds_everywhere() -> None:
    assert run(op("test", "/note/id?note.id=2", "2")) == ORDER
    for path, value in (("/note/text?note.id=2", "b"), ("/note/text?note.id=7", "b")):
        refused = refusal(op("test", path, value))
        assert isinstance(refused, Conflict)
        assert refused.message.startswith("[0]: the test fails")


@pytest.mark.parametrize(
    "operation",
    [
        op("replace", "/note/text?note.id=7", "x"),
        op("replace", "/note/text?state=done", "x"),
        op("replace", "/note/9/text", "x"),
        op("replace", "/nosuch/text", "x"),
        op("replace", "$.note[?(@.id=='7')].text", "x"),
        op("replace", "$.note[7].text", "x"),
        op("replace", "$..text", "x"),
        op("replace", "$.note[0:2].text", "x"),
        op("replace", "$.note[?(", "x"),
        op("replace", "$", "x"),
        op("replace", "/note/text?note..id=1", "x"),
        op("replace", "/note/text?note.id", "x"),
        op("replace", "/note/text?note.text.regex=(", "x"),
        op("remove", "/note?note.id=9"),
        op("fly", "/note?note.id=1"),
        op("add", "/note/text?note.id=1"),
        {"op": "add", "value": 1},
        {"op": "add", "path": 7, "value": 1},
        op("move", "/x", **{"from": 7}),
        op("move", "/x"),
    ],
)
def test_it_refuses_what_it_cannot_read_or_apply_and_says_which(operation: Json) -> None:
    refused = refusal(op("test", "/state", "held"), operation)
    assert isinstance(refused, BadRequest)
    assert refused.message.startswith("[1]: ")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/note/text?note.id=1", {"note"}),
        ("note/text", {"note"}),
        ("$.note[?(@.id=='1')].text", {"note"}),
        ("$['a b']", {"a b"}),
        ("/a~1b/x", {"a/b"}),
        ("", set()),
    ],
)
def test_it_tells_which_attribute_it_writes(path: str, name: set[str]) -> None:
    assert Patch(JSON_PATCH_QUERY, [op("add", path, 1)]).names() == name
    assert Patch(JSON_PATCH_QUERY, [op("test", path, 1)]).names() == set()


def test_it_tires(monkeypatch: pytest.MonkeyPatch) -> None:
    many = {"note": [{"id": str(number)} for number in range(300)]}
    monkeypatch.setattr(patch_query, "MOST_PLACES", 200)
    with pytest.raises(BadRequest, match="more than 200 places"):
        patched(many, JSON_PATCH_QUERY, [op("add", "/note/x", 1)])
    monkeypatch.setattr(patch_query.Finder.__init__, "__defaults__", (1_000,))
    looking = op("test", "/note/id?note.id=7", "7")
    with pytest.raises(BadRequest, match="looks at more than"):
        patched(many, JSON_PATCH_QUERY, [looking] * 10)


def test_it_counts_a_value_once_for_every_place_that_it_is_put() -> None:
    many = {"note": [{"id": str(number)} for number in range(900)]}
    with pytest.raises(BadRequest, match="too large"):
        patched(many, JSON_PATCH_QUERY, [op("add", "/note/x", "y" * 10_000)])
