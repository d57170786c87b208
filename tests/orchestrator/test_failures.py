"""What the engine does when a target fails, refuses, says nothing, or answers later."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from inventory.models import Service
from orchestrator import bulkheads
from orchestrator.callbacks import answer_receive, signature
from orchestrator.connectors.base import Accepted, Done, OutcomeUnknown, Permanent, Task, Transient
from orchestrator.fallout import fallout_retry
from orchestrator.models import Answer, Attempt, Fallout, Step, Target
from tests.orchestrator.conftest import definition, item, place, shown, specification, work
from tests.orchestrator.recorder import Behaviour, Ledger
from tmf.errors import Conflict, NotFound
from tmf.models import Event, JournalEntry

Fulfil = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db(transaction=True)
LATER = {"attempts": 3, "backoff": 60}  # not before the test lets time pass


def raises(error: Exception) -> Behaviour:
    def behave(task: Task) -> Done:
        raise error

    return behave


def accepts(task: Task) -> Accepted:
    return Accepted("monitor-1")


def one_step(**more: Any) -> None:
    specification("Line")
    definition("Line", {"key": "activate", "target": "lab", "request": {"name": "a"}, "retry": LATER, **more})


def pass_time() -> None:
    """Whatever waits for a moment is due now."""
    Step.objects.filter(state__in=["ready", "accepted"]).update(due_at=Now())


def work_through_time() -> None:
    for _ in range(6):
        pass_time()
        work()


def test_it_tries_a_transient_failure_again_with_the_same_key(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Transient("busy")), raises(Transient("busy"))]
    order = fulfil(item("1", "Line"))
    assert order["state"] == "inProgress"
    work_through_time()
    attempts = Attempt.objects.order_by("id")
    assert [a.outcome for a in attempts] == ["transient", "transient", "done"]
    assert len({a.operation_key for a in attempts}) == 1
    assert Step.objects.get().state == "done"


def test_it_waits_as_long_as_the_target_asks(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Transient("busy", retry_after=300))]
    fulfil(item("1", "Line"))
    step = Step.objects.get()
    assert (step.due_at - Attempt.objects.get().started_at).total_seconds() > 299


def test_it_makes_a_fallout_when_the_attempts_are_used_up(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Transient("busy"))] * 3
    order_id = fulfil(item("1", "Line"))["id"]
    work_through_time()
    fallout = Fallout.objects.get()
    assert (fallout.category, fallout.state, fallout.message, fallout.target) == ("transient", "open", "busy", "lab")
    assert Step.objects.get().state == "held"
    assert ledger.applied == []
    assert Attempt.objects.count() == 3
    assert Event.objects.filter(resource_id=order_id).order_by("-sequence").first().payload["state"] == "held"  # type: ignore[union-attr]


def test_it_shows_a_held_item_with_its_cause(target: Target, bss: Client, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Permanent("no such port", code="noPort"))]
    order_id = place(bss, item("1", "Line"))
    work()
    order = shown(bss, order_id)
    assert order["state"] == "held"
    [error] = order["serviceOrderItem"][0]["errorMessage"]
    assert (error["code"], error["message"]) == ("noPort", "step activate: no such port")
    assert Attempt.objects.get().outcome == "permanent"
    assert not Service.objects.exists()


def test_it_goes_on_after_an_operator_retries(target: Target, bss: Client, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Permanent("no such port"))]
    order_id = place(bss, item("1", "Line"))
    work()
    fallout_retry(fallout_id=Fallout.objects.get().pk, actor="olga", reason="port added")
    work()
    order = shown(bss, order_id)
    assert order["state"] == "completed"
    assert "errorMessage" not in order["serviceOrderItem"][0]
    fallout = Fallout.objects.get()
    assert (fallout.state, fallout.resolved_by, fallout.resolution) == ("resolved", "olga", "port added")
    first, second = Attempt.objects.order_by("id")
    assert first.operation_key != second.operation_key  # a refusal is asked anew


def test_it_resumes_an_item_only_when_none_of_its_steps_is_held(target: Target, bss: Client, ledger: Ledger) -> None:
    specification("Line")
    definition("Line", *({"key": k, "target": "lab", "request": {"name": k}} for k in ("a", "b")))
    ledger.scripts["a"] = [raises(Permanent("no"))]
    ledger.scripts["b"] = [raises(Permanent("no"))]
    order_id = place(bss, item("1", "Line"))
    work()
    first, second = Fallout.objects.order_by("id")
    fallout_retry(fallout_id=first.pk, actor="olga", reason="")
    assert shown(bss, order_id)["state"] == "held"
    work()
    assert shown(bss, order_id)["state"] == "held"
    fallout_retry(fallout_id=second.pk, actor="olga", reason="")
    work()
    assert shown(bss, order_id)["state"] == "completed"


def test_it_refuses_to_retry_what_is_resolved_or_unknown(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Permanent("no"))]
    fulfil(item("1", "Line"))
    pk = Fallout.objects.get().pk
    fallout_retry(fallout_id=pk, actor="olga", reason="")
    with pytest.raises(Conflict):
        fallout_retry(fallout_id=pk, actor="olga", reason="")
    with pytest.raises(NotFound):
        fallout_retry(fallout_id=pk + 1, actor="olga", reason="")
    assert Step.objects.get().state == "ready"


@pytest.mark.parametrize("delivery", ["idempotent", "queryable"])
def test_it_repeats_an_unknown_outcome_where_that_is_safe(
    target: Target, fulfil: Fulfil, ledger: Ledger, delivery: str
) -> None:
    Target.objects.update(delivery=delivery)
    one_step()
    ledger.scripts["a"] = [raises(OutcomeUnknown("connection lost"))]
    fulfil(item("1", "Line"))
    work_through_time()
    assert Step.objects.get().state == "done"
    assert len({*ledger.keys}) == 1
    assert len(ledger.looked_up) == (1 if delivery == "queryable" else 0)


def test_it_does_not_repeat_what_a_queryable_target_has_done(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    Target.objects.update(delivery="queryable")
    one_step()
    ledger.scripts["a"] = [raises(OutcomeUnknown("connection lost"))]
    ledger.looks = [lambda task: Done({})]
    fulfil(item("1", "Line"))
    work_through_time()
    assert Step.objects.get().state == "done"
    assert ledger.applied == []


def test_it_asks_a_person_when_an_at_most_once_target_may_have_acted(
    target: Target, fulfil: Fulfil, ledger: Ledger
) -> None:
    Target.objects.update(delivery="at_most_once")
    one_step()
    ledger.scripts["a"] = [raises(OutcomeUnknown("connection lost"))]
    fulfil(item("1", "Line"))
    work_through_time()
    assert Fallout.objects.get().category == "unknown_outcome"
    assert Step.objects.get().state == "held"
    assert Attempt.objects.get().outcome == "unknown"


def test_it_keeps_the_key_when_an_unknown_outcome_is_retried(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    Target.objects.update(delivery="at_most_once")
    one_step()
    ledger.scripts["a"] = [raises(OutcomeUnknown("connection lost"))]
    fulfil(item("1", "Line"))
    fallout_retry(fallout_id=Fallout.objects.get().pk, actor="olga", reason="not done")
    work()
    assert Step.objects.get().state == "done"
    assert len({*Attempt.objects.values_list("operation_key", flat=True)}) == 1


def test_it_makes_a_connectors_bug_a_fallout(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(KeyError("oops"))]
    fulfil(item("1", "Line"))
    assert (Fallout.objects.get().category, Fallout.objects.get().code) == ("bug", "bug")


def test_it_makes_a_missing_target_a_fallout_of_configuration(bss: Client, ledger: Ledger) -> None:
    specification("Line")
    definition("Line", {"key": "a", "target": "nowhere", "request": {}})
    order_id = place(bss, item("1", "Line"))
    work()
    assert Fallout.objects.get().category == "configuration"
    assert "nowhere" in Fallout.objects.get().message
    assert shown(bss, order_id)["state"] == "held"


def test_it_makes_an_expression_without_value_a_fallout_of_data(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    specification("Line")
    definition("Line", {"key": "a", "target": "lab", "request": {"speed": "${service.characteristics.speed}"}})
    fulfil(item("1", "Line"))
    assert Fallout.objects.get().category == "data"
    assert ledger.applied == []


def test_it_calls_no_paused_target_and_goes_on_when_it_opens(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    Target.objects.update(state="paused")
    fulfil(item("1", "Line"))
    assert ledger.applied == []
    assert Step.objects.get().state == "ready"


# -- asynchronous answers -------------------------------------------------------------------


def answer(step: Step, body: dict[str, Any]) -> bool:
    return answer_receive(operation_key=step.operation_key, signed=signature(step.operation_key), body=body)


def test_it_goes_on_when_the_answer_comes(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step(outputs={"port": "answer.port"})
    ledger.scripts["a"] = [accepts]
    order = fulfil(item("1", "Line"))
    step = Step.objects.get()
    assert (order["state"], step.state, step.correlation) == ("inProgress", "accepted", "monitor-1")
    assert answer(step, {"port": 9}) is True
    work()
    step.refresh_from_db()
    assert (step.state, step.outputs) == ("done", {"port": 9})
    assert Answer.objects.get().used_at is not None
    assert ledger.looked_up == []


def test_it_takes_an_answer_that_comes_before_the_acceptance(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()

    def answers_first(task: Task) -> Accepted:
        step = Step.objects.get()
        answer(step, {"port": 9})
        return Accepted("monitor-1")

    ledger.scripts["a"] = [answers_first]
    assert fulfil(item("1", "Line"))["state"] == "completed"


def test_it_keeps_a_repeated_and_a_late_answer_once_and_does_nothing_twice(
    target: Target, fulfil: Fulfil, ledger: Ledger
) -> None:
    one_step()
    ledger.scripts["a"] = [accepts]
    order = fulfil(item("1", "Line"))
    step = Step.objects.get()
    assert [answer(step, {"port": 9}), answer(step, {"port": 9})] == [True, False]
    work()
    events = Event.objects.count()
    assert answer(step, {"port": 10}) is True
    work()
    assert Step.objects.get().outputs is None
    assert (Event.objects.count(), Service.objects.filter(order_id=order["id"]).count()) == (events, 1)


def test_it_polls_what_was_accepted(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [lambda task: Accepted("monitor-1", poll_after=5)]
    ledger.looks = [lambda task: Accepted("monitor-1", poll_after=5), lambda task: Done({})]
    fulfil(item("1", "Line"))
    work_through_time()
    assert Step.objects.get().state == "done"
    assert len(ledger.applied) == 1
    assert [a.verb for a in Attempt.objects.order_by("id")] == ["apply", "poll", "poll"]


def test_it_falls_out_when_no_answer_comes_in_time(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step(answerWithin=0.001)
    ledger.scripts["a"] = [accepts]
    ledger.looks = [accepts]
    fulfil(item("1", "Line"))
    work_through_time()
    assert (Fallout.objects.get().category, Fallout.objects.get().code) == ("unknown_outcome", "answerOverdue")


def test_it_takes_no_answer_with_a_forged_signature(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [accepts]
    fulfil(item("1", "Line"))
    step = Step.objects.get()
    with pytest.raises(NotFound):
        answer_receive(operation_key=step.operation_key, signed="x" * 43, body={})
    assert not Answer.objects.exists()


@pytest.fixture
def news_of_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is changed in a target counts at once."""
    monkeypatch.setattr(bulkheads, "REFRESH_SECONDS", 0.0)


@pytest.mark.usefixtures("news_of_targets")
def test_it_gives_up_a_call_that_takes_its_workers_with_it(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    Target.objects.update(state="paused")
    fulfil(item("1", "Line"))
    # As three workers left it: claimed, called, and never settled.
    Step.objects.update(state="running", attempts=3, fence=3, claim="gone", lease_until=Now())
    Target.objects.update(state="open")
    work()
    assert (Fallout.objects.get().category, Fallout.objects.get().code) == ("bug", "workerLost")
    assert ledger.applied == []
    assert Step.objects.get().in_doubt


@pytest.mark.usefixtures("news_of_targets")
def test_it_leaves_a_step_of_a_paused_target_alone_even_when_its_owner_is_gone(
    target: Target, fulfil: Fulfil, ledger: Ledger
) -> None:
    one_step()
    Target.objects.update(state="paused")
    fulfil(item("1", "Line"))
    Step.objects.update(state="running", attempts=1, fence=1, claim="gone", lease_until=Now())
    work()
    assert ledger.applied == []
    assert Step.objects.get().fence == 1


@pytest.mark.usefixtures("news_of_targets")
def test_it_takes_over_a_step_whose_owner_is_gone(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    Target.objects.update(state="paused")
    order = fulfil(item("1", "Line"))
    Step.objects.update(state="running", attempts=1, fence=1, claim="gone", lease_until=Now())
    Target.objects.update(state="open")
    work()
    assert len(ledger.applied) == 1
    assert Service.objects.get().order_id == order["id"]


def test_it_discards_the_outcome_of_a_lost_claim(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()

    def overtaken(task: Task) -> Done:
        Step.objects.update(fence=99)
        return Done({})

    ledger.scripts["a"] = [overtaken]
    fulfil(item("1", "Line"))
    assert Step.objects.get().state == "running"
    assert not Service.objects.exists()
    assert JournalEntry.objects.filter(entity="Step", after="discarded").count() == 1
