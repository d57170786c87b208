"""The inbox of asynchronous answers: one signed address per operation, each answer kept once.

Early, late, twice or out of order: the row is kept, and the step reads it when it waits for one.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.core.signing import Signer
from django.db import transaction
from django.db.models import F, JSONField, Value
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare

from orchestrator.expressions import ExpressionError, evaluate
from orchestrator.models import Answer, Step
from tmf import journal
from tmf.errors import Conflict, Invalid, NotFound
from tmf.nudges import nudge_on_commit

Json = dict[str, Any]
SIGNER = Signer(salt="orchestrator.callback")
MANUAL = "manual"  # the connector whose answers come from people
_KEY = re.compile(r".+\.([0-9]{1,18})\.(do|undo)\.([0-9]{1,9})", re.ASCII | re.DOTALL)


def signature(operation_key: str) -> str:
    return SIGNER.signature(operation_key)


@transaction.atomic(durable=True)
def answer_receive(*, operation_key: str, signed: str, body: Any) -> bool:
    """Keeps an answer and makes its step due; whether it is new. Raises NotFound for a forged address."""
    named = _KEY.fullmatch(operation_key)
    if not constant_time_compare(signed, signature(operation_key)) or named is None:
        raise NotFound("no operation waits for an answer here")
    step_id = int(named[1])
    if not _hold(step_id):
        raise NotFound("no operation waits for an answer here")
    new = _keep(step_id, operation_key, body)
    if new:
        _hurry(step_id, mode=named[2], generation=int(named[3]))
    return new


@transaction.atomic(durable=True)
def task_complete(*, step_id: int, outputs: Json, actor: str) -> None:
    """A person's task is done; `outputs` is what successors need of it. `actor` is who says so.

    Raises NotFound when there is no such task, Conflict when it does not wait to be completed, and Invalid
    when the outputs lack what the step's definition takes from them.
    """
    _hold(step_id)
    step = Step.objects.filter(pk=step_id, connector=MANUAL).first()
    if step is None:
        raise NotFound(f"there is no manual task {step_id}")
    if step.state != Step.State.ACCEPTED:
        raise Conflict(f"the task is {step.state}: it does not wait to be completed")
    if Answer.objects.filter(operation_key=step.operation_key, used_at=None).exists():
        raise Conflict("the task has just been completed by somebody else")
    _check_outputs(step, outputs)
    if _keep(step.pk, step.operation_key, {"outputs": outputs, "completedBy": actor}):
        _hurry(step.pk, mode=step.mode, generation=step.generation)
    journal.record(
        [
            journal.entry(
                "Step", str(step.pk), step.state, step.state, actor=actor, order_id=step.order_id,
                reason="task completed", data={"outputs": outputs},
            )
        ]
    )  # fmt: skip


def _check_outputs(step: Step, outputs: Json) -> None:
    for name, source in step.spec.get("outputs", {}).items():
        try:
            evaluate(source, {"answer": outputs})
        except ExpressionError as error:
            raise Invalid(f"the step's output {name!r} cannot be made of this: {error}") from None


def _hold(step_id: int) -> bool:
    """Takes the step's row: whoever is settling it now sees the answer, or we see it accepted."""
    return bool(Step.objects.filter(pk=step_id).update(polls=F("polls")))


def _keep(step_id: int, operation_key: str, body: Any) -> bool:
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    kept = {"step_id": step_id, "body": Value(body, JSONField())}  # JSON's null is an answer, SQL's is none
    _, new = Answer.objects.get_or_create(operation_key=operation_key, digest=digest, defaults=kept)
    return new


def _hurry(step_id: int, *, mode: str, generation: int) -> None:
    """A step that waits for this operation's answer is due. Answers to an operation before it are only kept."""
    waiting = Step.objects.filter(pk=step_id, mode=mode, generation=generation, state=Step.State.ACCEPTED)
    if waiting.update(due_at=Now()):
        nudge_on_commit("drive")
