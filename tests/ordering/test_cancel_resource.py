"""What every resource promises, of the request to cancel an order."""

from typing import Any

import pytest
from django.test import Client

from ordering.models import ServiceOrder
from ordering.resources import CANCEL_SERVICE_ORDER
from tests.helpers import client_of
from tests.tmf.answers import assert_error, assert_ok
from tests.tmf.cases import JSON, StoredCases


class TestCancelServiceOrder(StoredCases):
    resource = CANCEL_SERVICE_ORDER
    minimal = {"serviceOrder": {"id": "an-order"}}
    mandatory = ("serviceOrder",)
    values = {"errorMessage": {"code": "x"}, "state": "done", "effectiveCancellationDate": "2030-01-01T00:00:00Z"}

    @pytest.fixture(autouse=True)
    def _order(self, db: None) -> None:
        ServiceOrder.objects.create(id="an-order", party="acme")

    def made(self, client: Client | None = None, **more: Any) -> Any:
        """Each of an order of its own."""
        order = ServiceOrder.objects.create(party="acme")
        body = {"serviceOrder": {"id": order.pk}, **more}
        return assert_ok((client or client_of()).post(self.path, body, JSON), 201)

    @pytest.mark.proves("405 with Allow for what is not offered")
    @pytest.mark.parametrize("method", ["patch", "delete", "put"])
    def test_it_offers_neither_change_nor_deletion(self, method: str) -> None:
        made = self.made()
        for path, allowed in ((self.path, {"GET", "HEAD", "OPTIONS", "POST"}), (self.member(made["id"]), {"GET"})):
            answer = getattr(client_of(), method)(path, {"cancellationReason": "x"}, JSON)
            assert_error(answer, 405)
            assert allowed <= {*answer["Allow"].split(", ")} <= allowed | {"HEAD", "OPTIONS"}
        self.unchanged(made)
