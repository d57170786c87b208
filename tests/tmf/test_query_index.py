"""On PostgreSQL, filters on hot columns and equality anywhere within a body are answered from an index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from inventory.models import Service
from inventory.resources import SERVICE
from ordering.models import ServiceOrder, ServiceOrderItem
from ordering.resources import SERVICE_ORDER
from tmf.errors import BadRequest
from tmf.query import page, parse_filter
from tmf.query.lookups import scope_of
from tmf.query.sorting import sorted_rows
from tmf.resources import Resource

pytestmark = pytest.mark.django_db
ROWS = 5_000


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Rows enough that reading them all costs more than an index. One transaction around all these tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        _fill()
        yield
        transaction.set_rollback(True)


def _fill() -> None:
    numbers = range(ROWS)
    Service.objects.bulk_create(
        Service(id=f"{n}", party=f"p{n % 100}", state="active", category=f"c{n}", body=_service(n)) for n in numbers
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ServiceOrder.objects.bulk_create(
        ServiceOrder(
            id=f"{n}",
            party=f"p{n % 100}",
            state="completed" if n % 1000 else "held",
            external_id=f"x{n}",
            category=f"c{n}",
            created_at=start - timedelta(minutes=n),
        )
        for n in numbers
    )
    ServiceOrderItem.objects.bulk_create(
        ServiceOrderItem(order_id=f"{n}", position=0, item_id="1", action="add", body={"service": _service(n)})
        for n in numbers
    )
    with connection.cursor() as cursor:
        # What autovacuum does: empty the lists of entries that wait to be sorted into the indexes.
        cursor.execute(
            "SELECT gin_clean_pending_list(name::regclass) FROM unnest(ARRAY['service_body', 'item_body']) name"
        )
        cursor.execute("ANALYZE inventory_service, ordering_serviceorder, ordering_serviceorderitem")


def _service(number: int) -> dict[str, Any]:
    return {
        "serviceSpecification": {"id": f"{number}"},
        "relatedParty": [{"id": f"r{number}", "role": "user"}, {"id": "us", "role": "seller"}],
    }


SERVICES = {
    "serviceSpecification.id=77": "service_body",
    "relatedParty.id=r77,r78": "service_body",
    "serviceSpecification.id=77&relatedParty.role=user": "service_body",
    "filter=" + quote("$.relatedParty[?(@.id=='r77' && @.role=='user')]"): "service_body",
    "serviceSpecification.id=77;relatedParty.id=r78": "service_body",
    "category=c77": "service_category",
    "id=77": "Index Cond: ((id)",
    "href=http://host/tmf-api/serviceInventory/v4/service/77": "Index Cond: ((id)",
}
ORDERS = {
    "serviceOrderItem.service.serviceSpecification.id=77": "item_body",
    "externalId=x77": "order_external_id",
    "state=held": "order_state",
    "category=c77,c78": "order_category",
    "orderDate.lt=2001-01-01": "order_created",
}


@pytest.mark.parametrize(("query", "index"), SERVICES.items())
def test_it_finds_services_by_an_index(many: None, query: str, index: str) -> None:
    assert index in _plan(SERVICE, Service.objects.all(), query)


@pytest.mark.parametrize(("query", "index"), ORDERS.items())
def test_it_finds_orders_by_an_index(many: None, query: str, index: str) -> None:
    assert index in _plan(SERVICE_ORDER, ServiceOrder.objects.all(), query)


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        ("", "order_created"),
        ("-orderDate", "order_created"),
        ("orderDate", "order_created"),
        ("-externalId", "order_ext"),
    ],
)
def test_it_sorts_by_an_index(many: None, sort: str, index: str) -> None:
    rows, costly = sorted_rows(SERVICE_ORDER, ServiceOrder.objects.all(), sort)
    assert index in rows[:100].explain()
    assert not costly


def test_it_gives_up_a_search_that_takes_too_long(many: None) -> None:
    rows = ServiceOrder.objects.all()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        with pytest.raises(BadRequest, match="takes too long"):
            page(SERVICE_ORDER, rows, "serviceOrderItem.service.serviceSpecification.id.regex=x.*y.*z")
        transaction.set_rollback(True)
    assert page(SERVICE_ORDER, rows, "state=held&limit=1").total == 5


def test_it_lists_a_partys_rows_by_an_index(many: None) -> None:
    assert "service_party_created" in _plan(SERVICE, Service.objects.filter(party="p7"), "")


def test_it_finds_what_the_index_points_to(many: None) -> None:
    found = page(SERVICE_ORDER, ServiceOrder.objects.all(), "serviceOrderItem.service.serviceSpecification.id=77,78")
    assert [row.pk for row in found.rows] == ["78", "77"]


def _plan(resource: Resource, rows: QuerySet[Service] | QuerySet[ServiceOrder], query: str) -> str:
    matching = rows.filter(scope_of(resource).where(parse_filter(query)))
    return str(sorted_rows(resource, matching, None)[0][:100].explain())
