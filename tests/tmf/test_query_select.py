"""`fields` keeps what is named, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from tmf.query import fields_of, select

ORDER: dict[str, Any] = {
    "id": "1",
    "href": "/o/1",
    "state": "held",
    "nothing": None,
    "note": [{"text": "a", "author": "x"}, {"text": "b"}],
    "serviceOrderItem": [
        {"id": "1", "state": "held", "service": {"name": "s", "place": [{"id": "p", "role": "r"}]}},
        {"id": "2", "state": "completed", "service": {"name": "t"}},
    ],
}
ALWAYS = {"id": "1", "href": "/o/1"}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("state", {**ALWAYS, "state": "held"}),
    ("id", ALWAYS),
    ("state, note", {**ALWAYS, "state": "held", "note": ORDER["note"]}),
    (" state ,, ", {**ALWAYS, "state": "held"}),
    ("bogus", ALWAYS),
    ("none", ALWAYS),
    ("State", ALWAYS),
    ("nothing", {**ALWAYS, "nothing": None}),
    ("serviceOrderItem.id", {**ALWAYS, "serviceOrderItem": [{"id": "1"}, {"id": "2"}]}),
    (
        "serviceOrderItem.id,serviceOrderItem.service.name",
        {
            **ALWAYS,
            "serviceOrderItem": [{"id": "1", "service": {"name": "s"}}, {"id": "2", "service": {"name": "t"}}],
        },
    ),
    ("serviceOrderItem.service.place.id", {**ALWAYS, "serviceOrderItem": [{"service": {"place": [{"id": "p"}]}}]}),
    ("serviceOrderItem,serviceOrderItem.id", {**ALWAYS, "serviceOrderItem": ORDER["serviceOrderItem"]}),
    ("serviceOrderItem.id,serviceOrderItem", {**ALWAYS, "serviceOrderItem": ORDER["serviceOrderItem"]}),
    ("note.author", {**ALWAYS, "note": [{"author": "x"}]}),
    ("note.bogus", ALWAYS),
    ("state.x", ALWAYS),
    ("note..text,.state,state.", ALWAYS),
]


@pytest.mark.parametrize(("fields", "expected"), CASES)
def test_it_selects(fields: str, expected: dict[str, Any]) -> None:
    assert select(ORDER, fields) == expected


@pytest.mark.parametrize("fields", [None, "", " , "])
def test_it_keeps_everything_when_nothing_is_named(fields: str | None) -> None:
    assert select(ORDER, fields) == ORDER


def test_it_keeps_the_documents_order() -> None:
    assert [*select(ORDER, "note,state")] == ["id", "href", "state", "note"]


def test_it_keeps_every_class_where_objects_are_typed() -> None:
    party = {"@type": "RelatedParty", "role": "user", "party": {"@type": "PartyRef", "id": "7", "name": "Jo"}}
    document = {**ORDER, "@type": "X", "relatedParty": [party]}
    kept = {"@type": "X", "id": ORDER["id"], "href": ORDER["href"]}
    assert select(document, "state", typed=True) == {**kept, "state": ORDER["state"]}
    pruned = {"@type": "RelatedParty", "party": {"@type": "PartyRef", "name": "Jo"}}
    assert select(document, "relatedParty.party.name", typed=True) == {**kept, "relatedParty": [pruned]}
    assert "@type" not in select(document, "state")


def test_it_leaves_the_document_as_it_was() -> None:
    before = repr(ORDER)
    select(ORDER, "serviceOrderItem.id")
    assert repr(ORDER) == before


@pytest.mark.parametrize(
    ("query", "fields"),
    [("", None), ("a=1", None), ("fields=a,b&a=1", "a,b"), ("fields=a&fields=b", "a,b"), ("fields=", "")],
)
def test_it_finds_the_fields_of_a_query(query: str, fields: str | None) -> None:
    assert fields_of(query) == fields
