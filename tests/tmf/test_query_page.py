"""Pages of a collection: counts, links, caps, order, and the number of queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Service
from inventory.resources import SERVICE
from ordering.models import ServiceOrder, ServiceOrderItem
from ordering.resources import SERVICE_ORDER
from tests.tmf.query_memory import memory
from tmf.errors import BadRequest
from tmf.query import Page, page, paging

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, tzinfo=UTC)
PATH = "/tmf-api/serviceInventory/v4/service"


def _services(count: int) -> None:
    Service.objects.bulk_create(
        Service(
            id=f"{n:03}",
            state="active" if n % 2 else "inactive",
            name=None if n % 5 == 0 else f"n{n % 3}",
            created_at=START + timedelta(minutes=n),
            body={"rank": n % 4, "note": [{"text": f"t{n}"}]},
        )
        for n in range(count)
    )


@pytest.fixture
def ten() -> None:
    _services(10)


def _page(query: str) -> Page:
    return page(SERVICE, Service.objects.all(), query)


def _ids(found: Page) -> list[int]:
    return [int(row.pk) for row in found.rows]


@contextmanager
def _env(monkeypatch: pytest.MonkeyPatch, **changed: int) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(settings, "ENV", settings.ENV.model_copy(update=changed))
        yield


CASES: list[tuple[str, list[int], int, int]] = [  # query, ids, total, status
    ("", [*range(10)], 10, 200),
    ("limit=3", [0, 1, 2], 10, 206),
    ("offset=8", [8, 9], 10, 206),
    ("offset=2&limit=3", [2, 3, 4], 10, 206),
    ("limit=10", [*range(10)], 10, 200),
    ("offset=0", [*range(10)], 10, 200),
    ("limit=11", [*range(10)], 10, 200),
    ("offset=9&limit=5", [9], 10, 206),
    ("offset=10", [], 10, 200),
    ("offset=99999999999999999999999&limit=1", [], 10, 200),
    ("limit=0", [], 10, 200),
    ("limit=0&state=bogus", [], 0, 200),
    ("state=active&limit=2", [1, 3], 5, 206),
    ("bogus=1", [], 0, 200),
    ("bogus=1&limit=5", [], 0, 200),
    ("note.text=t7", [7], 1, 200),
]


@pytest.mark.parametrize(("query", "ids", "total", "status"), CASES)
def test_it_answers_a_page(ten: None, query: str, ids: list[int], total: int, status: int) -> None:
    found = _page(query)
    headers = found.headers("http://h", PATH)
    assert (_ids(found), found.total, found.status) == (ids, total, status)
    assert headers["X-Total-Count"] == str(total)
    assert headers["X-Result-Count"] == str(len(ids))
    assert "X-Total-Count-Capped" not in headers
    assert ("Link" in headers) == ("limit" in query or "offset" in query)


WRONG = [
    "limit=x",
    "limit=-1",
    "limit=1.5",
    "limit=",
    "limit=+1",
    "limit=1&limit=2",
    "offset=-1",
    "offset=a",
    "offset=%D9%A1",
]


@pytest.mark.parametrize("query", [*WRONG, "limit=" + "9" * 200])
def test_it_refuses_what_is_no_whole_number(ten: None, query: str) -> None:
    with pytest.raises(BadRequest) as refused:
        _page(query)
    assert refused.value.path == query.partition("=")[0]


def test_it_takes_everything_without_a_limit_up_to_the_default(ten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with _env(monkeypatch, PAGE_DEFAULT=4):
        found = _page("")
    assert (_ids(found), found.total, found.status) == ([0, 1, 2, 3], 10, 200)
    assert "Link" not in found.headers("", PATH)


def test_it_takes_no_more_than_its_cap(ten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with _env(monkeypatch, PAGE_MAX=4, PAGE_DEFAULT=4):
        found = _page("limit=9")
    assert (_ids(found), found.total, found.status) == ([0, 1, 2, 3], 10, 206)
    assert 'offset=4&limit=4>; rel="next"' in found.headers("", PATH)["Link"]


LINKS = [  # query, what its pages keep, relation and offset of each
    ("limit=3", "", "self 0 first 0 next 3 last 9", 3),
    ("offset=3&limit=3", "", "self 3 first 0 prev 0 next 6 last 9", 3),
    ("limit=5&offset=5", "", "self 5 first 0 prev 0 last 5", 5),
    ("offset=50&limit=4", "", "self 50 first 0 prev 6 last 8", 4),
    ("limit=0", "", "self 0", 0),
    (
        "fields=id,%20state&state=active&limit=5&name%3E=a&sort=-name",
        "fields=id,%20state&state=active&name%3E=a&sort=-name&",
        "self 0 first 0 last 0",
        5,
    ),
    ('limit=5&name>=a&name="n<é', "name%3E=a&name=%22n%3C%C3%A9&", "self 0 first 0 last 0", 5),
]


@pytest.mark.parametrize(("query", "kept", "relations", "limit"), LINKS)
def test_it_links_to_the_other_pages(ten: None, query: str, kept: str, relations: str, limit: int) -> None:
    words = relations.split()
    expected = [
        f'<https://som.example{PATH}?{kept}offset={offset}&limit={limit}>; rel="{name}"'
        for name, offset in zip(words[::2], words[1::2], strict=True)
    ]
    assert _page(query).headers("https://som.example", PATH)["Link"] == ", ".join(expected)


@pytest.mark.parametrize("size", [1, 3, 10, 40])
def test_it_walks_every_page_by_its_links(ten: None, size: int) -> None:
    seen: list[int] = []
    query: str | None = f"limit={size}"
    while query:
        found = _page(query)
        seen += _ids(found)
        onward = re.search(r'<[?]([^>]*)>; rel="next"', found.headers("", "")["Link"])
        query = onward[1] if onward else None
    assert seen == [*range(10)]


def test_it_counts_no_further_than_the_cap_and_says_so(ten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with _env(monkeypatch, COUNT_MAX=4):
        found, headers = _page("limit=2"), _page("limit=2").headers("", "")
        far = _page("limit=2&offset=6")
        end = _page("limit=20&offset=6")
    assert (found.total, found.status, headers["X-Total-Count-Capped"]) == (4, 206, "true")
    assert 'rel="next"' in headers["Link"]
    assert 'rel="last"' not in headers["Link"]
    assert (far.total, far.capped) == (8, True)
    assert (end.total, end.capped) == (10, False)


SORTS: list[tuple[str, list[int]]] = [
    ("", [*range(10)]),
    ("id", [*range(10)]),
    ("-id", [*range(9, -1, -1)]),
    ("-href", [*range(9, -1, -1)]),
    ("state", [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]),
    ("-state", [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]),
    ("+state", [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]),
    ("name", [3, 6, 9, 1, 4, 7, 2, 8, 0, 5]),
    ("-name", [0, 5, 2, 8, 1, 4, 7, 3, 6, 9]),
    ("name,-id", [9, 6, 3, 7, 4, 1, 8, 2, 5, 0]),
    ("rank", [0, 4, 8, 1, 5, 9, 2, 6, 3, 7]),
    ("-rank, -id", [7, 3, 6, 2, 9, 5, 1, 8, 4, 0]),
    ("-note.text", [*range(9, -1, -1)]),
    ("hasStarted", [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]),
    ("bogus", [*range(10)]),
]


@pytest.mark.parametrize(("sort", "expected"), SORTS)
def test_it_sorts(ten: None, sort: str, expected: list[int]) -> None:
    assert _ids(_page(f"sort={sort}")) == expected


@pytest.mark.parametrize(("sort", "expected"), SORTS)
def test_it_sorts_the_same_on_sqlite(ten: None, sort: str, expected: list[int]) -> None:
    with memory(Service):
        Service.objects.using("memory").bulk_create([*Service.objects.all()])
        assert _ids(page(SERVICE, Service.objects.using("memory"), f"sort={sort}")) == expected


MIXED = ["b", 2, True, None, "a", 10, "B", ["c", 1], False, {}]
MIXED_ORDER = [1, 5, 6, 4, 0, 7, 8, 2, 3, 9]  # numbers, texts by code point, what is neither


@pytest.mark.parametrize("using", ["default", "memory"])
def test_it_sorts_what_is_mixed_by_number_and_then_by_text(using: str) -> None:
    with memory(Service):
        Service.objects.using(using).bulk_create(
            Service(id=f"{n}", state="active", created_at=START + timedelta(minutes=n), body={"x": value})
            for n, value in enumerate(MIXED)
        )
        assert _ids(page(SERVICE, Service.objects.using(using), "sort=x")) == MIXED_ORDER


@pytest.mark.parametrize("sort", ["a..b", ".", "-", "a,b,c,d,e,f"])
def test_it_refuses_to_sort_by_what_is_no_name(ten: None, sort: str) -> None:
    with pytest.raises(BadRequest) as refused:
        _page(f"sort={sort}")
    assert refused.value.path == "sort"


def test_it_refuses_to_sort_orders_by_their_items() -> None:
    with pytest.raises(BadRequest, match="cannot be sorted by"):
        page(SERVICE_ORDER, ServiceOrder.objects.all(), "sort=serviceOrderItem.id")


def test_it_refuses_to_sort_many_by_what_no_index_orders(ten: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "SORT_MAX", 4)
    with pytest.raises(BadRequest, match="more than 4 match"):
        _page("sort=rank")
    assert len(_page("sort=rank&note.text=t1,t2").rows) == 2
    assert len(_page("sort=-name").rows) == 10


def _queries(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", 1), ("limit=5", 2), ("limit=5&offset=8", 1), ("limit=0", 1), ("offset=50", 2), ("sort=rank", 2)],
)
def test_it_asks_the_database_no_more_than_it_must(ten: None, query: str, expected: int) -> None:
    assert _queries(lambda: _page(query)) == expected


@pytest.mark.parametrize("count", [1, 7])
def test_it_asks_as_often_for_many_orders_as_for_one(count: int) -> None:
    for n in range(count):
        order = ServiceOrder.objects.create(id=f"{n}")
        ServiceOrderItem.objects.create(order=order, position=0, item_id="1", action="add", body={"service": {}})

    def listed() -> list[dict[str, Any]]:
        found = page(SERVICE_ORDER, ServiceOrder.objects.all(), "serviceOrderItem.action=add&limit=50")
        return [SERVICE_ORDER.represent(row) for row in found.rows]

    assert len(listed()) == count
    assert _queries(listed) == 2


INJECTIONS = [
    "x' OR '1'='1", '" || true || "', '"); DROP TABLE x; --', "%s", "%(a)s", "\\", '\\"', "$x", "{}",
    "' || pg_sleep(9) || '",
    '" == "" || $.state == "active', "?(@.a)", "\\u0041", "\u2028", "'::jsonpath", "*/", "e0.value", "{0}",
]  # fmt: skip


def _name(text: str) -> str:
    return f"x{text.replace('.', '_')}y"


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("using", ["default", "memory"])
def test_it_takes_names_and_values_for_nothing_else(using: str, text: str) -> None:
    with memory(Service):
        rows = Service.objects.using(using)
        rows.create(id="own", state="active", name=text, body={"a": text, "list": [text], "b": {_name(text): "v"}})
        rows.create(id="other", state="active", name="n", body={"a": "b"})
        quoted = quote('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
        queries = [
            f"name={quoted}",
            f"a={quoted}",
            f"list={quoted}",
            f"a.gte={quoted}&a.lte={quoted}",
            f"name.gte={quoted}&name.lte={quoted}",
        ]
        for query in queries:
            assert [row.pk for row in page(SERVICE, rows.all(), query).rows] == ["own"], query
        name = quote(f"b.{_name(text)}")
        if not {*"=<>*!"} & {*text}:
            assert [row.pk for row in page(SERVICE, rows.all(), f"{name}=v&sort={name}").rows] == ["own"]
