"""What every storm needs: a database of its own to look into, a plan to carry out, orders, and the final checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler

from catalog.models import ServiceSpecification
from config.settings import _database as database_settings
from orchestrator import bulkheads
from orchestrator.library import definitions_import
from orchestrator.models import Plan, Step, Target
from ordering.models import ServiceOrder
from ordering.services import order_submit
from tests.simulator import Simulator
from tests.storms.invariants import violations
from tests.storms.ledger import ledger_violations
from tests.waiting import wait_until
from tmf.actors import Actor
from tmf.sweeper import sweep_once

Json = dict[str, Any]
SPECIFICATION = "Storm"
BSS = Actor(name="storm", party="acme", scopes=frozenset())


class Stage:
    """One migrated database, and this process looking into it while others work on it."""

    def __init__(self, url: str, blocker: Any) -> None:
        self.url = url
        self._blocker = blocker
        self._handler = ConnectionHandler({"default": database_settings(url)})

    @contextmanager
    def entered(self) -> Iterator[Stage]:
        """Everything in this thread that asks the database asks this one."""
        usual = connections["default"]
        with self._blocker.unblock():
            connections["default"] = self._handler["default"]
            try:
                yield self
            finally:
                self._handler.close_all()
                connections["default"] = usual

    # -- setting it --------------------------------------------------------------------------
    def target(self, name: str, simulator: Simulator, simulate: str = "", **more: Any) -> None:
        headers = {"X-Simulate": simulate} if simulate else {}
        Target.objects.create(name=name, connector="rest", base_url=simulator.url, headers=headers, **more)

    def plan(self, *steps: Json, specification: str = SPECIFICATION) -> None:
        """Orders of this specification are fulfilled by these steps."""
        ServiceSpecification.objects.create(
            id=specification, name=specification, version="1.0", lifecycle_status="Active",
            type="CustomerFacingServiceSpecification", body={},
        )  # fmt: skip
        definitions_import(
            documents=[{"specification": specification, "action": "add", "steps": [*steps]}], actor="storm"
        )

    def order(self, count: int = 1) -> list[str]:
        return [str(order_submit(actor=BSS, document=document()).pk) for _ in range(count)]

    # -- looking -----------------------------------------------------------------------------
    def states(self, **which: Any) -> dict[str, str]:
        """Step key → state, of the steps that are meant."""
        return dict(Step.objects.filter(**which).values_list("key", "state"))

    def wait_for_orders(self, *states: str, timeout: float = 30.0) -> None:
        """Until every order is in one of these states."""
        others = ServiceOrder.objects.exclude(state__in=states)
        told = f"every order is {' or '.join(states)}"
        wait_until(lambda: not others.exists(), timeout, told, pause=0.05)

    def take_over(self, *states: str, timeout: float = 30.0) -> None:
        """Does what a sweeper does, here in this process, until every order is in one of these states."""
        bulkheads._mine.clear()  # what this process knew of another stage's targets
        others = ServiceOrder.objects.exclude(state__in=states)
        told = f"every order is {' or '.join(states)}"
        wait_until(lambda: not sweep_once() and not others.exists(), timeout, told, pause=0.1)

    def wait_for_quiet(self, timeout: float = 30.0) -> None:
        """Until nothing goes on by itself any more: what is left waits for a person."""
        busy = Step.objects.filter(state__in=["ready", "running", "accepted"])
        owed = Plan.objects.filter(state=Plan.State.OWED)
        wait_until(lambda: not busy.exists() and not owed.exists(), timeout, "nothing is under way", pause=0.05)

    def check(self, simulator: Simulator | None = None) -> None:
        """Asserts that everything holds that must hold of a quiet database, and that it agrees with the ledger."""
        wait_until(lambda: not list(violations(only=("events",))), 10, "all events are dispatched", pause=0.05)
        assert list(violations()) == []
        if simulator is not None:
            assert list(ledger_violations(simulator)) == []


def document(specification: str = SPECIFICATION) -> Json:
    item = {"id": "1", "action": "add", "service": {"serviceSpecification": {"id": specification}}}
    return {"serviceOrderItem": [item]}


def step(key: str, *, target: str = "work", after: str = "", simulate: str = "", **more: Any) -> Json:
    """A step that leaves its operation key in the service, so that the inventory can be held against the ledger."""
    request: Json = {"method": "POST", "path": f"/work/{key}", "lookUp": {"path": "/operations/{key}"}}
    if simulate:
        request["headers"] = {"X-Simulate": simulate}
    made = {"key": key, "target": target, "request": request, "outputs": {key: "answer.body.key"}}
    return {"characteristics": [key], "after": after.split(), "timeout": 10, **made, **more}


@pytest.fixture
def stage(database: str, django_db_blocker: Any) -> Iterator[Stage]:
    """On PostgreSQL and on SQLite."""
    with Stage(database, django_db_blocker).entered() as made:
        yield made


@pytest.fixture
def small_stage(fresh_database: Callable[[str], str], django_db_blocker: Any) -> Iterator[Stage]:
    """On SQLite alone: for what does not depend on the database."""
    with Stage(fresh_database("sqlite"), django_db_blocker).entered() as made:
        yield made
