"""`python -m benchmarks.fill`: catalogue, definition and target; or planned orders that wait to be driven."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from catalog.models import ServiceSpecification
from orchestrator.intake import decompose_due
from orchestrator.library import definitions_import
from orchestrator.models import Target
from ordering.services import order_submit
from tmf.actors import Actor
from tmf.dispatch import dispatch_due

Step = dict[str, object]


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


if __name__ == "__main__":
    if sys.argv[1] == "catalogue":
        catalogue(sys.argv[2])
    else:
        planned(sys.argv[2], int(sys.argv[3]))
