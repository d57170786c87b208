"""A query string is read as docs/conformance.md 0.5 says."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tmf.errors import BadRequest
from tmf.query import parse_filter
from tmf.query.parse import CONDITIONS_MAX, LENGTH_MAX, VALUES_MAX
from tmf.query.tree import EVERYTHING, And, Condition, Node, Or


def asks(name: str, operator: str, *values: str) -> Condition:
    return Condition(tuple(name.split(".")), operator, values)


ONE = {
    # plain, dotted, odd names
    "state=held": asks("state", "eq", "held"),
    "?state=held": asks("state", "eq", "held"),
    "a.b.c=12": asks("a.b.c", "eq", "12"),
    "@type=X": asks("@type", "eq", "X"),
    "%40type=X": asks("@type", "eq", "X"),
    "State=Held": asks("State", "eq", "Held"),
    "name=a+b%20c": asks("name", "eq", "a b c"),
    "name=": asks("name", "eq", ""),
    "name=a=b": asks("name", "eq", "a=b"),
    "name=a%3Eb": asks("name", "eq", "a>b"),
    "name=%C3%A9": asks("name", "eq", "é"),
    "gt=1": asks("gt", "eq", "1"),
    # suffixes
    "a.eq=1": asks("a", "eq", "1"),
    "a.ne=1": asks("a", "ne", "1"),
    "a.b.gt=1": asks("a.b", "gt", "1"),
    "a.gte=1": asks("a", "gte", "1"),
    "a.lt=1": asks("a", "lt", "1"),
    "a.lte=1": asks("a", "lte", "1"),
    "a.regex=x,y{1,2}": asks("a", "regex", "x,y{1,2}"),
    # literal signs, encoded wholly, partly, or not
    "orderDate%3E=2026-01-01": asks("orderDate", "gte", "2026-01-01"),
    "orderDate%3E%3D2026-01-01": asks("orderDate", "gte", "2026-01-01"),
    "orderDate>=2026-01-01": asks("orderDate", "gte", "2026-01-01"),
    "orderDate%3E2026-01-01": asks("orderDate", "gt", "2026-01-01"),
    "orderDate%3C2026-01-01": asks("orderDate", "lt", "2026-01-01"),
    "orderDate%3C=2026-01-01": asks("orderDate", "lte", "2026-01-01"),
    "name*=ab": asks("name", "regex", "ab"),
    "name%2A%3Dab": asks("name", "regex", "ab"),
    "name!=ab": asks("name", "ne", "ab"),
    # lists and quotes
    "state=a,b;c": asks("state", "eq", "a", "b", "c"),
    "state=a%2Cb": asks("state", "eq", "a", "b"),
    "state=a, b ,,c": asks("state", "eq", "a", "b", "c"),
    "state= a": asks("state", "eq", " a"),
    "state=a&state=b": asks("state", "eq", "a", "b"),
    "state=a&state.eq=b": asks("state", "eq", "a", "b"),
    "state=a;state=b": asks("state", "eq", "a", "b"),
    "state.ne=a&state.ne=b": asks("state", "ne", "a", "b"),
    'name="a,b"': asks("name", "eq", "a,b"),
    'name="a,b", "c;d=e" ,f': asks("name", "eq", "a,b", "c;d=e", "f"),
    'name=""': asks("name", "eq", ""),
    'name="say \\"so\\" \\\\ now"': asks("name", "eq", 'say "so" \\ now'),
    'name=12"': asks("name", "eq", '12"'),
    'name="open': asks("name", "eq", '"open'),
    'name*="a,b"': asks("name", "regex", "a,b"),
    # what pages and selects is no filter
    "fields=a&limit=1&offset=2&sort=-a&state=x": asks("state", "eq", "x"),
}


@pytest.mark.parametrize(("query", "expected"), ONE.items())
def test_it_reads_one_condition(query: str, expected: Node) -> None:
    assert parse_filter(query) == expected


@pytest.mark.parametrize("query", ["", "?", "&&", "limit=1", "fields=a,b&sort=c"])
def test_it_asks_for_everything(query: str) -> None:
    assert parse_filter(query) == EVERYTHING
    assert parse_filter(query).matches({})


def test_it_joins_different_names_with_and() -> None:
    assert parse_filter("a=1&b=2&a=3") == And((asks("a", "eq", "1", "3"), asks("b", "eq", "2")))
    assert parse_filter("a.gt=1&a.lt=3") == And((asks("a", "gt", "1"), asks("a", "lt", "3")))


def test_it_takes_a_condition_after_a_semicolon_as_an_alternative() -> None:
    assert parse_filter("orderDate%3E2026-01-01;priority=1,2&state=held") == And(
        (asks("state", "eq", "held"), Or((asks("orderDate", "gt", "2026-01-01"), asks("priority", "eq", "1", "2"))))
    )


def test_it_reads_what_it_does_not_ignore() -> None:
    assert parse_filter("sort=a", ignore={"fields"}) == asks("sort", "eq", "a")


WRONG = {
    "=x": "=",
    "a..b=1": "a..b",
    ".a=1": ".a",
    "a.=1": "a.",
    "garbage": "garbage",
    "a.gt>=1": "a.gt",
    "a.regex=(": "a.regex",
    "a*=x**": "a",
    "a.regex=\\1": "a.regex",
    "a.regex=" + "x" * 201: "a.regex",
    ".".join("a" * 21) + "=1": ".".join("a" * 21),
    "a=" + ",".join("x" * (VALUES_MAX + 1)): "a",
    "filter=$..x": "filter",
    "filter=": "filter",
    "filter=" + quote("$.a[?(@.b=~/(/)]"): "filter",
}


@pytest.mark.parametrize(("query", "name"), WRONG.items())
def test_it_refuses_and_names_the_parameter(query: str, name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_filter(query)
    assert refused.value.path == name
    assert refused.value.status == 400
    assert refused.value.message.startswith(f"{name}: ")


@pytest.mark.parametrize(
    "query",
    ["a=%FF", "a=%00", "a%00=b", "a=" + "x" * LENGTH_MAX, "&".join(f"a{n}=1" for n in range(CONDITIONS_MAX + 1))],
)
def test_it_refuses_what_no_query_can_be(query: str) -> None:
    with pytest.raises(BadRequest):
        parse_filter(query)
