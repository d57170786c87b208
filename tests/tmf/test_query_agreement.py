"""The three evaluations of a filter agree: plain Python, PostgreSQL, SQLite. Python is the reference."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections
from django.db.models import Model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Service, ServiceState
from inventory.resources import SERVICE
from ordering.models import ServiceOrder, ServiceOrderItem
from ordering.resources import SERVICE_ORDER
from tests.tmf.query_documents import COMPARED, FEW, SCALARS, TEXTS, documents, every_condition, filters, paths
from tests.tmf.query_memory import memory
from tmf.query.lookups import scope_of
from tmf.query.tree import And, Condition, Node, Not, Or, Path, Some, decode, encode
from tmf.resources import Resource

pytestmark = pytest.mark.django_db
MANY = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(params=["default", "memory"], ids=["postgresql", "sqlite"])
def using(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "default":
        yield "default"
        return
    with memory(Service, ServiceOrder, ServiceOrderItem):
        yield "memory"


MOMENTS = (
    None,
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 100_999, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 100_000, tzinfo=UTC),
    datetime(2025, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    datetime(2026, 1, 1, 0, 0, 0, 123_456, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
)
ODD_NAMES = ("a", "@type", 'q"u', "x\\y", "é", "a b", "%s", "$", "'", "\u2028")


def _agree(resource: Resource, using: str, nodes: Iterable[Node]) -> None:
    rows = resource.model._base_manager.using(using)
    shown = {row.pk: resource.represent(row) for row in rows.prefetch_related(*resource.prefetch)}
    scope = scope_of(resource)
    for node in nodes:
        expected = {pk for pk, document in shown.items() if node.matches(document)}
        assert {*rows.filter(scope.where(node)).values_list("pk", flat=True)} == expected, node


def _each_way(condition: Condition) -> Iterator[Node]:
    """As it is, denied, of each element, and of none."""
    inner = Condition((), condition.operator, condition.values)
    yield condition
    yield Not(condition)
    yield Some(condition.path, inner)
    yield Some(condition.path, Not(inner))


def test_it_compares_every_value_in_a_body_with_every_other_as_python_would(using: str) -> None:
    wrapped: list[Any] = [value for scalar in SCALARS for value in (scalar, [scalar, "b"], [[scalar]])]
    Service.objects.using(using).bulk_create(
        Service(id=f"{number}", state="active", body={"a": value})
        for number, value in enumerate([*wrapped, {}, [], [{}]])
    )
    _agree(SERVICE, using, (node for condition in every_condition(("a",)) for node in _each_way(condition)))


def test_it_tells_the_type_of_every_value_as_python_would(using: str) -> None:
    values: list[Any] = [*SCALARS, {}, {"a": 1}, [1], [1.5, "x"], []]
    Service.objects.using(using).bulk_create(
        Service(id=f"{number}", state="active", body={"a": value}) for number, value in enumerate(values)
    )
    types = ("string", "integer", "number", "boolean", "object", "null")
    conditions = [Condition(("a",), "typed", kinds) for kinds in (*((kind,) for kind in types), ("integer", "number"))]
    _agree(SERVICE, using, (node for condition in conditions for node in _each_way(condition)))


def test_it_compares_every_column_with_every_value_as_python_would(using: str) -> None:
    everything = itertools.zip_longest(
        TEXTS, MOMENTS, itertools.islice(itertools.cycle(ServiceState.values), len(TEXTS))
    )
    Service.objects.using(using).bulk_create(
        Service(id=text or "none", name=text, state=state, service_date=moment or MOMENTS[1], start_date=moment)
        for text, moment, state in everything
    )
    for name in OWN:
        _agree(SERVICE, using, (node for condition in every_condition((name,)) for node in _each_way(condition)))


@pytest.mark.parametrize("name", ODD_NAMES)
def test_it_finds_an_attribute_of_any_name(using: str, name: str) -> None:
    Service.objects.using(using).bulk_create(
        Service(id=f"{number}", state="active", body={outer: {inner: name}})
        for number, (outer, inner) in enumerate(itertools.product((name, "other"), repeat=2))
    )
    paths = itertools.product((name, "other"), repeat=2)
    _agree(SERVICE, using, [Condition(path, operator, (name,)) for path in paths for operator in ("eq", "gte", "ne")])


OWN = (
    "id",
    "href",
    "state",
    "name",
    "category",
    "serviceDate",
    "startDate",
    "endDate",
    "hasStarted",
    "isServiceEnabled",
)
columns = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["active", "inactive"]),
        "name": st.none() | st.sampled_from(FEW),
        "start_date": st.sampled_from(MOMENTS[:2]),
    }
)
service_paths: st.SearchStrategy[Path] = paths | st.sampled_from(
    [("name",), ("startDate",), ("hasStarted",), ("name", "a")]
)


@MANY
@given(
    st.lists(st.tuples(documents(), columns), min_size=1, max_size=5),
    st.lists(filters(service_paths), min_size=1, max_size=8),
)
def test_it_finds_the_services_that_python_would(
    using: str, kept: list[tuple[dict[str, Any], dict[str, Any]]], nodes: list[Node]
) -> None:
    _empty(Service, using)
    rows = [Service(id=str(number), body=body, **fields) for number, (body, fields) in enumerate(kept)]
    Service.objects.using(using).bulk_create(rows)
    _agree(SERVICE, using, nodes)


order_states = st.sampled_from(["acknowledged", "assessingCancellation", "completed"])
items = st.lists(
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(("add", "modify")),
            "state": order_states,
            "service_id": st.sampled_from(("", "a", "12")),
            "errors": st.sampled_from(([], [{"code": "12", "message": "a"}])),
            "body": st.builds(
                lambda body, service: {**body, "service": service},
                documents(),
                documents() | st.sampled_from([{"id": "a"}, {"id": "12", "a": "b"}, {"href": SERVICE.path("a")}]),
            ),
        }
    ),
    min_size=1,
    max_size=2,
)
ORDERS = [  # operators and values that may meet, by path
    ("state", ("completed", "acknowledged")),
    ("errorMessage.message", ("a",)),
    ("serviceOrderItem", ("a",)),
    ("serviceOrderItem.id", ("0", "1")),
    ("serviceOrderItem.action", ("add",)),
    ("serviceOrderItem.state", ("completed", "assessingCancellation", "acknowledged")),
    ("serviceOrderItem.service", ("a",)),
    ("serviceOrderItem.service.id", ("a", "12", "")),
    ("serviceOrderItem.service.id.a", ("a",)),
    ("serviceOrderItem.service.href", (SERVICE.path("a"), SERVICE.path("12"), "/x")),
    ("serviceOrderItem.service.a", FEW),
    ("serviceOrderItem.errorMessage.code", ("12",)),
    ("serviceOrderItem.a", FEW),
    ("serviceOrderItem.serviceOrderItem.id", ("1", "2")),
    ("serviceOrderItem.serviceOrderItem.state", ("completed", "assessingCancellation")),
    ("serviceOrderItem.serviceOrderItem.service.id", ("a", "12")),
]


@st.composite
def order_filters(draw: st.DrawFn) -> Node:
    """A condition of an order or of some of its items, at any level of its path, now and then with another."""
    name, texts = draw(st.sampled_from(ORDERS))
    path = tuple(name.split("."))
    cut = draw(st.integers(0, len(path)))
    operator = draw(st.sampled_from((*COMPARED, "exists")))
    node: Node = Condition(path[cut:], operator, (draw(st.sampled_from(texts)),) if operator != "exists" else ())
    if draw(st.booleans()):
        node = Not(node)
    if draw(st.integers(0, 3)) == 0:
        parts = (node, Condition(path[cut:], "exists"))
        node = And(parts) if draw(st.booleans()) else Or(parts)
    return Some(path[:cut], node) if cut else node


@MANY
@given(
    st.lists(st.tuples(order_states, items, items), min_size=1, max_size=3),
    st.lists(order_filters(), min_size=4, max_size=12),
)
def test_it_finds_the_orders_by_their_items_that_python_would(
    using: str, kept: list[tuple[str, list[Any], list[Any]]], nodes: list[Node]
) -> None:
    _empty(ServiceOrderItem, using)
    _empty(ServiceOrder, using)
    for number, (state, top, nested) in enumerate(kept):
        order = ServiceOrder.objects.using(using).create(id=str(number), state=state, errors=top[0]["errors"])
        _add_items(order, top, nested, using)
    _agree(SERVICE_ORDER, using, nodes)


def _empty(model: type[Model], using: str) -> None:
    """Without asking who refers to the rows: the tables of others need not be there."""
    with connections[using].cursor() as cursor:
        cursor.execute(f'DELETE FROM "{model._meta.db_table}"')


def _add_items(order: ServiceOrder, top: list[Any], nested: list[Any], using: str) -> None:
    rows = ServiceOrderItem.objects.using(using)
    parent = None
    for position, fields in enumerate(top):
        parent = rows.create(order=order, position=position, item_id=f"{position}", **fields)
    for position, fields in enumerate(nested, len(top)):
        rows.create(order=order, parent=parent, position=position, item_id=f"{position}", **fields)


@given(filters())
def test_it_reads_back_the_filter_it_wrote(node: Node) -> None:
    assert decode(encode(node)) == node
