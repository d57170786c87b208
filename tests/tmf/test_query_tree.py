"""What a filter means, by the reference evaluation."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tmf.query import parse_filter

ORDER: dict[str, Any] = {
    "id": "42",
    "@type": "ServiceOrder",
    "state": "inProgress",
    "priority": "4",
    "isBundle": False,
    "count": 12,
    "ratio": 0.1,
    "nothing": None,
    "none": [],
    "orderDate": "2026-11-21T09:30:00.123Z",
    "requestedStartDate": "2026-11-21T10:30:00.123+01:00",
    "relatedParty": [{"id": "1", "role": "user"}, {"id": "2", "role": "seller"}],
    "tags": ["a", "b", 3, ["deep"]],
    "serviceOrderItem": [
        {"id": "1", "service": {"serviceSpecification": {"id": "12"}, "flags": [True]}},
        {"id": "2", "service": {"serviceSpecification": {"id": 13}}},
    ],
}
MATCHES = [
    "state=inProgress", "state=held,inProgress", "state.ne=held", "@type=ServiceOrder",
    "relatedParty.role=user", "relatedParty.role=user&relatedParty.id=2", "relatedParty.role.ne=user",
    "serviceOrderItem.service.serviceSpecification.id=12", "serviceOrderItem.service.serviceSpecification.id=13",
    "serviceOrderItem.service.flags=true", "tags=a", "tags=3", "tags.gt=2",
    # numbers, as numbers whatever their spelling
    "count=12", "count=12.0", "count=1.2e1", "count.gt=9", "count.lte=12", "ratio=0.1", "ratio.lt=0.2", "count.ne=13",
    # strings, by code point
    "priority=4", "priority.gt=10", "state.gt=inA", "state.lt=z", "state.gte=inProgress",
    # booleans
    "isBundle=false", "isBundle.ne=true",
    # date-times, as instants in milliseconds
    "orderDate=2026-11-21T09:30:00.123Z", "orderDate=2026-11-21T09:30:00.123999Z",
    "orderDate=2026-11-21T11:30:00.123%2B02:00", "orderDate=2026-11-21T11:30:00.123+02:00",
    "orderDate=2026-11-21T09:30:00.123", "requestedStartDate=2026-11-21T09:30:00.123Z",
    "orderDate.lt=2026-11-21T09:31", "orderDate.gte=2026-11-21T10:30%2B0100", "orderDate.gte=2026-11-21T10:30 01:00",
    "orderDate%3E=2026-11-21", "orderDate.lt=2026-11-22", "orderDate.gt=2026-11-21T09:30:00.122Z",
    "requestedStartDate.lte=2026-11-21T09:30:00.123Z", "orderDate.regex=^2026-11",
    "orderDate.gte=2026-11-21T09:30:00.123Z&orderDate.lte=2026-11-21T09:30:00.123Z",
    # regular expressions
    "state.regex=^in", "state*=Prog", "tags.regex=^b$",
]  # fmt: skip
MISSES = [
    "state=inprogress", "State=inProgress", "state=held", "relatedParty.role=buyer",
    "relatedParty=user", "relatedParty.role.x=user", "serviceOrderItem.id=12",
    # what does not exist, or is null, matches nothing
    "bogus=1", "bogus.ne=1", "bogus=", "bogus.regex=.*", "nothing=null", "nothing.ne=1", "none.ne=1", "state.x.ne=1",
    # objects and arrays compare with nothing
    "relatedParty.ne=1", "serviceOrderItem.service.ne=1", "tags=deep",
    "isBundle=true", "isBundle=False", "isBundle=0", "isBundle=", "isBundle.lt=true", "isBundle.regex=.*",
    "count=012", "count=%2B12", "count= 12", "count.gt=12", "count.regex=12", "count=0xC",
    "orderDate=2026-11-21", "orderDate=2026-11-21T09:30:00Z", "orderDate.gt=2026-11-21T09:30:00.123Z",
    "orderDate.lt=2026-11-21T09:30:00.123Z", "orderDate.ne=2026-11-21T10:30:00.123%2B01:00",
    "state.ne=held,inProgress", "state.ne=held&state.ne=inProgress", "state.regex=^prog",
]  # fmt: skip
PATHS = [
    "$.relatedParty[?(@.role=='user')]", "relatedParty[?(@.role=='user' && @.id==1)]",
    "$[?(@.state=='inProgress')]", "$[?@.count > 3 && !(@.state=='held')]", "$[?@.bogus == null]",
    "$[*].relatedParty[*][?@.role=='seller'].id", "$.serviceOrderItem[?@.service.serviceSpecification.id==13]",
    "$.tags[?@=='a']", "$.relatedParty", "$[?@.relatedParty[?@.id=='2' && @.role=='seller']]",
    "$.relatedParty[?match(@.role, 'us.*')]", "$.relatedParty[?search(@.role, 'ell')]", "$[?@.state =~ /Prog/]",
    "$[?@.state in ['held', 'inProgress']]", "$[?4 == @.priority]", "$[?10 < @.count]", "$[?@.isBundle == false]",
    "$.relatedParty[?@.name || @.role == 'user']", "$[?@.orderDate > '2026-11-21']", "$[?@['@type'] == 'ServiceOrder']",
]  # fmt: skip
NO_PATHS = [
    "$.relatedParty[?(@.role=='user' && @.id=='2')]", "$.bogus", "$.nothing", "$.none", "$[?@.state == null]",
    "$.bogus[?!(@.x == 1)]", "$.relatedParty[?match(@.role, 's')]", "$[?@.nothing != null]", "$[?@.bogus != 'x']",
]  # fmt: skip


@pytest.mark.parametrize("query", MATCHES)
def test_it_matches(query: str) -> None:
    assert parse_filter(query).matches(ORDER)


@pytest.mark.parametrize("query", MISSES)
def test_it_does_not_match(query: str) -> None:
    assert not parse_filter(query).matches(ORDER)


@pytest.mark.parametrize("path", PATHS)
def test_it_matches_by_jsonpath(path: str) -> None:
    assert parse_filter("filter=" + quote(path)).matches(ORDER)


@pytest.mark.parametrize("path", NO_PATHS)
def test_it_does_not_match_by_jsonpath(path: str) -> None:
    assert not parse_filter("filter=" + quote(path)).matches(ORDER)


def test_it_joins_jsonpaths_with_or() -> None:
    both = "&".join("filter=" + quote(f"$[?@.count == {count}]") for count in (11, 12))
    assert parse_filter(both).matches(ORDER)
    assert not parse_filter(both + "&state=held").matches(ORDER)
