"""The catalogue belongs to nobody: every party's listeners hear of it."""

import pytest

from catalog.resources import API
from tests.helpers import client_of
from tmf.dispatch import dispatch_due
from tmf.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)
CATEGORIES = f"{API.root}/serviceCategory"


def test_every_partys_listener_hears_of_a_change() -> None:
    for party in ("acme", "globex"):
        callback = {"callback": f"https://{party}.example.com/"}
        assert client_of(party).post(f"{API.root}/hub", callback, "application/json").status_code == 201
    assert client_of("acme").post(CATEGORIES, {"name": "Access"}, "application/json").status_code == 201
    dispatch_due()
    owed = Delivery.objects.values_list("subscription__party", "event__type")
    assert sorted(owed) == [("acme", "ServiceCategoryCreateEvent"), ("globex", "ServiceCategoryCreateEvent")]
