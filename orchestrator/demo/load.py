"""The demo's catalogue, definitions and targets, put into the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from catalog.loading import catalog_load
from catalog.models import ServiceSpecification
from orchestrator.library import definitions_import, documents_check, documents_read
from orchestrator.models import Target

DATA = Path(__file__).parent / "data"
SPECIFICATION = "business-internet"


def demo_load(simulator_url: str) -> None:
    """Catalogue and definitions only once, so that what is changed later stays; the targets' address every time."""
    if not ServiceSpecification.objects.filter(pk=SPECIFICATION).exists():
        catalog_load(read("catalogue.json"))
        documents = documents_read(DATA / "definitions")
        documents_check(documents)
        definitions_import(documents=documents.values(), actor="demo")
    for target in read("targets.json"):
        _target_put(simulator_url, **target)


def read(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def _target_put(simulator_url: str, *, name: str, path: str, **values: Any) -> None:
    """Made, or led to where the simulator is now; one that leads elsewhere is somebody's choice and stays."""
    url = simulator_url + path
    target, made = Target.objects.get_or_create(name=name, defaults={**values, "base_url": url})
    if not made and target.base_url.startswith("http://127.0.0.1:"):
        Target.objects.filter(pk=name).update(base_url=url)
