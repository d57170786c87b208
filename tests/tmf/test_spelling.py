"""What a client leaves unsaid is spelled out; what cannot be read stays for validation to refuse."""

from typing import Any

import pytest

from tests.ordering.documents import item, order
from tmf.spelling import date_time, spelled_out
from tmf.validation import is_date_time

from ordering.shapes import SERVICE_ORDER_CREATE  # isort: skip


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2017-04-05T14:12", "2017-04-05T14:12:00Z"),
        ("2017-04-05T14:12:33", "2017-04-05T14:12:33Z"),
        ("2017-04-05T14:12:33.5", "2017-04-05T14:12:33.5Z"),
        ("2017-04-05T14:12Z", "2017-04-05T14:12:00Z"),
        ("2017-04-05T14:12+02:00", "2017-04-05T14:12:00+02:00"),
        ("2017-04-05T14:12:33.508+0200", "2017-04-05T14:12:33.508+02:00"),
        ("2017-04-05T14:12:33+00:00", "2017-04-05T14:12:33Z"),
        ("2017-04-05T14:12:33-00:00", "2017-04-05T14:12:33Z"),
        ("2017-04-05 14:12:33Z", "2017-04-05T14:12:33Z"),
        ("2017-04-05t14:12:33z", "2017-04-05T14:12:33Z"),
        ("2017-04-05T14:12:33.123456789Z", "2017-04-05T14:12:33.123456789Z"),
    ],
)
def test_it_spells_a_date_time_as_rfc_3339_has_it(sent: str, kept: str) -> None:
    assert date_time(sent) == kept
    assert is_date_time(kept)


@pytest.mark.parametrize(
    "sent",
    ["", "now", "2017-04-05", "2017-04-05T", "2017-04-05T14", "2017-04-05T25:00", "2017-02-30T00:00", "20170405T1412",
     "2017-04-05T14:12:33 ", "2017-04-05T14:12:33.Z", "2017-04-05T14:12+2"],
)  # fmt: skip
def test_it_makes_no_date_time_of_what_is_none(sent: str) -> None:
    assert not is_date_time(date_time(sent))


def with_nulls() -> Any:
    known = item(
        state=None,
        appointment=None,
        serviceOrderItem=[item("2", errorMessage=None)],
        service={"id": None, "serviceCharacteristic": [{"id": None, "name": "n", "value": None}], "own": None},
    )
    return order(known, description=None, note=[{"text": "t", "author": None, "date": "2017-04-05T14:12"}])


def test_it_leaves_out_what_is_null_at_every_depth_save_where_null_is_a_value() -> None:
    sent = with_nulls()
    kept = spelled_out(SERVICE_ORDER_CREATE, sent)
    assert sent == with_nulls(), "the document given stays as it is"
    assert "description" not in kept
    assert kept["note"] == [{"text": "t", "date": "2017-04-05T14:12:00Z"}]
    (first,) = kept["serviceOrderItem"]
    assert not {"state", "appointment"} & first.keys()
    assert "errorMessage" not in first["serviceOrderItem"][0]
    assert first["service"] == {"serviceCharacteristic": [{"name": "n", "value": None}], "own": None}


@pytest.mark.parametrize(
    "sent",
    [None, 7, [], {"serviceOrderItem": None}, {"serviceOrderItem": [None, 7]}, {"serviceOrderItem": [{"id": None}]}],
)
def test_it_leaves_to_validation_what_cannot_be_mended(sent: Any) -> None:
    assert spelled_out(SERVICE_ORDER_CREATE, sent) == sent
