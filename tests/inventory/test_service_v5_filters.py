"""Filters, sorting and paging on v5's names, whichever form a service is stored in (docs/conformance.md 0.5, 2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Service
from inventory.representation_v5 import changed, settled
from inventory.resources import SERVICE, SERVICE_V5
from tests.inventory import documents_v5 as v5
from tests.inventory.documents import PATH as PATH_V4
from tests.inventory.documents_v5 import PATH, WHOLE, characteristic, service
from tests.inventory.generated import bodies, documents, questions
from tests.tmf.answers import assert_error, assert_ok
from tests.tmf.query_memory import memory
from tmf.query import page, parse_filter
from tmf.query.lookups import scope_of
from tmf.query.sorting import sorted_rows
from tmf.query.tree import And, Node, Not

pytestmark = pytest.mark.django_db
FEW = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(params=["default", "memory"], ids=["postgresql", "sqlite"])
def using(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "default":
        yield "default"
        return
    with memory(Service):
        yield "memory"


def row(number: int, document: Any, body: Any) -> Service:
    """A service that v5 or v4 described."""
    if document is None:
        flat, kept = body, settled({}, {}, body)
    else:
        flat, kept = changed({}, {}, document, document.keys())
    return Service(id=f"{number}", state="active", body=flat, body_v5=kept)


rows = st.lists(st.tuples(st.none() | documents, bodies), min_size=1, max_size=4)
asked = st.lists(questions, min_size=1, max_size=8)


@FEW
@given(rows, asked)
def test_a_filter_finds_what_python_finds_in_the_v5_form(using: str, rows: list[Any], asked: list[Node]) -> None:
    every = Service._base_manager.using(using)
    every.all().delete()
    every.bulk_create(row(number, *given) for number, given in enumerate(rows))
    shown = {each.pk: SERVICE_V5.represent(each) for each in every.all()}
    for node in [*asked, *map(Not, asked), And(tuple(asked))]:
        expected = {pk for pk, document in shown.items() if node.matches(document)}
        found = {*every.filter(scope_of(SERVICE_V5).where(node)).values_list("pk", flat=True)}
        assert found == expected, node
    every.all().delete()


V4 = {
    "state": "active",
    "name": "old",
    "serviceSpecification": {"id": "12"},
    "relatedParty": [{"id": "456", "role": "user", "@referredType": "Individual"}],
    "place": [{"id": "2435", "role": "site", "@type": "RelatedPlaceRefOrValue"}],
    "serviceCharacteristic": [{"name": "speed", "value": 100}, {"name": "rate", "value": 2.5}],
    "intent": {"id": "42"},
    "operatingStatus": "running",
}
FOUND = {
    "relatedParty.partyOrPartyRole.id=456": "both",
    "relatedParty.partyOrPartyRole.name=Jo%20Doe": "new",
    "relatedParty.partyOrPartyRole.@type=PartyRef": "both",
    "relatedParty.partyOrPartyRole.@type=PartyRoleRef": "",
    "relatedParty.@type=RelatedPartyRefOrPartyRoleRef": "both",
    "relatedParty.role=user": "both",
    "relatedParty.id=456": "",
    "relatedParty.name=Jo%20Doe": "",
    "place.place.id=2435": "both",
    "place.place.@type=PlaceRef": "both",
    "place.id=2435": "",
    "relatedEntity.entity.id=e1": "new",
    "@type=Service": "both",
    "@type=Other": "",
    "@type.regex=^Serv": "both",
    "serviceSpecification.id=12": "old",
    "serviceSpecification.@type=ServiceSpecificationRef": "both",
    "serviceCharacteristic.@type=IntegerCharacteristic": "both",
    "serviceCharacteristic.@type=NumberCharacteristic": "both",
    "serviceCharacteristic.@type=BooleanCharacteristic": "new",
    "serviceCharacteristic.value=100": "both",
    "serviceCharacteristic.value=2.5": "old",
    "operatingStatus=running": "new",
    "operatingStatus.ne=stopped": "new",
    "externalIdentifier.id=x-1": "new",
    "externalIdentifier.owner=billing": "new",
    "intent.id=42": "new",
    "intent.@type=IntentRef": "new",
    "feature.featureCharacteristic.@type=BooleanCharacteristic": "new",
    "supportingService.@type=ServiceRef": "new",
    "supportingService.@type=Service": "new",
    "state=active": "both",
    "state=suspended": "",
    "name=old,vCPE%20serial%201355615": "both",
    "filter=" + quote("$.relatedParty[?(@.role=='user' && @.partyOrPartyRole.id=='456')]"): "both",
    "filter=" + quote("$.relatedParty[?(@.role=='other' && @.partyOrPartyRole.id=='456')]"): "",
    "filter=" + quote("$.serviceCharacteristic[?(@.name=='speed' && @['@type']=='IntegerCharacteristic')]"): "both",
    "filter=" + quote("$.serviceCharacteristic[?(@.name=='cap' && @['@type']=='NumberCharacteristic')]"): "new",
    "filter=" + quote("$.serviceCharacteristic[?(@.name=='rate' && @['@type']=='IntegerCharacteristic')]"): "",
}


@pytest.fixture
def both(bss: Client) -> dict[str, str]:
    """What each answer stands for: `old` a service that v4 made, `new` one that v5 made."""
    old = assert_ok(bss.post(PATH_V4, V4, "application/json"), 201)["id"]
    new = assert_ok(bss.post(PATH, WHOLE, "application/json"), 201)["id"]
    return {"": "", "old": old, "new": new, "both": f"{old} {new}"}


def test_it_finds_on_v5s_names_what_either_version_made(bss: Client, both: dict[str, str]) -> None:
    for query, who in FOUND.items():
        answer = bss.get(f"{PATH}?{query}")
        assert " ".join(each["id"] for each in assert_ok(answer)) == both[who], query
        assert answer["X-Total-Count"] == str(len(both[who].split()))


def test_v4_finds_nothing_on_names_that_only_v5_has(bss: Client, both: dict[str, str]) -> None:
    for query in ("relatedParty.partyOrPartyRole.id=456", "externalIdentifier.id=x-1", "place.place.id=2435"):
        assert assert_ok(bss.get(f"{PATH_V4}?{query}")) == []
    (old,) = assert_ok(bss.get(f"{PATH_V4}?operatingStatus=running"))  # an extension of that client's
    assert old["id"] == both["old"]


@pytest.mark.parametrize(
    "sort",
    [
        "relatedParty.partyOrPartyRole.id", "place.place.id", "operatingStatus", "externalIdentifier.id", "intent.id",
        "serviceCharacteristic.value", "x",
    ],
)  # fmt: skip
def test_it_sorts_by_v5s_names(bss: Client, sort: str) -> None:
    made = []
    for word, status in (("b", "running"), ("c", "stopped"), ("a", "pending")):
        document = service(
            relatedParty=[{**v5.PARTY, "partyOrPartyRole": {"id": word, "@type": "PartyRef"}}],
            place=[{**v5.PLACE, "place": {"id": word, "@type": "PlaceRef"}, "x": word}],
            operatingStatus=status,
            externalIdentifier=[{"id": word, "@type": "ExternalIdentifier"}],
            intent={"id": word, "@type": "IntentRef"},
            serviceCharacteristic=[characteristic("n", "String", word)],
            x=word,
        )
        made.append(assert_ok(bss.post(PATH, document, "application/json"), 201)["id"])
    b, c, a = made
    assert [each["id"] for each in assert_ok(bss.get(f"{PATH}?sort={sort}"))] == [a, b, c]
    assert [each["id"] for each in assert_ok(bss.get(f"{PATH}?sort=-{sort}"))] == [c, b, a]


def test_it_pages_and_keeps_the_class_of_what_is_left(bss: Client, both: dict[str, str]) -> None:
    answer = bss.get(f"{PATH}?fields=relatedParty.role&limit=1&sort=-id")
    (shown,) = assert_ok(answer, 206)
    party = {"role": "user", "@type": "RelatedPartyRefOrPartyRoleRef"}
    assert shown == {"id": both["new"], "href": shown["href"], "@type": "Service", "relatedParty": [party]}
    assert f"{PATH}?" in answer["Link"]


def test_it_refuses_a_filter_that_cannot_be_read(bss: Client) -> None:
    assert_error(bss.get(f"{PATH}?relatedParty..id=1"), 400)
    assert_error(bss.get(f"{PATH}?filter={quote('$.relatedParty[?(')}"), 400, "filter")


# -- PostgreSQL's indexes ----------------------------------------------------------------------
ROWS = 5_000


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Rows enough that reading them all costs more than an index; every hundredth has more to say than v4 can."""
    with django_db_blocker.unblock(), transaction.atomic():
        Service.objects.bulk_create(map(_numbered, range(ROWS)))
        with connection.cursor() as cursor:
            names = "ARRAY['service_body', 'service_body_v5']"
            cursor.execute(f"SELECT gin_clean_pending_list(name::regclass) FROM unnest({names}) name")
            cursor.execute("ANALYZE inventory_service")
        yield
        transaction.set_rollback(True)


def _numbered(number: int) -> Service:
    kind = "PartyRef" if number % 100 else "PartyRoleRef"
    document = {
        "serviceSpecification": {"id": f"{number}", "@type": "ServiceSpecificationRef"},
        "relatedParty": [{**v5.PARTY, "partyOrPartyRole": {"id": f"r{number}", "@type": kind}}],
        "externalIdentifier": [{"id": f"x{number}", "@type": "ExternalIdentifier"}],
    }
    body, body_v5 = changed({}, {}, document, document.keys())
    status = "running" if number % 1000 else "failed"
    return Service(
        id=f"{number}", party=f"p{number % 100}", state="active", operating_status=status, category=f"c{number}",
        body=body, body_v5=body_v5,
    )  # fmt: skip


INDEXED = {
    "relatedParty.partyOrPartyRole.id=r77": ("service_body", "77"),
    "relatedParty.partyOrPartyRole.id=r77,r300": ("service_body", "300 77"),
    "relatedParty.partyOrPartyRole.id=r300&relatedParty.partyOrPartyRole.@type=PartyRoleRef": (
        "service_body_v5",
        "300",
    ),
    "serviceSpecification.id=77": ("service_body", "77"),
    "externalIdentifier.id=x77": ("service_body_v5", "77"),
    "operatingStatus=failed": ("service_operating_status", "0 1000 2000 3000 4000"),
    "category=c77": ("service_category", "77"),
    "id=77": ("Index Cond: ((id)", "77"),
    "href=http://host/tmf-api/serviceInventory/v5/service/77": ("Index Cond: ((id)", "77"),
    "filter=" + quote("$.relatedParty[?(@.role=='user' && @.partyOrPartyRole.id=='r77')]"): ("service_body", "77"),
}


@pytest.mark.parametrize(("query", "index", "found"), [(query, *rest) for query, rest in INDEXED.items()])
def test_it_finds_by_an_index(many: None, query: str, index: str, found: str) -> None:
    matching = Service.objects.filter(scope_of(SERVICE_V5).where(parse_filter(query)))
    plan = str(sorted_rows(SERVICE_V5, matching, None)[0][:100].explain())
    assert index in plan
    assert "Seq Scan" not in plan
    assert " ".join(sorted(row.pk for row in page(SERVICE_V5, Service.objects.all(), query).rows)) == found


def test_v4_finds_a_state_that_stands_for_two_by_an_index(many: None) -> None:
    Service.objects.filter(pk__in=["7", "8"]).update(state="suspended")
    matching = Service.objects.filter(scope_of(SERVICE).where(parse_filter("state=inactive")))
    assert "service_state" in str(sorted_rows(SERVICE, matching, None)[0][:100].explain())
    assert {*matching.values_list("pk", flat=True)} == {"7", "8"}
