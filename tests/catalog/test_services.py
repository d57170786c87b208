"""What is particular to the catalogue (docs/conformance.md 3)."""

from typing import Any

import pytest

from catalog.models import ServiceCategory, ServiceSpecification
from catalog.resources import API
from tests.helpers import client_of
from tests.rivals import rival_before
from tests.tmf.answers import assert_error, assert_ok
from tmf.models import Event
from tmf.resources import instant

pytestmark = pytest.mark.django_db
JSON = "application/json"


def post(kind: str, **body: Any) -> Any:
    return assert_ok(client_of().post(f"{API.root}/{kind}", {"name": "x", **body}, JSON), 201)


def patch(made: Any, **body: Any) -> Any:
    return client_of().patch(made["href"], body, JSON)


def delete(made: Any) -> Any:
    return client_of().delete(made["href"])


KINDS: dict[str, dict[str, Any]] = {
    "serviceSpecification": {"isBundle": False},
    "serviceCandidate": {"serviceSpecification": {"id": "42"}},
    "serviceCategory": {"isRoot": True},
    "serviceCatalog": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_fills_in_what_nobody_says(kind: str) -> None:
    given = {"serviceSpecification": {"id": "42"}} if kind == "serviceCandidate" else {}
    made = post(kind, **given)
    moment = made.pop("lastUpdate")
    assert moment.endswith("Z")
    assert made == {
        "id": made["id"], "href": made["href"], "name": "x", "version": "1.0", "lifecycleStatus": "In Study",
        "@type": kind[0].upper() + kind[1:], **KINDS[kind],
    }  # fmt: skip


def test_it_keeps_what_the_client_says() -> None:
    kind = "ResourceFacingServiceSpecification"
    said = {"version": "7", "lifecycleStatus": "Cooking", "@type": kind, "isBundle": True, "vlan": 7}
    made = post("serviceSpecification", **said)
    assert said.items() <= made.items()
    assert client_of().get(f"{API.root}/serviceSpecification?@type={kind}").json() == [made]


def test_it_overwrites_the_clients_last_update() -> None:
    made = post("serviceCatalog", lastUpdate="2001-01-01T00:00:00Z")
    assert instant(made["lastUpdate"]).year > 2001


def test_it_moves_last_update_with_every_change() -> None:
    made = post("serviceCatalog")
    changed = assert_ok(patch(made, description="new"))
    assert instant(changed["lastUpdate"]) >= instant(made["lastUpdate"])
    assert Event.objects.latest("id").payload["lastUpdate"] == changed["lastUpdate"]


def test_it_fills_in_the_class_of_a_related_party() -> None:
    made = post("serviceCatalog", relatedParty=[{"id": "1"}, {"id": "2", "@referredType": "Organization"}])
    assert [party["@referredType"] for party in made["relatedParty"]] == ["Party", "Organization"]


def test_it_takes_what_is_always_answered_back_to_its_default() -> None:
    made = post("serviceSpecification", version="7", lifecycleStatus="Active", isBundle=True)
    changed = assert_ok(patch(made, version=None, lifecycleStatus=None, isBundle=None))
    assert (changed["lifecycleStatus"], changed["isBundle"]) == ("In Study", False)
    assert "version" not in changed


@pytest.mark.parametrize("body", [{"name": None}, {"name": 7}, {"isBundle": 1}, {"specCharacteristic": {}}])
def test_it_refuses_a_patch_that_breaks_the_shape(body: Any) -> None:
    made = post("serviceSpecification")
    assert_error(patch(made, **body), 400, next(iter(body)))
    assert client_of().get(made["href"]).json() == made
    assert Event.objects.count() == 1


def test_it_names_its_events() -> None:
    made = post("serviceCandidate", serviceSpecification={"id": "42"})
    patch(made, description="new")
    delete(made)
    assert [event.type for event in Event.objects.order_by("id")] == [
        "ServiceCandidateCreateEvent", "ServiceCandidateChangeEvent", "ServiceCandidateDeleteEvent",
    ]  # fmt: skip
    assert {event.field_path for event in Event.objects.all()} == {""}


# -- a specification in use -------------------------------------------------------------------


def offering(spec: str) -> dict[str, Any]:
    return {"serviceSpecification": {"id": spec}}


def relating(spec: str) -> dict[str, Any]:
    return {"serviceSpecRelationship": [{"id": part, "relationshipType": "dependency"} for part in ("z", spec)]}


@pytest.mark.proves("409 for deleting one in use", of="serviceSpecification")
@pytest.mark.parametrize(("kind", "reference"), [("serviceCandidate", offering), ("serviceSpecification", relating)])
def test_it_deletes_no_specification_in_use(kind: str, reference: Any) -> None:
    spec = post("serviceSpecification")
    user = post(kind, **reference(spec["id"]))
    assert_error(delete(spec), 409)
    assert ServiceSpecification.objects.filter(pk=spec["id"]).exists()
    assert not Event.objects.filter(type__endswith="DeleteEvent").exists()
    assert delete(user).status_code == 204
    assert delete(spec).status_code == 204


def test_it_lets_a_specification_that_refers_to_itself_go() -> None:
    spec = post("serviceSpecification")
    assert_ok(patch(spec, serviceSpecRelationship=[{"id": spec["id"], "relationshipType": "a"}]))
    assert delete(spec).status_code == 204


# -- the tree of categories -------------------------------------------------------------------


def test_a_category_is_a_root_exactly_without_a_parent() -> None:
    root = post("serviceCategory", isRoot=False)
    child = post("serviceCategory", isRoot=True, parentId=root["id"])
    assert (root["isRoot"], child["isRoot"]) == (True, False)
    assert assert_ok(patch(child, parentId=None))["isRoot"] is True
    assert assert_ok(patch(root, isRoot=False)) == root
    assert assert_ok(patch(child, parentId="unknown here"))["isRoot"] is False


@pytest.mark.proves("no cycles; 409 for deleting one with children", of="serviceCategory")
def test_it_refuses_a_category_below_itself() -> None:
    top = post("serviceCategory")
    middle = post("serviceCategory", parentId=top["id"])
    bottom = post("serviceCategory", parentId=middle["id"])
    events = Event.objects.count()
    for category in (top, middle, bottom):
        assert_error(patch(top, parentId=category["id"]), 400, "parentId")
    assert ServiceCategory.objects.get(pk=top["id"]).parent_id is None
    assert Event.objects.count() == events


def test_it_ends_although_a_circle_was_loaded_from_elsewhere() -> None:
    one, two = post("serviceCategory"), post("serviceCategory")
    ServiceCategory.objects.filter(pk=one["id"]).update(parent_id=two["id"])
    ServiceCategory.objects.filter(pk=two["id"]).update(parent_id=one["id"])
    assert_ok(patch(post("serviceCategory"), parentId=one["id"]))


def test_it_sees_a_move_that_a_rival_makes_meanwhile() -> None:
    one, two = post("serviceCategory"), post("serviceCategory")
    rows = ServiceCategory.objects.filter(pk=two["id"])
    with rival_before("catalog.tree._line", lambda: rows.update(parent_id=one["id"]), after=1):
        assert_error(patch(one, parentId=two["id"]), 400, "parentId")


@pytest.mark.proves("no cycles; 409 for deleting one with children", of="serviceCategory")
def test_it_deletes_no_category_with_children() -> None:
    parent = post("serviceCategory")
    child = post("serviceCategory", parentId=parent["id"])
    assert_error(delete(parent), 409)
    assert ServiceCategory.objects.count() == 2
    assert delete(child).status_code == 204
    assert delete(parent).status_code == 204
