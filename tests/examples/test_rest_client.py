"""docs/examples/opensom.http: every variable in it is told before it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.examples.rest_client import rest_client
from tests.examples.scenario import scenarios

TEXT = rest_client(scenarios())
HEAD, *REQUESTS = re.split(r"^### ?", TEXT, flags=re.M)


def told(block: str) -> Iterator[str]:
    yield from re.findall(r"^@(\w+) = ", block, re.M)


def test_it_has_every_step_once() -> None:
    steps = [step for scenario in scenarios() for step in scenario.steps]
    assert [request.splitlines()[0] for request in REQUESTS] == [step.title for step in steps]


def test_its_variables_are_told_before_they_are_used() -> None:
    known, names = {*told(HEAD)}, set[str]()
    for request in REQUESTS:
        known |= {*told(request)}
        assert {*re.findall(r"\{\{(\w+)\}\}", request)} <= known, request
        assert {*re.findall(r"\{\{(\w+)\.response", request)} <= names, request
        names |= {*re.findall(r"^# @name (\w+)$", request, re.M)}


def test_its_variables_are_told_once() -> None:
    variables = [*told(TEXT)]
    assert len(variables) == len({*variables})
