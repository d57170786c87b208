"""Orders judged and planned: HTTP in, HTTP out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory.models import Service
from orchestrator import fallout, intake
from orchestrator.decompose import decompose
from orchestrator.fallout import fallout_retry
from orchestrator.intake import MAX_ATTEMPTS, decompose_due
from orchestrator.models import Fallout, FulfilmentItem, Plan, Step, StepLink, Target
from orchestrator.plan import plan
from ordering.models import ServiceOrder
from tests.helpers import client_of
from tests.orchestrator.conftest import ORDERS, definition, item, place, shown, specification, state_of, work
from tests.orchestrator.recorder import Ledger
from tests.racing import at_once
from tests.rivals import rival_before
from tmf.dispatch import dispatch_due
from tmf.models import Event, JournalEntry

Json = dict[str, Any]
Fulfil = Callable[..., Json]
pytestmark = pytest.mark.django_db(transaction=True)
PATCH = "application/json"


def inventory(identifier: str, spec: str, *, party: str = "acme", state: str = "active") -> None:
    body = {"serviceSpecification": {"id": spec, "name": spec}}
    Service.objects.create(id=identifier, party=party, state=state, specification_id=spec, name=spec, body=body)


def nested(*items: Json) -> Json:
    return item("1", "Plain", serviceOrderItem=[*items])


def existing(action: str, service: str) -> Json:
    return {"id": "1", "action": action, "service": {"id": service}}


def relates(item_id: str) -> list[Json]:
    return [{"relationshipType": "reliesOn", "orderItem": {"itemId": item_id}}]


SPEED = {"name": "speed", "valueType": "integer", "characteristicValueSpecification": [{"valueFrom": 1, "valueTo": 10}]}
CODE = {"name": "code", "regex": "[A-Z]{3}", "maxCardinality": 2, "isUnique": True}
MUST = {"name": "must", "minCardinality": 1}
FIRST = "serviceOrderItem[0].service"
VALUE = f"{FIRST}.serviceCharacteristic"

# what is ordered → the code, where, and a part of the cause
REFUSED: dict[str, tuple[Json, str, str, str]] = {
    "unknown specification": (item("1", "Nix"), "specificationNotFound", f"{FIRST}.serviceSpecification.id", "'Nix'"),
    "unknown by id, name and version": (
        item("1", "Nix", service={"serviceSpecification": {"id": "Nix", "name": "Plain", "version": "9.9"}}),
        "specificationNotFound",
        f"{FIRST}.serviceSpecification.id",
        "'Nix'",
    ),
    "known by name alone": (
        item("1", "Nix", service={"serviceSpecification": {"id": "Nix", "name": "Plain"}}),
        "specificationNotFound",
        f"{FIRST}.serviceSpecification.id",
        "'Nix'",
    ),
    "no specification": (
        {"id": "1", "action": "add", "service": {"name": "x"}},
        "specificationMissing",
        f"{FIRST}.serviceSpecification",
        "needs its specification",
    ),
    "not orderable": (item("1", "Draft"), "specificationNotOrderable", f"{FIRST}.serviceSpecification", "In Design"),
    "characteristic's name": (
        item("1", "Plain", values={"x": 1, "must": 1}),
        "invalidCharacteristic",
        f"{VALUE}[x]",
        "no characteristic of this name",
    ),
    "characteristic's type": (
        item("1", "Plain", values={"speed": "fast", "must": 1}),
        "invalidCharacteristic",
        f"{VALUE}[speed]",
        "integer",
    ),
    "characteristic's range": (
        item("1", "Plain", values={"speed": 11, "must": 1}),
        "invalidCharacteristic",
        f"{VALUE}[speed]",
        "1 to 10",
    ),
    "characteristic's pattern": (
        item("1", "Plain", values={"code": "abc", "must": 1}),
        "invalidCharacteristic",
        f"{VALUE}[code]",
        "[A-Z]{3}",
    ),
    "characteristic's cardinality": (
        item("1", "Plain", values={"code": ["ABC", "DEF", "GHI"], "must": 1}),
        "invalidCharacteristic",
        f"{VALUE}[code]",
        "0 to 2 values",
    ),
    "characteristic not unique": (
        item("1", "Plain", values={"code": ["ABC", "ABC"], "must": 1}),
        "invalidCharacteristic",
        f"{VALUE}[code]",
        "once",
    ),
    "part's characteristic missing": (item("1", "Whole"), "invalidCharacteristic", f"{VALUE}[must]", "'Plain'"),
    "unknown service to modify": (existing("modify", "nobody"), "serviceNotFound", f"{FIRST}.id", "'nobody'"),
    "unknown service to delete": (existing("delete", "nobody"), "serviceNotFound", f"{FIRST}.id", "'nobody'"),
    "unknown service unchanged": (existing("noChange", "nobody"), "serviceNotFound", f"{FIRST}.id", "'nobody'"),
    "another party's service": (existing("delete", "theirs"), "serviceNotFound", f"{FIRST}.id", "'theirs'"),
    "another party's id": (
        item("1", "Easy", service={"id": "theirs"}),
        "serviceExists",
        f"{FIRST}.id",
        "theirs exists already",
    ),
    "ended service": (existing("modify", "ended"), "illegalState", f"{FIRST}.state", "terminated"),
    "illegal state": (
        item("1", "Easy", service={"state": "terminated"}),
        "illegalState",
        f"{FIRST}.state",
        "terminated",
    ),
    "made of itself": (item("1", "Self"), "specificationCycle", f"{FIRST}.serviceSpecification", "made of itself"),
    "made of each other": (item("1", "Round"), "specificationCycle", f"{FIRST}.serviceSpecification", "made of itself"),
    "part is lost": (item("1", "Broken"), "specificationNotFound", f"{FIRST}.serviceSpecification", "Lost"),
    "nested item": (
        item("1", "Easy", serviceOrderItem=[item("1.1", "Easy"), item("1.2", "Nix")]),
        "specificationNotFound",
        "serviceOrderItem[0].serviceOrderItem[1].service.serviceSpecification.id",
        "'Nix'",
    ),
}


@pytest.fixture
def catalogue(target: Target) -> None:
    specification("Easy")
    specification("Plain", specCharacteristic=[SPEED, CODE, MUST])
    specification("Whole", parts=("Plain",))
    specification("Draft", status="In Design")
    specification("Self", parts=("Self",))
    specification("Round", parts=("Trip",))
    specification("Trip", parts=("Round",))
    specification("Broken", parts=("Lost",))
    inventory("theirs", "Easy", party="other")
    inventory("ended", "Easy", state="terminated")


def nothing_was_done(ledger: Ledger, services: int) -> None:
    assert (Step.objects.count(), FulfilmentItem.objects.count(), StepLink.objects.count()) == (0, 0, 0)
    assert (Service.objects.count(), ledger.applied) == (services, [])
    assert Service.objects.exclude(revision=1).count() == 0
    assert Event.objects.filter(resource="service").count() == 0


def test_it_rejects_what_cannot_be_fulfilled_and_says_where_and_why(
    catalogue: None, bss: Client, ledger: Ledger, subtests: Any
) -> None:
    placed = {name: place(bss, wanted) for name, (wanted, *_) in REFUSED.items()}
    work()
    for name, (_, code, path, cause) in REFUSED.items():
        with subtests.test(name):
            order = shown(bss, placed[name])
            assert order["state"] == "rejected"
            [error] = order["errorMessage"]
            where, _, why = error["message"].partition(": ")
            assert (error["code"], where, cause in why) == (code, path, True), error
            assert {entry["state"] for entry in _all_items(order)} == {"rejected"}
            [told] = [entry["errorMessage"] for entry in _all_items(order) if "errorMessage" in entry]
            assert told == [error], "the item at fault says why, and no other"
            assert not {"startDate", "completionDate", "expectedCompletionDate"} & order.keys()
            events = Event.objects.filter(resource_id=placed[name]).order_by("sequence")
            assert [(e.type, e.sequence, e.payload["state"]) for e in events] == [
                ("ServiceOrderCreateEvent", 1, "acknowledged"),
                ("ServiceOrderStateChangeEvent", 2, "rejected"),
            ]
            assert events[1].payload["errorMessage"] == [error]
            assert Plan.objects.get(order=placed[name]).state == "refused"
            story = JournalEntry.objects.filter(order_id=placed[name])
            assert set(story.values_list("entity", "before", "after")) == {
                ("ServiceOrder", "acknowledged", "rejected"),
                ("ServiceOrderItem", "acknowledged", "rejected"),
                ("Plan", "owed", "refused"),
            }
    nothing_was_done(ledger, services=2)
    assert Event.objects.count() == 2 * len(REFUSED)


def _all_items(order: Json) -> list[Json]:
    found = [*order["serviceOrderItem"]]
    for entry in found:
        found += entry.get("serviceOrderItem", [])
    return found


def test_it_rejects_items_that_wait_for_each_other(catalogue: None, bss: Client, ledger: Ledger) -> None:
    inner = item("1.1", "Easy", serviceOrderItemRelationship=relates("1"))
    order_id = place(bss, item("1", "Easy", serviceOrderItem=[inner]), item("2", "Easy"))
    work()
    order = shown(bss, order_id)
    assert order["state"] == "rejected"
    assert [error["code"] for error in order["errorMessage"]] == ["cycle", "cycle"]
    assert [error["message"].split(": ")[0] for error in order["errorMessage"]] == [
        "serviceOrderItem[0].serviceOrderItemRelationship",
        "serviceOrderItem[0].serviceOrderItem[0].serviceOrderItemRelationship",
    ]
    assert "errorMessage" not in order["serviceOrderItem"][1]
    nothing_was_done(ledger, services=2)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"SPEC_MAX_DEPTH": 2}, "largest depth"),
        ({"PLAN_MAX_STEPS": 2}, "largest size"),
        ({"PLAN_MAX_STEPS": 5}, "6 steps"),
    ],
)
def test_it_rejects_what_would_be_too_large(
    target: Target, bss: Client, ledger: Ledger, settings: Any, limit: dict[str, int], told: str
) -> None:
    specification("C")
    specification("B", parts=("C",))
    specification("A", parts=("B",))
    definition("A", *({"key": f"k{n}", "target": "lab"} for n in range(4)))
    settings.ENV = settings.ENV.model_copy(update=limit)
    order_id = place(bss, item("1", "A"))
    work()
    order = shown(bss, order_id)
    assert order["state"] == "rejected"
    assert {error["code"] for error in order["errorMessage"]} == {"tooLarge"}
    assert told in order["errorMessage"][0]["message"]
    nothing_was_done(ledger, services=0)


def test_it_finds_a_specification_by_name_and_version_where_its_id_is_unknown(catalogue: None, fulfil: Fulfil) -> None:
    theirs = {"id": "known elsewhere", "name": "Easy", "version": "1.0"}
    order = fulfil(item("1", "", service={"serviceSpecification": theirs}))
    assert order["state"] == "completed"
    assert Service.objects.get(order_id=order["id"]).body["serviceSpecification"]["id"] == "Easy"


def test_it_answers_the_post_before_it_judges(catalogue: None, bss: Client) -> None:
    body = {"serviceOrderItem": [item("1", "Nix")]}
    answer = bss.post(ORDERS, body, PATCH)
    assert (answer.status_code, answer.json()["state"]) == (201, "acknowledged")


# -- an order held before it was judged -----------------------------------------------------


def test_it_fails_an_order_that_was_held_and_resumed_before_it_was_found_wrong(catalogue: None, bss: Client) -> None:
    order_id = place(bss, item("1", "Easy", serviceOrderItem=[item("1.1", "Nix")]), item("2", "Easy"))
    for state in ("held", "inProgress"):
        assert bss.patch(f"{ORDERS}/{order_id}", {"state": state}, PATCH).status_code == 200
    work()
    order = shown(bss, order_id)
    assert (order["state"], {entry["state"] for entry in _all_items(order)}) == ("failed", {"failed"})
    assert [error["code"] for error in order["errorMessage"]] == ["specificationNotFound"]
    states = Event.objects.filter(resource_id=order_id).order_by("sequence").values_list("payload__state", flat=True)
    assert [*states] == ["acknowledged", "held", "inProgress", "failed"]
    assert Fallout.objects.count() == 0


# -- a plan that cannot be made -------------------------------------------------------------


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`crash(order_id)`: planning this order raises, until `crash("")`."""
    bad = [""]

    def planned(work: Any, order: Json, *args: Any, **kwargs: Any) -> Any:
        if order["order"]["id"] == bad[0]:
            raise RuntimeError("a bug")
        return plan(work, order, *args, **kwargs)

    monkeypatch.setattr(intake, "plan", planned)
    return lambda order_id: bad.__setitem__(0, order_id)


def work_through_time(rounds: int) -> None:
    for _ in range(rounds):
        Plan.objects.filter(state="owed").update(due_at=Now())
        work()


def test_it_harms_no_other_order_when_one_cannot_be_planned(
    catalogue: None, bss: Client, ledger: Ledger, crash: Callable[[str], None]
) -> None:
    bad, *good = (place(bss, item("1", "Easy")) for _ in range(4))
    crash(bad)
    work()
    assert [state_of(order_id) for order_id in good] == ["completed"] * 3
    owed = Plan.objects.get(order=bad)
    assert (state_of(bad), owed.state, owed.attempts, owed.lease_until) == ("acknowledged", "owed", 1, None)
    assert (owed.due_at - owed.created_at).total_seconds() > 1, "it is tried again later"
    assert Fallout.objects.count() == 0
    crash("")
    work_through_time(1)
    assert state_of(bad) == "completed"
    assert len(ledger.applied) == 4


def test_it_holds_an_order_that_cannot_be_planned_until_a_person_retries(
    catalogue: None, bss: Client, ledger: Ledger, crash: Callable[[str], None]
) -> None:
    order_id = place(bss, item("1", "Easy", serviceOrderItem=[item("1.1", "Easy")]))
    crash(order_id)
    work_through_time(MAX_ATTEMPTS + 3)
    fell = Fallout.objects.get()
    assert (fell.category, fell.code, fell.step, fell.state) == ("bug", "planning", None, "open")
    order = shown(bss, order_id)
    assert (order["state"], {entry["state"] for entry in _all_items(order)}) == ("held", {"held"})
    assert "5 attempts" in order["serviceOrderItem"][0]["errorMessage"][0]["message"]
    assert Plan.objects.get().attempts == MAX_ATTEMPTS
    nothing_was_done(ledger, services=2)
    crash("")
    fallout_retry(fallout_id=fell.pk, actor="olga", reason="mended")
    work()
    order = shown(bss, order_id)
    assert order["state"] == "completed"
    assert all("errorMessage" not in entry for entry in _all_items(order))
    assert (Fallout.objects.get().state, Plan.objects.get().error) == ("resolved", "")


def test_it_falls_out_again_when_the_retry_does_not_help(
    catalogue: None, bss: Client, crash: Callable[[str], None]
) -> None:
    order_id = place(bss, item("1", "Easy"))
    crash(order_id)
    work_through_time(MAX_ATTEMPTS)
    fallout_retry(fallout_id=Fallout.objects.get().pk, actor="olga", reason="")
    work_through_time(MAX_ATTEMPTS + 2)
    assert [*Fallout.objects.order_by("id").values_list("state", flat=True)] == ["resolved", "open"]
    assert state_of(order_id) == "held"


def test_it_fails_an_order_that_is_found_wrong_after_it_was_held(
    catalogue: None, bss: Client, crash: Callable[[str], None]
) -> None:
    order_id = place(bss, item("1", "Nix"))
    crash(order_id)
    work_through_time(MAX_ATTEMPTS)
    crash("")
    fallout_retry(fallout_id=Fallout.objects.get().pk, actor="olga", reason="")
    work()
    assert (state_of(order_id), Plan.objects.get().state) == ("failed", "refused")
    assert ServiceOrder.objects.get().errors[0]["code"] == "specificationNotFound"


def test_it_does_not_try_an_order_again_that_ended_every_process_that_tried(
    catalogue: None, bss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is killed over a plan cannot count it as failed: the claim counts before it tries."""
    poison, other = place(bss, item("1", "Easy")), place(bss, item("1", "Easy"))
    dispatch_due()
    Plan.objects.filter(order=poison).update(attempts=MAX_ATTEMPTS, lease_until="2020-01-01T00:00:00Z")
    tried: list[str] = []

    def planned(drafted: Any, order: Json, *args: Any, **kwargs: Any) -> Any:
        tried.append(order["order"]["id"])
        return plan(drafted, order, *args, **kwargs)

    monkeypatch.setattr(intake, "plan", planned)
    work()
    assert tried == [other]
    assert (state_of(poison), state_of(other)) == ("held", "completed")
    assert Fallout.objects.get().order_id == poison


def test_it_makes_the_other_plans_even_when_a_fallout_cannot_be_written(
    catalogue: None, bss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, other = place(bss, item("1", "Easy")), place(bss, item("1", "Easy"))
    dispatch_due()
    Plan.objects.filter(order=poison).update(attempts=MAX_ATTEMPTS)

    def broken(owed: Plan) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(fallout, "plan_fall_out", broken)
        work()
    assert (state_of(poison), state_of(other)) == ("acknowledged", "completed")
    Plan.objects.filter(order=poison).update(lease_until="2020-01-01T00:00:00Z")
    work()
    assert (state_of(poison), Fallout.objects.get().order_id) == ("held", poison)


# -- rivals ---------------------------------------------------------------------------------


def planned_once(order_ids: list[str]) -> None:
    assert sorted(Plan.objects.values_list("order_id", flat=True)) == sorted(order_ids)
    assert {*Plan.objects.values_list("state", flat=True)} == {"active"}
    assert Step.objects.count() == FulfilmentItem.objects.count() == len(order_ids)
    assert Event.objects.filter(type="ServiceOrderStateChangeEvent").count() == len(order_ids)


def test_it_makes_one_plan_when_two_intakes_run_at_once(catalogue: None, bss: Client) -> None:
    order_ids = [place(bss, item("1", "Easy")) for _ in range(6)]
    dispatch_due()
    at_once(decompose_due, decompose_due)
    planned_once(order_ids)
    assert {*Plan.objects.values_list("attempts", flat=True)} == {1}


def test_it_discards_its_work_when_a_rival_took_the_claim_over(catalogue: None, bss: Client) -> None:
    """The lease ran out while this process slept; another one made the plan in the meantime."""
    order_ids = [place(bss, item("1", "Easy"))]
    dispatch_due()

    def take_over() -> None:
        Plan.objects.update(lease_until="2020-01-01T00:00:00Z")
        decompose_due()

    with rival_before("orchestrator.intake._make_together", take_over):
        decompose_due()
    planned_once(order_ids)
    assert Plan.objects.get().attempts == 2


def test_it_owes_an_order_one_plan_however_often_its_event_comes(catalogue: None, bss: Client) -> None:
    order_ids = [place(bss, item("1", "Easy"))]
    dispatch_due()
    decompose_due()
    Event.objects.filter(type="ServiceOrderCreateEvent").update(dispatched_at=None)
    dispatch_due()
    decompose_due()
    planned_once(order_ids)


# -- what it costs --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted", [item("1", "CFS", values={"speed": 5}), item("1", "Nix")], ids=["planned", "rejected"]
)
def test_it_asks_the_database_as_often_for_twenty_orders_as_for_five(target: Target, wanted: Json) -> None:
    specification("Part", specCharacteristic=[SPEED])
    specification("CFS", parts=("Part",), specCharacteristic=[SPEED])
    definition("Part", {"key": "a", "target": "lab"}, {"key": "b", "target": "lab", "after": ["a"]})
    clients = [client_of("one"), client_of("two"), client_of("three"), client_of("four")]
    counted = []
    for count in (5, 20):
        for number in range(count):
            place(clients[number % 4], wanted)
        dispatch_due()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            decompose_due()
        counted.append(len(queries))
        assert not Plan.objects.filter(state="owed").exists()
    assert counted[0] == counted[1]


def test_the_engine_hears_of_many_orders_with_the_queries_of_one(target: Target, bss: Client) -> None:
    specification("Line")

    def told(orders: int) -> int:
        for _ in range(orders):
            place(bss, item("1", "Line"))
        with CaptureQueriesContext(connection) as queries:
            assert dispatch_due() == orders
        work()
        return len(queries)

    assert told(1) == told(12)


def test_a_plan_that_ends_its_process_again_and_again_falls_out_alone(
    target: Target, bss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    specification("Line")
    poison, *others = (place(bss, item("1", "Line")) for _ in range(4))
    dispatch_due()
    pure = decompose

    class Killed(BaseException):
        pass

    def kills(items: Any, *args: Any) -> Any:
        if ServiceOrder.objects.get(items=items[0].pk).pk == poison:
            raise Killed
        return pure(items, *args)

    monkeypatch.setattr(intake, "decompose", kills)
    for _ in range(MAX_ATTEMPTS + 2):
        with suppress(Killed):
            decompose_due()
        Plan.objects.filter(lease_until__isnull=False).update(lease_until="2020-01-01T00:00:00Z")
    assert [state_of(order) for order in others] == ["inProgress"] * 3
    assert (state_of(poison), Fallout.objects.get().order_id) == ("held", poison)


def test_it_claims_no_more_plans_than_one_batch_has(target: Target, bss: Client) -> None:
    specification("Line")
    for _ in range(4):
        place(bss, item("1", "Line"))
    dispatch_due()
    assert [len(intake._claim(0.0, Q(), most)) for most in (1, 2, 3)] == [1, 2, 1]
