"""docs/examples/opensom.postman_collection.json, as Postman reads it (collection format v2.1)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.examples.scenario import scenarios

PATH = Path(settings.BASE_DIR) / "docs" / "examples" / "opensom.postman_collection.json"
COLLECTION = json.loads(PATH.read_text())
ITEMS: list[Any] = [item for folder in COLLECTION["item"] for item in folder["item"]]


def script(item: Any) -> str:
    return "\n".join(item["event"][0]["script"]["exec"])


def test_it_has_a_folder_for_each_scenario() -> None:
    assert COLLECTION["info"]["schema"].endswith("/v2.1.0/collection.json")
    assert [folder["name"] for folder in COLLECTION["item"]] == [scenario.title for scenario in scenarios()]


def test_its_variables_are_set_before_they_are_used() -> None:
    known = {variable["key"] for variable in COLLECTION["variable"]}
    for item in ITEMS:
        used = re.findall(r"\{\{(\w+)\}\}", json.dumps(item["request"]))
        assert {*used} <= known, item["name"]
        known |= {*re.findall(r'collectionVariables\.set\("(\w+)"', script(item))}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["name"])
def test_its_addresses_are_whole(item: Any) -> None:
    url = item["request"]["url"]
    query = "&".join(f"{each['key']}={each['value']}" for each in url.get("query", ()))
    assert url["raw"] == "/".join([*url["host"], *url["path"]]) + (f"?{query}" if query else "")


def test_its_answers_are_those_that_its_scripts_expect() -> None:
    for item in ITEMS:
        assert f"to.have.status({item['response'][0]['code']})" in script(item)
