"""One call to one target, from a claimed step to its outcome. No database: this runs in a bulkhead's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings

from orchestrator.claim import Claimed
from orchestrator.connectors.base import (
    Absent,
    Accepted,
    Connector,
    ConnectorError,
    Done,
    Misconfigured,
    OutcomeUnknown,
    Permanent,
    System,
    Task,
    Transient,
)
from orchestrator.connectors.registry import connector
from orchestrator.expressions import ExpressionError, evaluate
from orchestrator.models import Attempt, Fallout, Step, Target

NO_OUTPUTS = "outputs"  # the code of a failure after the work was done
FORGOTTEN = "forgotten"  # of accepted work that its target knows nothing of any more
log = structlog.get_logger(__name__)
Result = Done | Accepted | ConnectorError


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong. `category` says who can mend it, `again` whether trying again may."""

    category: str
    code: str
    message: str
    again: bool = False
    retry_after: float | None = None
    in_doubt: bool = False
    called: bool = True  # False: the target was not called, and this counts as no attempt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claim: exactly one of done, accepted and failure."""

    claimed: Claimed
    outputs: Mapping[str, Any] | None = None
    accepted: Accepted | None = None
    failure: Failure | None = None
    used: tuple[int, ...] = field(default=())  # asynchronous answers that were read

    @property
    def reason(self) -> Failure:
        """The failure of an outcome that is one. Raises ValueError for any other."""
        if self.failure is None:
            raise ValueError(f"step {self.claimed.key} did not fail")
        return self.failure

    @property
    def tried(self) -> str:
        """The attempt's outcome."""
        if self.accepted:
            return Attempt.Outcome.ACCEPTED
        if self.failure is None:
            return Attempt.Outcome.DONE
        if self.failure.in_doubt:
            return Attempt.Outcome.UNKNOWN
        return Attempt.Outcome.TRANSIENT if self.failure.again else Attempt.Outcome.PERMANENT


@dataclass(frozen=True, slots=True)
class Route:
    """How a step's target is reached, and how it closes the gap that a lost outcome leaves."""

    system: System
    delivery: str = Target.Delivery.IDEMPOTENT
    fault: str = ""


def perform(claimed: Claimed, route: Route, callback_url: str) -> Outcome:
    """Calls the target, or finds out what became of an earlier call. Never raises."""
    used = tuple(pk for pk, _ in claimed.answers)
    try:
        result = _result(claimed, route, callback_url)
    except ConnectorError as error:
        read = not isinstance(error, Misconfigured | _Data | _Poison)  # otherwise they wait for the repair
        return Outcome(claimed, failure=_failure(error, route), used=used if read else ())
    except BaseException as error:  # also what ends a thread: a claim without an outcome would be held for ever
        log.exception("call.bug", order=claimed.order_id, step=claimed.key, connector=claimed.connector)
        message = f"{type(error).__name__}: {error}"
        return Outcome(claimed, failure=Failure(Fallout.Category.BUG, "bug", message, in_doubt=True))
    if isinstance(result, Accepted):
        return Outcome(claimed, accepted=result, used=used)
    return _done(claimed, result, used)


def _done(claimed: Claimed, done: Done, used: tuple[int, ...]) -> Outcome:
    try:
        return Outcome(claimed, outputs=_outputs(claimed, done), used=used)
    except ExpressionError as error:
        message = f"the target did the work, but its answer lacks an output: {error}"
        return Outcome(claimed, failure=Failure(Fallout.Category.CONFIGURATION, NO_OUTPUTS, message), used=used)


def _outputs(claimed: Claimed, done: Done) -> dict[str, Any]:
    """What the definition wants kept of the answer; without a definition the characteristics that it tells."""
    if "outputs" in claimed.spec:
        answer = {"answer": dict(done.outputs)}
        return {name: evaluate(source, answer) for name, source in claimed.spec["outputs"].items()}
    told = done.outputs.get("characteristics")
    return dict(told) if isinstance(told, Mapping) and "key" not in told else {}


def _result(claimed: Claimed, route: Route, callback_url: str) -> Done | Accepted:
    if not claimed.connector:
        return Done()
    if claimed.in_doubt and claimed.attempts > attempts_of(claimed):
        raise _Poison(f"{claimed.attempts - 1} workers ended while they called the target", code="workerLost")
    if claimed.fault:
        raise _Data(f"the request cannot be made: {claimed.fault}", code="request")
    if route.fault:
        raise Misconfigured(route.fault, code="target")
    task = Task(
        operation_key=claimed.operation_key,
        system=route.system,
        request=claimed.request,
        timeout=claimed.timeout,
        callback_url=callback_url,
        correlation=claimed.correlation,
        undoing=claimed.mode == Step.Mode.UNDO,
    )
    speaks = connector(claimed.connector)
    return _await(speaks, task, claimed) if claimed.correlation else _do(speaks, task, claimed, route)


class _Data(Permanent):
    """The data of the order do not make a request."""


class _Poison(ConnectorError):
    """The call takes its worker with it."""


def attempts_of(claimed: Claimed) -> int:
    """How many calls its definition, or else the configuration, allows it."""
    return int(claimed.spec.get("retry", {}).get("attempts", settings.ENV.STEP_MAX_ATTEMPTS))


def _do(speaks: Connector, task: Task, claimed: Claimed, route: Route) -> Done | Accepted:
    if answer := _answered(speaks, task, claimed):  # a lost call of ours was heard, and its answer came
        return answer
    if claimed.in_doubt and route.delivery == Target.Delivery.AT_MOST_ONCE:
        raise OutcomeUnknown("a call was under way when its worker ended; the target may or may not have acted")
    if claimed.in_doubt and route.delivery == Target.Delivery.QUERYABLE:
        known = speaks.look_up(task)
        if not isinstance(known, Absent):
            return known
    return speaks.undo(task) if claimed.verb == "undo" else speaks.apply(task)


def _await(speaks: Connector, task: Task, claimed: Claimed) -> Done | Accepted:
    """Accepted work: the answers that came, else the target's own word, else time is up."""
    if answer := _answered(speaks, task, claimed):
        return answer
    known = speaks.look_up(task)
    if isinstance(known, Absent):
        raise OutcomeUnknown("the target accepted the work and now knows nothing of it", code=FORGOTTEN)
    if isinstance(known, Accepted) and claimed.overdue:
        raise OutcomeUnknown("the target accepted the work and has not answered in time", code="answerOverdue")
    return known


def _answered(speaks: Connector, task: Task, claimed: Claimed) -> Done | None:
    """The first of the answers that came which is final."""
    answers = (speaks.read_answer(task, body) for _, body in claimed.answers)
    return next((answer for answer in answers if isinstance(answer, Done)), None)


def _failure(error: ConnectorError, route: Route) -> Failure:
    at_most_once = route.delivery == Target.Delivery.AT_MOST_ONCE
    match error:
        case Transient(in_doubt=True) if at_most_once:
            return Failure(Fallout.Category.UNKNOWN_OUTCOME, error.code, error.message, in_doubt=True)
        case Transient():
            category, wait = Fallout.Category.TRANSIENT, error.retry_after
            return Failure(category, error.code, error.message, True, wait, error.in_doubt)
        case _Data():
            return Failure(Fallout.Category.DATA, error.code, error.message)
        case Misconfigured():
            return Failure(Fallout.Category.CONFIGURATION, error.code, error.message)
        case Permanent():
            return Failure(Fallout.Category.REFUSED, error.code, error.message)
        case OutcomeUnknown():
            again = not at_most_once and error.code != "answerOverdue"
            return Failure(Fallout.Category.UNKNOWN_OUTCOME, error.code, error.message, again, in_doubt=True)
        case _:
            return Failure(Fallout.Category.BUG, error.code, error.message)
