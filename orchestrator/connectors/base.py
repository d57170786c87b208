"""What a connector is given and what it gives back. It knows no order, no model, no Celery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Json = Any


@dataclass(frozen=True, slots=True)
class System:
    """The target as a connector sees it. `token` is the resolved credential, never logged."""

    name: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work for one target.

    `operation_key` is stable over retries and travels as `Idempotency-Key`. `request` is the rendered
    request. `timeout` is the whole call's deadline in seconds. `callback_url` is where an asynchronous
    answer may be POSTed, once. `correlation` is what `Accepted` named, when the work was accepted before.
    `traceparent` is the W3C trace context to pass on. `undoing`: the operation is the taking back of what
    `request` did; every method is then about that, look-ups and answers too.
    """

    operation_key: str
    system: System
    request: Json
    timeout: float
    callback_url: str = ""
    correlation: str = ""
    traceparent: str = ""
    undoing: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """Achieved. `outputs` is what the target told: a JSON object."""

    outputs: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The target works on it. Look again after `poll_after` seconds (None: only its answer will tell)."""

    correlation: str
    poll_after: float | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """What a look-up answers when the target never heard of the operation key: it is safe to apply."""


class ConnectorError(Exception):
    """A call that achieved nothing we know of. `code` is for machines, the message for operators."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).__name__


class Transient(ConnectorError):
    """Not done, and worth another try; not before `retry_after` seconds when the target said so.

    `in_doubt`: the target failed (500, 502, 504) rather than declined, and may have carried it out nevertheless;
    only an idempotent target may be asked again blindly.
    """

    def __init__(
        self, message: str, *, code: str = "", retry_after: float | None = None, in_doubt: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        self.in_doubt = in_doubt


class Permanent(ConnectorError):
    """Refused: the same request would be refused again."""


class Misconfigured(Permanent):
    """Target or definition is wrong: the designer mends it."""


class OutcomeUnknown(ConnectorError):
    """The request may or may not have been carried out: the connection broke after it was sent."""


class Connector(Protocol):
    """Every method may raise a ConnectorError. Anything else that escapes is a bug of the connector."""

    def apply(self, task: Task) -> Done | Accepted: ...

    def undo(self, task: Task) -> Done | Accepted:
        """Takes back what `task.request` did: by the request's own `undo`, else by the obvious inverse.

        `task.undoing` is set.
        """
        ...

    def look_up(self, task: Task) -> Done | Accepted | Absent:
        """What became of `task.operation_key`, or of `task.correlation` once accepted (a poll).

        A look-up by key that fails raises OutcomeUnknown: the doubt remains.
        """
        ...

    def read_answer(self, task: Task, body: Json) -> Done | Accepted:
        """What an asynchronous answer says. Accepted: it says nothing final."""
        ...
