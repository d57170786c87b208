"""The loader: makes, changes, leaves alone; all or nothing."""

from typing import Any

import pytest

from catalog.loading import catalog_load
from catalog.models import ServiceCandidate, ServiceCategory, ServiceSpecification
from tmf.errors import Invalid
from tmf.models import Event

pytestmark = pytest.mark.django_db

DOCUMENTS: list[dict[str, Any]] = [
    {"resource": "serviceSpecification", "id": "cfs", "name": "Internet", "lifecycleStatus": "Active"},
    {"resource": "serviceSpecification", "name": "Access", "version": "2.0"},
    {"resource": "serviceCandidate", "name": "Internet", "serviceSpecification": {"id": "cfs"}},
    {"resource": "serviceCategory", "id": "top", "name": "All"},
    {"resource": "serviceCategory", "id": "home", "name": "Home", "parentId": "top"},
    {"resource": "serviceCatalog", "name": "Consumer", "category": [{"id": "home"}], "relatedParty": [{"id": "1"}]},
]


def test_it_makes_what_is_not_there() -> None:
    assert catalog_load(DOCUMENTS) == 6
    assert ServiceSpecification.objects.get(pk="cfs").lifecycle_status == "Active"
    assert ServiceCandidate.objects.get().specification_id == "cfs"
    assert ServiceCategory.objects.get(pk="home").body["isRoot"] is False
    assert Event.objects.filter(type__endswith="CreateEvent").count() == 6


def test_it_does_nothing_the_second_time() -> None:
    catalog_load(DOCUMENTS)
    assert catalog_load(DOCUMENTS) == 0
    assert Event.objects.count() == 6


def test_it_changes_what_differs() -> None:
    catalog_load(DOCUMENTS)
    changed = [{**DOCUMENTS[0], "description": "fast"}, {**DOCUMENTS[1], "isBundle": True}, DOCUMENTS[2]]
    assert catalog_load(changed) == 2
    assert ServiceSpecification.objects.get(pk="cfs").body["description"] == "fast"
    assert Event.objects.filter(type="ServiceSpecificationChangeEvent").count() == 2


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"name": "x"}, "[1].resource"),
        ({"resource": "serviceCandidate", "name": "x"}, "[1]: serviceSpecification"),
        ({"resource": "serviceCategory", "id": "a", "name": "x", "parentId": "a"}, "[1]: parentId"),
    ],
)
def test_it_loads_all_or_nothing(bad: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as caught:
        catalog_load([DOCUMENTS[0], bad])
    assert words in caught.value.message
    assert ServiceSpecification.objects.count() == Event.objects.count() == 0
