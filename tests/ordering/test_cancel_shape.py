"""A request to cancel names its order (docs/conformance.md 1.4)."""

import pytest

from ordering.cancel_shapes import CANCEL_SERVICE_ORDER_CREATE
from tmf.errors import Invalid
from tmf.resources import Json
from tmf.validation import check


def test_it_accepts_a_request_that_names_its_order() -> None:
    check(CANCEL_SERVICE_ORDER_CREATE, {"serviceOrder": {"id": "1"}, "cancellationReason": "moved"})


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, "serviceOrder"),
        ({"serviceOrder": {}}, "serviceOrder.id"),
        ({"serviceOrder": {"id": ""}}, "serviceOrder.id"),
        ({"serviceOrder": {"id": "1"}, "requestedCancellationDate": "soon"}, "requestedCancellationDate"),
    ],
)
def test_it_refuses_any_other(document: Json, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(CANCEL_SERVICE_ORDER_CREATE, document)
    assert caught.value.path == path
