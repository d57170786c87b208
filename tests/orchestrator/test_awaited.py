"""Work that a target has accepted: late answers, targets that forget, deadlines that begin again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from orchestrator import bulkheads
from orchestrator.callbacks import answer_receive, signature
from orchestrator.calls import Outcome
from orchestrator.claim import claim_due
from orchestrator.connectors.base import Accepted, OutcomeUnknown, Permanent
from orchestrator.fallout import fallout_retry
from orchestrator.intake import decompose_due
from orchestrator.models import Answer, Attempt, Fallout, Step, Target
from orchestrator.settle import settle
from tests.orchestrator.conftest import item, place, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_doubt import lose_its_worker, mended
from tests.orchestrator.test_failures import accepts, one_step, pass_time, raises, work_through_time
from tests.orchestrator.test_holding_races import meanwhile, uncommitted
from tmf.clock import in_
from tmf.dispatch import dispatch_due

Fulfil = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.django_db(transaction=True)
DELIVERIES = ["idempotent", "queryable", "at_most_once"]


def answer(key: str, body: dict[str, Any]) -> bool:
    return answer_receive(operation_key=key, signed=signature(key), body=body)


def retry() -> None:
    fallout_retry(fallout_id=Fallout.objects.get(state="open").pk, actor="olga", reason="it was not done")
    work()


def test_an_answer_to_a_former_operation_makes_nothing_due(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Permanent("no")), accepts]
    fulfil(item("1", "Line"))
    former = Step.objects.get().operation_key
    retry()
    due = Step.objects.get().due_at
    assert answer(former, {"port": 9})
    assert Step.objects.get().due_at == due
    assert Answer.objects.get().used_at is None


def test_an_answer_to_a_former_operation_does_not_hurry_polls(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [raises(Permanent("no")), accepts]
    fulfil(item("1", "Line"))
    answer(Step.objects.get().operation_key, {"port": 9})
    ledger.looks = [lambda task: Accepted("monitor-1", poll_after=60), raises(Permanent("asked too often"))]
    retry()
    pass_time()
    work()
    assert len(ledger.looked_up) == 1
    assert Step.objects.filter(state="accepted", due_at__gt=in_(50)).exists()


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_it_does_again_what_a_target_has_forgotten_once_a_person_says_so(
    target: Target, fulfil: Fulfil, ledger: Ledger, delivery: str
) -> None:
    Target.objects.update(delivery=delivery)
    one_step()
    ledger.scripts["a"] = [accepts]
    fulfil(item("1", "Line"))
    Step.objects.update(answer_by=Now())
    work_through_time()
    assert (Fallout.objects.get().category, Fallout.objects.get().code) == ("unknown_outcome", "forgotten")
    retry()
    assert Step.objects.get().state == "done"
    assert len(ledger.keys) == 2
    assert len({*ledger.keys}) == 1
    assert Attempt.objects.latest("id").verb == "apply"


def test_a_deadline_begins_again_with_a_retry(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    """Otherwise it would be waited for without end, and nobody told."""
    one_step(answerWithin=100)
    ledger.scripts["a"] = [accepts]
    ledger.looks = [accepts] * 3
    fulfil(item("1", "Line"))
    Step.objects.update(answer_by=Now())
    work_through_time()
    assert Fallout.objects.get().code == "answerOverdue"
    retry()
    assert Step.objects.filter(state="accepted", answer_by__gt=in_(90), answer_by__lt=in_(110)).exists()
    Step.objects.update(answer_by=Now())
    work_through_time()
    assert Fallout.objects.filter(code="answerOverdue").count() == 2
    assert len(ledger.keys) == 1


def test_an_answer_in_the_inbox_tells_what_became_of_a_lost_call(
    target: Target, fulfil: Fulfil, ledger: Ledger
) -> None:
    Target.objects.update(delivery="at_most_once", state="paused")
    one_step()
    fulfil(item("1", "Line"))
    lose_its_worker()
    answer(Step.objects.get().operation_key, {"port": 9})
    Target.objects.update(state="open")
    bulkheads._mine.clear()
    work()
    assert (Step.objects.get().state, ledger.applied) == ("done", [])


def test_an_answer_that_comes_after_the_fallout_is_believed_before_anything_is_done_again(
    target: Target, fulfil: Fulfil, ledger: Ledger
) -> None:
    Target.objects.update(delivery="at_most_once")
    one_step()
    ledger.scripts["a"] = [raises(OutcomeUnknown("connection lost"))]
    fulfil(item("1", "Line"))
    answer(Step.objects.get().operation_key, {"port": 9})
    retry()
    assert (Step.objects.get().state, ledger.applied) == ("done", [])


def test_an_answer_that_nobody_could_read_waits_for_the_repair(target: Target, fulfil: Fulfil, ledger: Ledger) -> None:
    one_step()
    ledger.scripts["a"] = [accepts]
    fulfil(item("1", "Line"))
    Target.objects.update(credentials="env:NO_SUCH_SECRET")
    bulkheads._mine.clear()
    answer(Step.objects.get().operation_key, {"port": 9})
    work()
    assert Fallout.objects.get().category == "configuration"
    mended()
    assert (Step.objects.get().state, ledger.looked_up) == ("done", [])


@pytest.mark.postgresql
def test_an_answer_that_meets_the_settling_of_its_step_is_seen(target: Target, bss: Client, ledger: Ledger) -> None:
    """Either by who settles or by who answers: otherwise it lay there until the next poll."""
    one_step()
    place(bss, item("1", "Line"))
    dispatch_due()
    decompose_due()
    [claimed] = claim_due(1)
    outcome = Outcome(claimed, accepted=Accepted("monitor-1"))
    with uncommitted(lambda: settle.__wrapped__([outcome])):  # type: ignore[attr-defined]
        thread = meanwhile(lambda: answer(claimed.operation_key, {"port": 9}))
    thread.join()
    assert Step.objects.filter(state="accepted", due_at__lte=Now()).exists()
    work()
    assert (Step.objects.get().state, ledger.looked_up) == ("done", [])
