"""An order's representation is what came in, with what the rows know."""

import json
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from ordering.items import insert
from ordering.models import OrderState, ServiceOrder
from ordering.resources import SERVICE_ORDER
from ordering.rules import walk
from tests.ordering.documents import Json, item, order, typical
from tmf.validation import check

pytestmark = pytest.mark.django_db
SERVICES = "https://som.example/tmf-api/serviceInventory/v4/service/"


def stored(document: Json, **columns: Any) -> ServiceOrder:
    fields, body = SERVICE_ORDER.split(document)
    nodes = walk(body.pop("serviceOrderItem"))
    made = ServiceOrder.objects.create(body=body, **fields, **columns)
    insert(made, nodes)
    return made


def shown(row: ServiceOrder) -> Json:
    [fresh] = ServiceOrder.objects.prefetch_related(*SERVICE_ORDER.prefetch).filter(pk=row.pk)
    made = SERVICE_ORDER.represent(fresh, "https://som.example")
    check(SERVICE_ORDER.shape, made)
    return made


def without_state(items: list[Json]) -> list[Json]:
    """The items as a client sent them: the state that is shown must be the default."""
    made = []
    for one in items:
        left = dict(one)
        assert left.pop("state") == "acknowledged"
        assert left.pop("quantity") == 1
        if "serviceOrderItem" in left:
            left["serviceOrderItem"] = without_state(left["serviceOrderItem"])
        made.append(left)
    return made


@pytest.mark.parametrize(
    "document",
    [
        typical(),
        order(item("a", serviceOrderItem=[item("b"), item("c", serviceOrderItem=[item("d")])]), item("e")),
        order(extra={"zero": 0, "no": False, "none": None, "empty": "", "list": [1, 1.5, "1", {}]}, externalId=""),
    ],
)
def test_it_answers_what_came_in_with_every_type_intact(document: Json) -> None:
    made = shown(stored(document))
    dates = {"requestedCompletionDate": "2026-12-24T12:00:00.000Z"}
    came = {**made, "serviceOrderItem": without_state(made["serviceOrderItem"])}
    for name, value in {**document, **dates}.items():
        assert json.dumps(came[name], sort_keys=True) == json.dumps(value, sort_keys=True), name
    assert came.keys() - document.keys() == {"id", "href", "state", "orderDate", "priority"}


def test_it_takes_one_query_for_the_items_of_any_number_of_orders(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        stored(typical())
    with django_assert_num_queries(2):
        rows = ServiceOrder.objects.prefetch_related(*SERVICE_ORDER.prefetch)
        counts = [len(SERVICE_ORDER.represent(row)["serviceOrderItem"]) for row in rows]
    assert counts == [5, 5, 5]


def test_it_says_where_the_service_of_an_item_is_once_it_is_known() -> None:
    row = stored(order(item("1"), item("2")))
    row.items.filter(item_id="2").update(service_id="s-2")
    first, second = shown(row)["serviceOrderItem"]
    assert first["service"] == item("1")["service"]
    assert second["service"] == {**item("2")["service"], "id": "s-2", "href": SERVICES + "s-2"}


def test_it_shows_the_errors_of_the_order_and_of_its_items() -> None:
    error = {"code": "unknownSpecification", "reason": "No such specification", "message": "12"}
    row = stored(order(), errors=[{**error, "serviceOrderItem": [{"itemId": "1"}]}])
    row.items.update(errors=[error])
    made = shown(row)
    assert made["errorMessage"] == [{**error, "serviceOrderItem": [{"itemId": "1"}]}]
    assert made["serviceOrderItem"][0]["errorMessage"] == [error]
    assert "errorMessage" not in shown(stored(order()))


@pytest.mark.parametrize("state", [OrderState.ASSESSING_CANCELLATION, OrderState.PENDING_CANCELLATION])
def test_it_shows_unfinished_items_as_being_cancelled_while_the_order_is(state: OrderState) -> None:
    row = stored(order(item("1", serviceOrderItem=[item("2")]), item("3")), state=state)
    row.items.filter(item_id="2").update(state=OrderState.COMPLETED)
    row.items.filter(item_id="3").update(state=OrderState.FAILED)
    first, third = shown(row)["serviceOrderItem"]
    assert (first["state"], first["serviceOrderItem"][0]["state"], third["state"]) == (state, "completed", "failed")
