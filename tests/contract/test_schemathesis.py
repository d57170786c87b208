"""Every operation of every published document answers as documented, whatever is sent to it.

The bodies, parameters and headers are made by schemathesis from the document itself: what it calls valid,
and what it calls invalid. The requests go through the whole WSGI application with a real token.
The run is bounded and always the same; SCHEMATHESIS_EXAMPLES=100 makes it a long one, SCHEMATHESIS_SEED=7 another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as bounds
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from config.wsgi import application
from tests.helpers import token_of
from tmf.openapi import document, published

Operation = APIOperation[Any, Any, Any, Any]
Headers = dict[str, str]
ALWAYS: list[CheckFunction] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
]
IN_FULL: list[CheckFunction] = [*ALWAYS, checks.response_schema_conformance]
BOUNDED = bounds(
    max_examples=int(os.environ.get("SCHEMATHESIS_EXAMPLES", "3")),
    derandomize="SCHEMATHESIS_SEED" not in os.environ,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


def operations() -> Iterator[Any]:
    """Of all documents there are: a new API, version or resource is tested without a line here."""
    for api in published():
        schema = schemathesis.openapi.from_dict(document(api))
        schema.app = application
        for found in schema.get_all_operations():
            operation = found.ok()  # type: ignore[union-attr]
            yield pytest.param(operation, id=f"{api.slug} {operation.label}")


def member(collection: str, operation: Operation, headers: Headers) -> str:
    """The id of something that is there, made from the document's own example."""
    create = operation.schema[collection]["POST"]
    body = create.definition.raw["requestBody"]["content"]["application/json"]["example"]
    if collection.endswith("/cancelServiceOrder"):
        orders = collection.replace("cancelServiceOrder", "serviceOrder")
        body = {**body, "serviceOrder": {"id": member(orders, operation, headers)}}
    made = create.Case(body=body, media_type="application/json").call(headers=headers)
    assert made.status_code == 201, made.content
    return str(made.json()["id"])


def checks_of(case: Any, status: int) -> list[CheckFunction]:
    """`fields` narrows an answer to less than the schema requires of it in full."""
    return ALWAYS if status < 300 and "fields" in (case.query or {}) else IN_FULL


def seeded(test: Callable[..., None]) -> Callable[..., None]:
    return seed(int(os.environ["SCHEMATHESIS_SEED"]))(test) if "SCHEMATHESIS_SEED" in os.environ else test


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """The test's transaction outlives its requests, as under Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize("operation", [*operations()])
def test_it_answers_as_documented(operation: Operation, mode: GenerationMode) -> None:
    headers = {"authorization": f"Bearer {token_of('acme', [*settings.BSS_SCOPES, 'admin'])}"}

    @seeded
    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode), known=st.sampled_from([True, False]))
    def answers(case: Any, known: bool) -> None:
        if known and "id" in case.path_parameters:
            case.path_parameters["id"] = member(operation.path.removesuffix("/{id}"), operation, headers)
        answer = case.call(headers=headers)
        case.validate_response(answer, checks_of(case, answer.status_code), headers=headers)

    answers()
