"""`python -m benchmarks.fill`: the catalogue; orders that are planned and wait to be driven; orders merely stored."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, models

from catalog.models import ServiceSpecification
from orchestrator.intake import decompose_due
from orchestrator.library import definitions_import
from orchestrator.models import Target
from ordering.models import ServiceOrder, ServiceOrderItem
from ordering.services import order_submit
from tmf.actors import Actor
from tmf.dispatch import dispatch_due

Step = dict[str, object]
TEMPLATE = {
    "externalId": "template",
    "relatedParty": [{"id": "acme", "role": "customer", "@referredType": "Organization"}],
    "serviceOrderItem": [
        {
            "id": "1",
            "action": "add",
            "service": {
                "serviceSpecification": {"id": "s"},
                "serviceCharacteristic": [{"name": "bandwidth", "value": 100}],
            },
        }
    ],
}


def diamond(target: str, request: Mapping[str, object]) -> list[Step]:
    """Ten steps: 1 → 4 → 4 → 1."""
    levels = [["a"], [f"b{i}" for i in range(4)], [f"c{i}" for i in range(4)], ["d"]]
    before: list[list[str]] = [[], *levels[:-1]]
    return [
        {"key": key, "target": target, "request": request, "after": after}
        for level, after in zip(levels, before, strict=True)
        for key in level
    ]


def chain(target: str, length: int) -> list[Step]:
    keys = [f"s{i}" for i in range(length)]
    after = [[], *([key] for key in keys)]
    request = {"method": "POST", "path": "/work/bench", "body": {}}
    return [{"key": k, "target": target, "request": request, "after": a} for k, a in zip(keys, after, strict=False)]


def catalogue(simulator: str) -> None:
    Target.objects.create(name="http", connector="rest", base_url=simulator, concurrency=32)
    Target.objects.create(name="inside", connector="simulator", is_default=True, concurrency=32)
    over_http = {"method": "POST", "path": "/work/bench", "body": {"speed": 100}}
    kinds = {
        "http": diamond("http", over_http),
        "inside": diamond("inside", {}),
        "inside20": diamond("inside", {"latency": 0.02}),
        "chain": chain("http", 3),
    }
    for name, steps in kinds.items():
        ServiceSpecification.objects.create(id=name, name=name, version="1", lifecycle_status="Active", body={})
        definitions_import(documents=[{"specification": name, "action": "add", "steps": steps}], actor="bench")


def planned(name: str, count: int) -> None:
    """So many orders of this specification, planned and waiting; prints what one cost, ms."""

    def submit() -> None:
        for _ in range(count):
            order_submit(actor=Actor("bench", "acme"), document={"serviceOrderItem": [item]})

    item = {"id": "1", "action": "add", "service": {"serviceSpecification": {"id": name}}}
    verbs: dict[str, Callable[[], object]] = {"submit": submit, "dispatch": dispatch_due, "plan": decompose_due}
    for verb, work in verbs.items():
        started, cpu = time.perf_counter(), time.process_time()
        work()
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        print(f"{verb} {1000 * wall / count:.2f} {1000 * cpu / count:.2f}")


def stored(first: int, count: int) -> None:
    """Orders `first` to `count`, copies of one with other keys, dates, states, categories and specifications."""
    template = ServiceOrder.objects.filter(external_id="template").first() or order_submit(
        actor=Actor("bench", "acme"), document=TEMPLATE
    )
    order = {
        "id": "'copy-' || n", "external_id": "'stored-' || n", "category": "'c' || n % 50",
        "state": "(ARRAY['completed', 'completed', 'completed', 'inProgress', 'held'])[1 + n % 5]",
        "created_at": "now() - n * interval '1 second'",
    }  # fmt: skip
    item = {
        "id": f"nextval(pg_get_serial_sequence('{ServiceOrderItem._meta.db_table}', 'id'))", "order_id": "'copy-' || n",
        "body": """jsonb_set(t.body, '{service,serviceSpecification,id}', to_jsonb('s' || n % 100000))""",
    }  # fmt: skip
    _copy(ServiceOrder, order, f"t.id = '{template.pk}'", first, count)
    _copy(ServiceOrderItem, item, f"t.order_id = '{template.pk}'", first, count)


def _copy(model: type[models.Model], changed: Mapping[str, str], template: str, first: int, count: int) -> None:
    names = [field.column for field in model._meta.concrete_fields]
    values = [changed.get(str(name), f't."{name}"') for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {table} ({columns}) SELECT {", ".join(values)}
                FROM {table} t, generate_series({first}, {count - 1}) n WHERE {template}"""
        )


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    match verb:
        case "catalogue":
            catalogue(words[0])
        case "planned":
            planned(words[0], int(words[1]))
        case "stored":
            stored(int(words[0]), int(words[1]))
