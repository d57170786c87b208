"""Why an order waits: what the rows say, in sentences; and where operators read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orchestrator.callbacks import MANUAL
from orchestrator.console.waiting import waits_for
from orchestrator.console.why import Case, Reason, case_of, reasons
from orchestrator.intake import decompose_due
from orchestrator.models import Fallout, FulfilmentItem, Plan, Step, Target
from ordering.models import CancelServiceOrder, ServiceOrder, ServiceOrderItem
from tests.orchestrator.conftest import ORDERS, Json, definition, item, place, specification, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_admin import refuses, text
from tmf.dispatch import dispatch_due
from tmf.models import Process

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
STEP = "Step activate of item 1 (add Line) waits for "


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def to_come(**span: float) -> datetime:
    return NOW + timedelta(**span)


def order(state: str = "inProgress", **more: Any) -> ServiceOrder:
    return ServiceOrder(id="o", state=state, created_at=ago(minutes=5), **more)


def plan(state: str = "active", **more: Any) -> Plan:
    return Plan(**{"id": 3, "state": state, "due_at": ago(minutes=5), **more})


def step(state: str, *, of: Plan | None = None, **more: Any) -> Step:
    """A step as `with_causes` answers it."""
    known = {name: more.pop(name, None) for name in ("target_paused", "paused_why", "called_at", "accepted_at")}
    node = FulfilmentItem(order_item=ServiceOrderItem(item_id="1"), action="add", specification_name="Line")
    values = {"id": 7, "key": "activate", "target": "lab", "connector": "rest", "due_at": ago(seconds=9), **more}
    made = Step(state=state, plan=of or plan(), item=node, **values)
    for name, value in known.items():
        setattr(made, name, value)
    return made


def told(**known: Any) -> list[str]:
    return [reason.text for reason in reasons(Case(**{"order": order(), "now": NOW, "plan": plan(), **known}))]


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (step("ready"), "a worker, since 2026-11-21 02:59:51"),
        (
            step("ready", attempts=3, due_at=to_come(seconds=40), error={"message": "lab answered 503"}),
            "its next attempt at 2026-11-21 03:00:40, in 40 s; so far 3 failed: lab answered 503",
        ),
        (step("ready", target_paused=True, paused_why="release"), "target lab, which is paused: release"),
        (step("ready", of=plan(paused=True)), "the order, which is on hold"),
        (step("ready", of=plan("cancelling", paused=True)), "nothing: its order is being cancelled"),
        (
            step("running", claim="host-1-ab.7.cd", called_at=ago(seconds=5), lease_until=to_come(seconds=25)),
            "the call that host-1-ab makes to lab since 2026-11-21 02:59:55, for 5 s; "
            "without a word from it another takes over at 2026-11-21 03:00:25",
        ),
        (
            step("accepted", accepted_at=ago(hours=3), answer_by=to_come(hours=1), due_at=to_come(seconds=30)),
            "the answer of lab, until 2026-11-21 04:00:00; accepted 2026-11-21 00:00:00 (3 hours ago); "
            "looked for again in 30 s",
        ),
        (
            step("accepted", accepted_at=ago(hours=3), answer_by=to_come(hours=1), target_paused=True, paused_why="x"),
            "the answer of lab, until 2026-11-21 04:00:00; accepted 2026-11-21 00:00:00 (3 hours ago); "
            "nobody looks for it: the target is paused: x",
        ),
        (
            step("accepted", connector=MANUAL, target="", accepted_at=ago(days=2), answer_by=to_come(days=1)),
            "a person who does it, since 2026-11-19 03:00:00 (2 days ago), until 2026-11-22 03:00:00",
        ),
        (step("held", error={"message": "no port"}), "a person: it fell out: no port"),
        (step("done"), ""),
        (step("cancelled"), ""),
    ],
)
def test_a_step_waits_in_words(waiting: Step, words: str) -> None:
    assert waits_for(waiting, NOW).replace("\xa0", " ") == words


FELL = Fallout(id=9, category="refused", message="no such port.", created_at=ago(seconds=70))
CANCEL = CancelServiceOrder(id="c", state="inProgress", due_at=NOW)
GRACE = plan("cancelling", paused=True, grace_until=to_come(seconds=60))


@pytest.mark.parametrize(
    ("known", "first"),
    [
        ({"order": order("completed", completion_date=ago(hours=1))}, "nothing: it is completed since"),
        ({"order": order("rejected"), "errors": [("2", "no such thing")]}, "nothing: it is rejected."),
        ({"worked_for": False}, "No worker and no sweeper is alive"),
        ({"order": order(requested_completion_date=ago(hours=2))}, "It is late: it was to be completed 2 hours ago"),
        ({"order": order("held", on_hold=True)}, "Its client put it on hold"),
        ({"order": order("pending"), "plan": plan("pending")}, "It waits for its client, who has to supply"),
        ({"plan": None}, "Nobody has begun to plan it since it came 5 minutes ago."),
        ({"plan": plan("owed")}, "It waits for a worker who plans it, since 2026-11-21 02:55:00."),
        ({"plan": plan("owed", due_at=to_come(days=2))}, "It is planned at 2026-11-23 03:00:00, in 2 days."),
        (
            {"plan": plan("owed", due_at=to_come(seconds=8), attempts=3)},
            "It is planned at 2026-11-21 03:00:08, in 8 s; so far 3 attempts failed.",
        ),
        ({"plan": plan("owed", claim="h-1.2", lease_until=to_come(seconds=9))}, "h-1 is planning it."),
        ({"cancel": CANCEL}, "It is being cancelled: what was done is taken back."),
        ({"cancel": CANCEL, "plan": GRACE}, "what is under way is waited for until 2026-11-21 03:01:00 at the latest."),
        ({"cancel": CancelServiceOrder(id="c", state="accepted", due_at=NOW)}, "which is judged next."),
        (
            {"cancel": CancelServiceOrder(id="c", state="accepted", due_at=to_come(seconds=50))},
            "which is judged at 2026-11-21 03:00:50, in 50 s.",
        ),
        ({"steps": [step("ready")], "counts": {"ready": 1}}, f"{STEP}a worker, since"),
        ({}, "Nothing is known that it waits for"),
    ],
)
def test_an_order_waits_in_words(known: Json, first: str) -> None:
    assert first in told(**known)[0].replace("\xa0", " ")


def test_it_tells_the_gravest_first_and_counts_the_rest() -> None:
    fell = Fallout(id=8, category="bug", message="no plan", created_at=ago(seconds=5))
    fell.step = step("held")
    counts = {"ready": 3, "running": 1, "waiting": 40, "done": 7}
    known = {"fallouts": [fell, FELL], "fallen": 5, "steps": [step("ready")], "counts": counts, "worked_for": False}
    assert told(**known) == [
        "No worker and no sweeper is alive: nothing goes on until one is started.",
        "Step activate of item 1 (add Line) fell out 5 s ago: no plan. It waits for a retry; "
        "who can mend the cause: the developers.",
        "The plan fell out 70 s ago: no such port. It waits for a retry; "
        "who can mend the cause: whoever ordered, or the target's owner.",
        "3 more fell out.",
        f"{STEP}a worker, since 2026-11-21 02:59:51.",
        "3 more may go on or are under way.",
        "To follow when what is before has been done: 40 steps.",
    ]


@pytest.mark.parametrize(
    ("waiting", "page"),
    [
        (step("accepted", connector=MANUAL), ("orchestrator_manualtask", 7)),
        (step("ready", target_paused=True), ("orchestrator_target", "lab")),
        (step("ready"), ("orchestrator_step", 7)),
    ],
)
def test_it_leads_to_where_something_can_be_done(waiting: Step, page: tuple[str, Any]) -> None:
    [reason] = reasons(Case(order=order(), now=NOW, plan=plan(), steps=[waiting]))
    assert (reason.page, reason.key) == page


def test_it_tells_what_is_wrong_with_which_item() -> None:
    errors = [("", "the order"), *((str(n), "lacks a vlan") for n in range(11))]
    said = told(order=order("pending"), plan=plan("pending"), errors=errors)
    assert said[1:3] == ["the order", "Item 0: lacks a vlan"]
    assert said[-1] == "2 more errors stand with the items."


# -- from the database, and on the pages ----------------------------------------------------


@pytest.fixture
def olga(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    return client


@pytest.fixture
def _engine(db: None) -> None:
    Process.objects.create(id="w", kind="worker")


def of(order_id: str) -> list[Reason]:
    return reasons(case_of(ServiceOrder.objects.get(pk=order_id)))


@pytest.mark.django_db
@pytest.mark.usefixtures("_engine")
def test_the_order_and_its_plan_answer_the_question(target: Target, bss: Client, ledger: Ledger, olga: Client) -> None:
    specification("Line")
    definition("Line", {"key": "activate", "target": "lab", "request": {"name": "a"}})
    ledger.scripts["a"] = [refuses]
    order_id = place(bss, item("7", "Line"))
    [reason] = of(order_id)
    assert reason.text.startswith("Nobody has begun to plan it since it came ")
    work()
    [reason] = of(order_id)
    assert reason.text.startswith("Step activate of item 7 (add Line) fell out ")
    assert " ago: no such port. It waits for a retry" in reason.text
    assert (reason.page, reason.key) == ("orchestrator_fallout", Fallout.objects.get().pk)
    made = Plan.objects.get()
    for page in (f"ordering/serviceorder/{order_id}", f"orchestrator/plan/{made.pk}"):
        seen = text(olga.get(f"/admin/{page}/change/"))
        assert " ago: no such port. It waits for a retry" in seen
        assert f'href="/admin/orchestrator/fallout/{reason.key}/change/"' in seen
    assert f'href="/admin/orchestrator/plan/{made.pk}/change/"' in text(
        olga.get(f"/admin/ordering/serviceorder/{order_id}/change/")
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_engine")
def test_it_finds_hold_and_cancellation(target: Target, bss: Client) -> None:
    specification("Line")
    definition("Line", {"key": "activate", "target": "lab", "request": {}})
    order_id = place(bss, item("1", "Line"))
    dispatch_due()
    decompose_due()
    assert bss.patch(f"{ORDERS}/{order_id}", {"state": "held"}, "application/json").status_code == 200
    dispatch_due()
    assert [reason.text for reason in of(order_id)] == [
        "Its client put it on hold: no step is begun until the client lets it go on.",
        f"{STEP}the order, which is on hold.",
    ]
    CancelServiceOrder.objects.create(order_id=order_id, party="acme", id="c")
    assert of(order_id)[0] == Reason(
        "Its client asked to cancel it, which is judged next.", "ordering_cancelserviceorder", "c"
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_engine")
def test_it_asks_as_often_for_a_hundred_steps_as_for_one(target: Target, bss: Client, olga: Client) -> None:
    target.state = Target.State.PAUSED
    target.save()
    counted = []
    for count in (1, 100):
        name = f"Line{count}"
        specification(name)
        definition(name, *({"key": f"s{n}", "target": "lab", "request": {}} for n in range(count)))
        order_id = place(bss, item("1", name))
        work()
        assert Step.objects.filter(order_id=order_id, state="ready").count() == count
        page = f"/admin/ordering/serviceorder/{order_id}/change/"
        olga.get(page)  # Django remembers content types from then on
        with CaptureQueriesContext(connection) as queries:
            seen = text(olga.get(page))
        counted.append(len(queries))
        assert "target lab, which is paused" in seen
    assert "90 more may go on or are under way." in seen
    assert counted[0] == counted[1]
    assert counted[0] < 25
