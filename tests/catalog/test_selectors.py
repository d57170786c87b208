"""What the engine asks the catalogue."""

from typing import Any

import pytest

from catalog.models import ServiceSpecification
from catalog.selectors import specification_closure, specifications_by_ref

pytestmark = pytest.mark.django_db


def spec(identifier: str, *parts: str, **more: Any) -> ServiceSpecification:
    relations = [{"id": part, "relationshipType": "dependency"} for part in parts]
    values = {"name": identifier, "version": "1.0", "body": {"serviceSpecRelationship": relations}, **more}
    made: ServiceSpecification = ServiceSpecification.objects.create(id=identifier, **values)
    return made


def test_it_finds_by_id_then_by_name_and_version() -> None:
    spec("a", name="Internet", version="1.0")
    spec("b", name="Internet", version="2.0")
    wanted = [("a", "", ""), ("", "Internet", "2.0"), ("b", "Internet", "1.0"), ("", "Internet", "3.0"), ("z", "", "")]
    found = specifications_by_ref(wanted)
    assert {ref: row.pk for ref, row in found.items()} == {wanted[0]: "a", wanted[1]: "b", wanted[2]: "b"}


def test_it_takes_the_newest_that_is_orderable_when_no_version_is_named() -> None:
    spec("a", name="Internet", version="1.0", lifecycle_status="Launched")
    spec("b", name="Internet", version="2.0", lifecycle_status="Active")
    spec("c", name="Internet", version="3.0", lifecycle_status="In Study")
    spec("d", name="Voice", version=None)
    refs = [("", "Internet", ""), ("", "Voice", "")]
    assert [row.pk for row in map(specifications_by_ref(refs).__getitem__, refs)] == ["b", "d"]


def test_it_asks_once_however_many_are_wanted(django_assert_num_queries: Any) -> None:
    for number in range(5):
        spec(str(number))
    refs = [(str(n), "", "") for n in range(5)] + [("", str(n), "1.0") for n in range(5)]
    with django_assert_num_queries(1):
        assert len(specifications_by_ref(refs)) == 10


def test_it_follows_relationships_one_query_per_level(django_assert_num_queries: Any) -> None:
    spec("cfs", "rfs1", "rfs2", "unknown")
    spec("rfs1", "res")
    spec("rfs2", "res", "cfs")
    spec("res")
    with django_assert_num_queries(3):
        assert specification_closure(["cfs"], 16).keys() == {"cfs", "rfs1", "rfs2", "res"}
    with django_assert_num_queries(2):
        assert specification_closure(["cfs"], 1).keys() == {"cfs", "rfs1", "rfs2"}
    with django_assert_num_queries(0):
        assert specification_closure([], 16) == {}
