"""A client generated from the published ordering document drives an order, over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ordering.models import ServiceOrder
from tests.databases import ROOT
from tests.helpers import token_of

DOCUMENT = ROOT / "docs" / "openapi" / "serviceOrdering-v4.yaml"
# The generator (0.29) writes Python that fails for a body that may be an array, as a JSON Patch is.
CONFIG = "content_type_overrides: {application/json-patch+json: application/x-left-out}\n"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the generated package, which can be imported."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "config.yaml").write_text(CONFIG)
    generator = str(Path(sys.executable).with_name("openapi-python-client"))
    words = ("generate", "--path", str(DOCUMENT), "--meta", "none", "--config", "config.yaml", "--output-path", "som")
    done = subprocess.run([generator, *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    sys.path.insert(0, str(folder))
    yield "som"
    sys.path.remove(str(folder))


@pytest.fixture
def call(package: str, live_server: Any) -> Any:
    """`call("create_service_order", body=…)`: the operation's answer, through the generated code."""
    client = import_module(f"{package}.client").AuthenticatedClient(
        base_url=live_server.url, token=token_of("acme", settings.BSS_SCOPES), raise_on_unexpected_status=True
    )

    def operation(name: str, *words: str, **more: Any) -> Any:
        return import_module(f"{package}.api.service_order.{name}").sync_detailed(*words, client=client, **more)

    with client:
        yield operation


@pytest.fixture
def models(package: str) -> Any:
    return import_module(f"{package}.models")


def asked(models: Any, **more: Any) -> Any:
    item = {
        "id": "1",
        "action": "add",
        "service": {"name": "line", "serviceCharacteristic": [{"name": "n", "value": 0}]},
    }
    return models.ServiceOrderCreate.from_dict({"serviceOrderItem": [item], **more})


@pytest.mark.django_db(transaction=True)
def test_it_drives_an_order(call: Any, models: Any) -> None:
    made = call("create_service_order", body=asked(models, externalId="A-1"), idempotency_key="k-1")
    assert (made.status_code, made.parsed.state, made.parsed.priority) == (201, "acknowledged", "4")
    assert made.parsed.href == made.headers["Location"]
    call("create_service_order", body=asked(models, externalId="A-2"))

    read = call("retrieve_service_order", made.parsed.id)
    assert (read.status_code, read.parsed) == (200, made.parsed)
    assert read.parsed.service_order_item[0].service.service_characteristic[0].value == 0

    filters = models.ListServiceOrderAttributes.from_dict(
        {"externalId": "A-1", "serviceOrderItem.service.name": "line"}
    )
    found = call("list_service_order", attributes=filters)
    assert (found.status_code, found.parsed, found.headers["X-Total-Count"]) == (200, [made.parsed], "1")

    patch = models.ServiceOrderUpdate.from_dict({"description": "urgent", "priority": "1"})
    changed = call("patch_service_order", made.parsed.id, body=patch, if_match=read.headers["ETag"])
    assert (changed.status_code, changed.parsed.description, changed.parsed.priority) == (200, "urgent", "1")
    stale = call("patch_service_order", made.parsed.id, body=patch, if_match=read.headers["ETag"])
    assert (stale.status_code, stale.parsed.status) == (412, "412")
    assert ServiceOrder.objects.get(pk=made.parsed.id).body["description"] == "urgent"


@pytest.mark.django_db(transaction=True)
def test_it_reads_what_is_wrong(call: Any, models: Any) -> None:
    body = asked(models)
    body.service_order_item[0].additional_properties["state"] = "completed"
    refused = call("create_service_order", body=body)
    assert (refused.status_code, refused.parsed.status) == (400, "400")
    assert "serviceOrderItem[0].state" in refused.parsed.message
    assert ServiceOrder.objects.count() == 0
