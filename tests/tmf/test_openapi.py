"""The OpenAPI documents are valid, complete in themselves, and those that are published in docs/openapi."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client
from drf_spectacular.validation import validate_schema
from pytest_django import Settings

from tmf.openapi import document, published
from tmf.query import compile_query
from tmf.resources import Api, Json

SLUGS = ["serviceCatalog-v4", "serviceInventory-v4", "serviceInventory-v5", "serviceOrdering-v4"]
STATUSES = {"400", "401", "403", "404", "405", "409", "500"}
every = pytest.mark.parametrize("slug", SLUGS)


def api(slug: str) -> Api:
    return next(api for api in published() if api.slug == slug)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(whole: Json, reference: str) -> Any:
    found: Any = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def operations(whole: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_it_publishes_every_api() -> None:
    assert sorted(api.slug for api in published()) == SLUGS


def test_it_publishes_what_docs_openapi_holds() -> None:
    """To accept a change: manage.py openapi."""
    call_command("openapi", "--check")


@every
def test_it_is_valid_openapi(slug: str) -> None:
    made = document(api(slug))
    assert made["openapi"] == "3.1.0"
    validate_schema(made)


@every
def test_it_refers_to_nothing_that_is_not_there_and_has_nothing_that_nobody_refers_to(slug: str) -> None:
    made = document(api(slug))
    wanted = set(references(made))
    for reference in wanted:
        assert resolved(made, reference) is not None
    for kind in ("schemas", "parameters", "headers", "responses"):
        unused = {name for name in made["components"][kind] if f"#/components/{kind}/{name}" not in wanted}
        assert not unused, kind


@every
def test_it_documents_the_statuses_of_every_resource_with_the_error_body(slug: str) -> None:
    made = document(api(slug))
    documented = {status for *_, operation in operations(made) for status in operation["responses"]}
    assert documented >= STATUSES
    for response in made["components"]["responses"].values():
        assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


@every
def test_it_says_which_scope_every_operation_needs(slug: str) -> None:
    made = document(api(slug))
    scopes = made["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"]
    for *_, operation in operations(made):
        oauth2, bearer = operation["security"]
        assert bearer == {"bearer": []}
        assert {*oauth2["oauth2"]} <= scopes.keys()


@every
def test_it_declares_what_a_list_says_of_itself_in_headers(slug: str) -> None:
    made = document(api(slug))
    lists = [operation for *_, operation in operations(made) if operation["operationId"].startswith("list")]
    assert lists
    for operation in lists:
        for status in ("200", "206"):
            headers = operation["responses"][status]["headers"]
            assert [*headers] == ["X-Total-Count", "X-Total-Count-Capped", "X-Result-Count", "Link"]


@every
def test_it_tells_listeners_of_every_event(slug: str) -> None:
    made = document(api(slug))
    for name, webhook in made["webhooks"].items():
        kind = name[0].upper() + name[1:]
        schema = made["components"]["schemas"][kind]
        assert webhook["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(f"/{kind}")
        assert schema["properties"]["eventType"]["enum"] == [kind]
        assert ("fieldPath" in schema["properties"]) is kind.endswith(("AttributeValueChangeEvent", "RequiredEvent"))


@every
def test_the_listener_that_it_proposes_hears_of_something(slug: str) -> None:
    made = document(api(slug))
    register = next(o for *_, o in operations(made) if o["operationId"] == "registerListener")
    hears = compile_query(register["requestBody"]["content"]["application/json"]["example"]["query"])
    types = [name[0].upper() + name[1:] for name in made["webhooks"]]
    heard = [each for each in types if hears.matches({"eventType": each})]
    assert 0 < len(heard) < len(types)


def test_it_marks_what_a_client_may_not_set() -> None:
    schemas = document(api("serviceOrdering-v4"))["components"]["schemas"]
    marked = {name for name, schema in schemas["ServiceOrderItem"]["properties"].items() if schema.get("readOnly")}
    assert marked == {"state", "errorMessage"}
    schemas = document(api("serviceInventory-v4"))["components"]["schemas"]
    marked = {name for name, schema in schemas["Service_Create"]["properties"].items() if schema.get("readOnly")}
    assert marked == {"serviceDate"}


@every
def test_it_is_served_to_everybody_beside_the_api(slug: str, client: Client) -> None:
    root = api(slug).root
    answer = client.get(f"{root}/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json;charset=utf-8")
    served = json.loads(answer.content)
    assert served == document(api(slug))
    answer = client.get(f"{root}/openapi.yaml")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/yaml;charset=utf-8")
    assert yaml.safe_load(answer.content) == served


def test_it_serves_no_document_of_an_api_that_is_not_there(client: Client) -> None:
    answer = client.get("/tmf-api/billing/v4/openapi.json")
    assert (answer.status_code, answer.json()["status"]) == (404, "404")


def test_it_says_which_published_document_is_out_of_date(tmp_path: Path, settings: Settings) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match="out of date"):
        call_command("openapi", "--check")
    assert [*tmp_path.iterdir()] == []
    call_command("openapi", verbosity=0)
    assert sorted(path.stem for path in (tmp_path / "docs" / "openapi").iterdir()) == SLUGS
    call_command("openapi", "--check")
    (tmp_path / "docs" / "openapi" / "serviceOrdering-v4.yaml").write_text("openapi: 3.1.0\n")
    with pytest.raises(CommandError, match=r"out of date: serviceOrdering-v4.yaml\."):
        call_command("openapi", "--check")
