"""How what an order has done is taken back (DESIGN: cancel)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from inventory.models import Service
from orchestrator import plan
from orchestrator.callbacks import answer_receive, signature
from orchestrator.cancel import cancel_due
from orchestrator.connectors.base import Done, OutcomeUnknown, Permanent, Transient
from orchestrator.execute import drive_due
from orchestrator.models import Attempt, Fallout, FulfilmentItem, Plan, Step, Target
from tests.orchestrator.cancelling import (
    ask,
    cancel_of,
    go_on,
    line,
    only_cancel,
    plain,
    states_told,
    step,
    types_told,
)
from tests.orchestrator.conftest import definition, item, place, shown, specification, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_cancel_verdict import cancelled
from tests.orchestrator.test_failures import accepts, pass_time, raises
from tests.rivals import rival_before
from tmf.models import Event, JournalEntry

pytestmark = pytest.mark.django_db(transaction=True)


def answer(key: str) -> None:
    """The target answers all that it has accepted under this key."""
    waiting = Step.objects.filter(key=key, state="accepted")
    assert waiting
    for one in waiting:
        name = one.operation_key
        assert answer_receive(operation_key=name, signed=signature(name), body={"final": True})


def stopped_at(ledger: Ledger, key: str) -> None:
    """The step of this key will be refused: what comes before it has been done then."""
    ledger.scripts[key] = [raises(Permanent("no"))]


def test_it_takes_back_in_reverse_what_was_done(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a"), step("c", after="a"), step("d", after="b c"), step("e", after="d"))
    stopped_at(ledger, "e")
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id, cancellationReason="moved")
    go_on()
    order = cancelled(bss, order_id, task_id)
    done, undone = ledger.names()[:4], ledger.names()[4:]
    assert (done[0], done[3], {*done}) == ("a", "d", {*"abcd"})
    assert (undone[0], undone[3], {*undone}) == ("und", "una", {"una", "unb", "unc", "und"})
    assert order["cancellationReason"] == "moved"
    assert "what 4 steps had done was taken back" in cancel_of(bss, task_id)["completionMessage"]
    assert states_told(order_id)[-3:] == ["assessingCancellation", "pendingCancellation", "cancelled"]
    assert not Service.objects.exists()
    keys = [task.operation_key for task in ledger.applied]
    assert len({*keys}) == 8
    assert [".undo.1" in key for key in keys] == [False] * 4 + [True] * 4
    assert [*Attempt.objects.order_by("id").values_list("verb", flat=True)] == ["apply"] * 5 + ["undo"] * 4


def test_it_terminates_the_services_that_came_to_be(target: Target, bss: Client, ledger: Ledger) -> None:
    """Parts are recorded before the whole is done."""
    specification("Port")
    specification("Line", parts=("Port",))
    definition("Port", step("port"))
    definition("Line", step("line"))
    stopped_at(ledger, "line")
    order_id = place(bss, item("1", "Line"))
    work()
    assert Service.objects.get().state == "active"
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    service = Service.objects.get()
    assert (service.state, service.end_date is not None) == ("terminated", True)
    assert types_told(service.pk) == ["ServiceCreateEvent", "ServiceStateChangeEvent"]
    assert len(service.body["serviceOrderItem"]) == 1
    assert ledger.names() == ["port", "unport"]
    assert {*FulfilmentItem.objects.values_list("state", flat=True)} == {"cancelled"}


def test_it_leaves_a_service_alone_that_is_terminated_or_gone(target: Target, bss: Client, ledger: Ledger) -> None:
    for name in ("Port", "Fan"):
        specification(name)
        definition(name, step(name))
    specification("Line", parts=("Port", "Fan"))
    definition("Line", step("line"))
    stopped_at(ledger, "line")
    order_id = place(bss, item("1", "Line"))
    work()
    Service.objects.filter(specification_id="Port").delete()
    Service.objects.filter(specification_id="Fan").update(state="terminated")
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    assert Service.objects.get().revision == 1


def test_what_cannot_be_taken_back_keeps_the_others_in_order(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), plain("b", after="a"), step("c", after="b"), step("d", after="c"))
    stopped_at(ledger, "d")
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    assert ledger.names()[3:] == ["unc", "una"]
    assert Step.objects.get(key="undo:b").connector == ""


def test_it_shows_the_order_and_its_items_pending_meanwhile(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a"))
    ledger.scripts["b"] = [raises(Permanent("no"))] * 2
    ledger.scripts["una"] = [accepts] * 2
    order_id = place(bss, item("1", "Line"), item("2", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    order = shown(bss, order_id)
    assert order["state"] == "pendingCancellation"
    assert {one["state"] for one in order["serviceOrderItem"]} == {"pendingCancellation"}
    assert cancel_of(bss, task_id)["state"] == "inProgress"
    answer("undo:a")
    go_on()
    cancelled(bss, order_id, task_id)


# -- what is under way ---------------------------------------------------------------------


def test_it_waits_for_what_a_target_has_accepted(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a"))
    ledger.scripts["a"] = [accepts]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    assert shown(bss, order_id)["state"] == "pendingCancellation"
    assert dict(Step.objects.values_list("key", "state")) == {"a": "accepted", "b": "cancelled"}
    answer("a")
    go_on()
    cancelled(bss, order_id, task_id)
    assert ledger.names() == ["a", "una"]
    assert not Service.objects.exists()


def test_a_last_step_that_ends_now_completes_nothing(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"))
    ledger.scripts["a"] = [accepts]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    assert cancel_due() == 1
    answer("a")
    drive_due()
    assert Step.objects.get(key="a").state == "done"
    assert FulfilmentItem.objects.get().state == "open"
    assert shown(bss, order_id)["state"] == "pendingCancellation"
    go_on()
    cancelled(bss, order_id, task_id)
    assert not Service.objects.exists()
    assert "completed" not in states_told(order_id)


def test_a_step_that_ends_while_it_is_judged_is_taken_back(target: Target, bss: Client, ledger: Ledger) -> None:
    """The rival settles between the judgement and the taking back."""
    line(step("a"), step("b", after="a"))
    ledger.scripts["a"] = [accepts]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)

    def end() -> None:
        answer("a")
        drive_due()

    with rival_before("orchestrator.cancel._due", end, after=1):
        go_on()
    cancelled(bss, order_id, task_id)
    assert ledger.names() == ["a", "una"]


def test_what_is_refused_meanwhile_needs_no_repair(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"))
    ledger.scripts["a"] = [accepts]
    ledger.looks = [raises(Permanent("it failed"))]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    cancel_due()
    pass_time()
    go_on()
    order = cancelled(bss, order_id, task_id)
    assert not Fallout.objects.exists()
    assert "errorMessage" not in order["serviceOrderItem"][0]
    assert ledger.names() == ["a"]


def test_what_would_be_tried_again_meanwhile_is_not(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", retry={"attempts": 9, "backoff": 3600}))
    ledger.scripts["a"] = [accepts]
    ledger.scripts["b"] = [raises(Transient("busy"))]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    cancel_due()
    pass_time()
    go_on()
    assert ledger.names() == ["a"]
    answer("a")
    go_on()
    cancelled(bss, order_id, task_id)
    assert ledger.names() == ["a", "una"]


def test_after_its_grace_what_is_accepted_is_taken_back_too(
    target: Target, bss: Client, ledger: Ledger, settings: Any
) -> None:
    settings.ENV = settings.ENV.model_copy(update={"CANCEL_GRACE_SECONDS": 3600})
    line(step("a"))
    ledger.scripts["a"] = [accepts]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    assert ledger.names() == ["a"]
    Plan.objects.update(grace_until=Now())
    go_on()
    cancelled(bss, order_id, task_id)
    assert ledger.names() == ["a", "una"]
    first = Step.objects.get(key="a")
    assert (first.state, first.in_doubt) == ("cancelled", True)


@pytest.mark.parametrize(
    ("failure", "undone"),
    [
        (OutcomeUnknown("connection lost"), True),
        (Transient("broken", in_doubt=True), True),
        (Transient("busy"), False),
        (Permanent("no"), False),
        (KeyError("oops"), True),
    ],
    ids=["unknown", "in doubt", "declined", "refused", "bug"],
)
def test_what_may_have_been_done_is_taken_back(
    target: Target, bss: Client, ledger: Ledger, failure: Exception, undone: bool
) -> None:
    line(step("a", retry={"attempts": 2, "backoff": 3600}))
    ledger.scripts["a"] = [raises(failure)]
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    assert ledger.names() == (["una"] if undone else [])


def test_what_was_done_without_its_outputs_is_taken_back(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a", outputs={"port": "answer.nothing"}))
    order_id = place(bss, item("1", "Line"))
    work()
    assert Fallout.objects.get().code == "outputs"
    ask(bss, order_id)
    go_on()
    assert shown(bss, order_id)["state"] == "cancelled"
    assert ledger.names() == ["a", "una"]


# -- how it is asked for -------------------------------------------------------------------


def test_it_asks_with_the_step_s_own_request_and_its_undo(target: Target, bss: Client, ledger: Ledger) -> None:
    undo = {"request": {"name": "una", "id": "${ service.id }", "port": "${ outputs.a.port }"}}
    line(
        step("z"),
        step("a", after="z", outputs={"port": "answer.port"}, undo=undo, request={"name": "a", "z": "${outputs.z}"}),
        step("b", after="a"),
    )
    ledger.scripts["z"] = [lambda task: Done({"characteristics": {"n": 3}})]
    ledger.scripts["a"] = [lambda task: Done({"port": 17})]
    stopped_at(ledger, "b")
    order_id = place(bss, item("1", "Line"))
    work()
    ask(bss, order_id)
    go_on()
    service_id = FulfilmentItem.objects.get().service_id
    undoing = next(task for task in ledger.applied if task.undoing)
    assert undoing.request == {"name": "a", "z": {"n": 3}, "undo": {"name": "una", "id": service_id, "port": 17}}


def test_a_client_s_text_is_no_expression(target: Target, bss: Client, ledger: Ledger) -> None:
    undo = {"request": {"name": "una", "who": "${ service.characteristics.who }", "a": "${ outputs.a.who }"}}
    request = {"name": "a", "who": "${ service.characteristics.who }"}
    line(step("a", request=request, undo=undo, outputs={"who": "answer.echo.who"}), step("b", after="a"))
    stopped_at(ledger, "b")
    evil = "${ service.id }"
    place(bss, item("1", "Line", values={"who": evil}))
    work()
    ask(bss, str(only_order()))
    go_on()
    undoing = next(task for task in ledger.applied if task.undoing)
    assert undoing.request == {"name": "a", "who": evil, "undo": {"name": "una", "who": evil, "a": evil}}


def only_order() -> str:
    return str(Plan.objects.get().order_id)


def test_what_has_no_value_makes_a_fallout(target: Target, bss: Client, ledger: Ledger) -> None:
    """The outcome was lost, and with it the number that taking it back would need."""
    undo = {"request": {"name": "una", "port": "${ outputs.a.port }"}}
    line(step("a", outputs={"port": "answer.port"}, undo=undo))
    ledger.scripts["a"] = [raises(OutcomeUnknown("lost"))]
    order_id = place(bss, item("1", "Line"))
    work()
    ask(bss, order_id)
    go_on()
    fallout = Fallout.objects.get(state="open")
    assert (fallout.category, "cannot be made" in fallout.message) == ("compensation", True)
    assert shown(bss, order_id)["state"] == "held"
    assert ledger.applied == []


def test_it_may_be_taken_back_elsewhere(target: Target, bss: Client, ledger: Ledger) -> None:
    Target.objects.create(name="shop", connector="recorder")
    line(step("a", undo={"request": {"name": "una"}, "target": "shop"}), step("b", after="a"))
    stopped_at(ledger, "b")
    order_id = place(bss, item("1", "Line"))
    work()
    ask(bss, order_id)
    go_on()
    assert shown(bss, order_id)["state"] == "cancelled"
    assert [task.system.name for task in ledger.applied] == ["lab", "shop"]


def test_without_a_definition_the_connector_knows_the_way_back(target: Target, bss: Client, ledger: Ledger) -> None:
    specification("Line")
    order_id = place(bss, item("1", "Line", service={"name": "l"}))
    ledger.scripts["l"] = [accepts]
    work()
    ask(bss, order_id)
    cancel_due()
    answer("activate")
    go_on()
    assert shown(bss, order_id)["state"] == "cancelled"
    done, undone = ledger.applied
    assert (undone.request, undone.undoing) == (done.request, True)


@pytest.mark.parametrize("action", ["modify", "delete"])
def test_without_a_definition_a_service_becomes_again_what_it_was(
    target: Target, bss: Client, ledger: Ledger, action: str
) -> None:
    specification("Line", specCharacteristic=[{"name": "speed"}, {"name": "vlan"}])
    place(bss, item("1", "Line", values={"speed": 1, "vlan": 7}))
    work()
    service = Service.objects.get()
    ledger.clear()
    ledger.scripts[""] = [accepts]
    values = {"speed": 2} if action == "modify" else {}
    order_id = place(bss, item("1", "Line", action, values=values, service={"id": service.pk}))
    work()
    ask(bss, order_id)
    cancel_due()
    answer("activate")
    go_on()
    assert shown(bss, order_id)["state"] == "cancelled"
    undo = ledger.applied[-1].request["undo"]
    if action == "modify":
        assert (undo["method"], undo["id"]) == ("PATCH", service.pk)
        assert undo["service"]["serviceCharacteristic"] == [{"name": "speed", "value": 1}]
    else:
        assert (undo["method"], undo["service"]["id"], undo["service"]["state"]) == ("POST", service.pk, "active")
        assert len(undo["service"]["serviceCharacteristic"]) == 2
    assert Service.objects.get().revision == service.revision


# -- the books -----------------------------------------------------------------------------


def test_it_leaves_a_journal_that_can_be_replayed(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a"))
    stopped_at(ledger, "b")
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()

    def told(entity: str, name: str) -> list[tuple[str, str]]:
        entries = JournalEntry.objects.filter(entity=entity, entity_id=name).order_by("id")
        return [*entries.values_list("before", "after")]

    way = ["held", "assessingCancellation", "pendingCancellation", "cancelled"]
    assert [after for _, after in told("ServiceOrder", order_id)][-3:] == way[1:]
    assert [after for _, after in told("ServiceOrderItem", f"{order_id}/1")][-4:] == way
    assert told("CancelServiceOrder", task_id) == [("accepted", "inProgress"), ("inProgress", "done")]
    plan = str(Plan.objects.get().pk)
    assert told("Plan", plan) == [("owed", "active"), ("active", "cancelling"), ("cancelling", "cancelled")]
    assert told("Step", str(Step.objects.get(key="b").pk))[-1] == ("held", "cancelled")


@pytest.mark.proves("event: StateChange", of="cancelServiceOrder")
def test_every_event_carries_the_state_it_tells_of(target: Target, bss: Client, ledger: Ledger) -> None:
    line(step("a"), step("b", after="a"))
    stopped_at(ledger, "b")
    order_id = place(bss, item("1", "Line"))
    work()
    task_id = ask(bss, order_id)
    go_on()
    events = Event.objects.filter(resource_id=order_id, payload__state="pendingCancellation")
    assert {one["state"] for one in events.get().payload["serviceOrderItem"]} == {"pendingCancellation"}
    assert types_told(task_id) == ["CancelServiceOrderCreateEvent"] + ["CancelServiceOrderStateChangeEvent"] * 2
    assert only_cancel().revision == 3
    assert not Event.objects.filter(dispatched_at=None).exists()


def test_a_joint_between_wide_ends_keeps_the_order_both_ways(
    target: Target, bss: Client, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MOST_LINKS", 1)
    line(step("a"), step("b"))
    specification("Whole", parts=("Line",))
    definition("Whole", step("c"), step("d"), step("e", after="c d"))
    stopped_at(ledger, "e")
    order_id = place(bss, item("1", "Whole"))
    ledger.scripts["b"] = [raises(Transient("busy", retry_after=600))]
    work()
    assert ledger.names() == ["a"]
    pass_time()
    work()
    assert Step.objects.filter(key__startswith="joint:", state="done").count() == 1
    assert (ledger.names()[:2], {*ledger.names()[2:]}) == (["a", "b"], {"c", "d"})
    task_id = ask(bss, order_id)
    go_on()
    cancelled(bss, order_id, task_id)
    undone = ledger.names()[4:]
    assert ({*undone[:2]}, {*undone[2:]}) == ({"unc", "und"}, {"una", "unb"})
