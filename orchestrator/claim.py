"""Claiming steps: compare-and-set with lease and fence, and the intent to call, in one short transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from orchestrator.models import Answer, Attempt, Step
from orchestrator.owner import claim_token, process_id
from orchestrator.requests import Rendered, rendered
from orchestrator.states import step_moved
from tmf import journal
from tmf.clock import later_sql, now_sql
from tmf.inserts import insert_rows

Json = dict[str, Any]
COLUMNS = (
    "id", "plan_id", "item_id", "order_id", "key", "connector", "target", "spec", "request", "deferred", "mode",
    "generation", "attempts", "polls", "in_doubt", "correlation", "timeout", "fence",
)  # fmt: skip
DUE = "('ready', 'accepted')"
EXPIRED = "('running')"
ATTEMPT_FIELDS = ("step", "fence", "verb", "operation_key", "request_digest", "owner")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A step as it was when this process won it. `fence` proves the claim in every later write."""

    id: int
    plan_id: int
    item_id: int
    order_id: str
    key: str
    connector: str
    target: str
    spec: Json
    request: Any
    deferred: bool
    mode: str
    generation: int
    attempts: int
    polls: int
    in_doubt: bool
    correlation: str
    timeout: float
    fence: int
    overdue: bool = False  # its asynchronous answer should have come
    fault: str = ""  # why its request could not be made
    answers: tuple[tuple[int, Any], ...] = ()  # unused asynchronous answers: key, body

    @property
    def operation_key(self) -> str:
        return f"{self.order_id}.{self.id}.{self.mode}.{self.generation}"

    @property
    def before(self) -> str:
        """The state that a claim of due work took it from."""
        return Step.State.ACCEPTED if self.correlation else Step.State.READY

    @property
    def verb(self) -> str:
        """What is about to be called: a poll of accepted work, or the work itself."""
        if self.correlation:
            return "poll"
        return "undo" if self.mode == Step.Mode.UNDO else "apply"


def claim_due(limit: int, *, without: Collection[str] = (), patience: float = 0.0) -> list[Claimed]:
    """Up to `limit` steps whose time has come, save those of the targets in `without`."""
    condition = f"""s.state IN ('ready', 'accepted') AND s.due_at <= {later_sql("%s")} {_except(without)}
        AND (s.state = 'accepted' OR NOT EXISTS
             (SELECT 1 FROM orchestrator_plan p WHERE p.id = s.plan_id AND p.paused))"""  # noqa: S608
    return _claim(DUE, condition, [-patience, *without], order="s.due_at, s.id", limit=limit)


def claim_expired(limit: int, *, without: Collection[str] = ()) -> list[Claimed]:
    """Steps whose owner let the lease run out. A call of theirs may have been made."""
    condition = f"s.state = 'running' AND s.lease_until < {now_sql()} {_except(without)}"
    return _claim(EXPIRED, condition, [*without], order="s.lease_until", limit=limit)


def _except(targets: Collection[str]) -> str:
    return f"AND s.target NOT IN ({', '.join(['%s'] * len(targets))})" if targets else ""


def _claim(states: str, condition: str, parameters: list[Any], *, order: str, limit: int) -> list[Claimed]:
    if limit <= 0 or not _exists(condition, parameters):  # SQLite: no write lock for nothing
        return []
    with transaction.atomic(durable=True):
        won = _won(_update(states, condition, order), parameters, limit)
        won = _complete(won)
        _intend(won, expired=states == EXPIRED)
    return won


def _exists(condition: str, parameters: list[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM orchestrator_step s WHERE {condition} LIMIT 1", parameters)  # noqa: S608
        return cursor.fetchone() is not None


def _update(states: str, condition: str, order: str) -> str:
    """The claim. `in_doubt` remembers that a former owner of a step that was not yet accepted may have called."""
    skip = "FOR UPDATE OF s SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    return f"""
        WITH chosen AS MATERIALIZED (
            SELECT s.id FROM orchestrator_step s WHERE {condition} ORDER BY {order} LIMIT %s {skip})
        UPDATE orchestrator_step SET
            fence = fence + 1, claim = %s, lease_until = {later_sql("timeout + %s")},
            in_doubt = (in_doubt OR (state = 'running' AND correlation = '')),
            attempts = attempts + CASE WHEN correlation = '' THEN 1 ELSE 0 END,
            polls = polls + CASE WHEN correlation = '' THEN 0 ELSE 1 END,
            started_at = COALESCE(started_at, {now_sql()}), state = 'running'
        WHERE id IN (SELECT id FROM chosen) AND state IN {states}
        RETURNING {", ".join(COLUMNS)},
            (answer_by IS NOT NULL AND answer_by <= {now_sql()})"""  # noqa: S608


def _won(sql: str, parameters: list[Any], limit: int) -> list[Claimed]:
    with connection.cursor() as cursor:
        margin = settings.ENV.LEASE_MARGIN_SECONDS
        cursor.execute(sql, [*parameters, limit, claim_token(), margin])
        return [_claimed(row) for row in cursor.fetchall()]


def _claimed(row: Sequence[Any]) -> Claimed:
    values = dict(zip((*COLUMNS, "overdue"), row, strict=True))
    for name in ("spec", "request"):
        if isinstance(values[name], str):
            values[name] = json.loads(values[name])
    for name in ("deferred", "in_doubt", "overdue"):
        values[name] = bool(values[name])
    return Claimed(**values, fault=values["spec"].get("fault", ""))


def _complete(won: list[Claimed]) -> list[Claimed]:
    """With what the database must tell before anything is called: outputs of predecessors, answers that came."""
    made: dict[int, Rendered] = rendered([c for c in won if c.deferred])
    answers = _answers([c for c in won if c.fence > 1])  # who is claimed first was never called
    return [
        replace(
            c,
            request=made[c.id].request if c.id in made else c.request,
            fault=made[c.id].fault if c.id in made else c.fault,
            answers=tuple(answers.get(c.id, ())),
        )
        if c.id in made or c.id in answers
        else c
        for c in won
    ]


def _answers(waiting: Sequence[Claimed]) -> dict[int, list[tuple[int, Any]]]:
    """Step → the unused answers to its present operation, in the order they came."""
    found: dict[int, list[tuple[int, Any]]] = {}
    if waiting:
        keys = [c.operation_key for c in waiting]
        unused = Answer.objects.filter(operation_key__in=keys, used_at=None).order_by("pk")
        for pk, step_id, body in unused.values_list("pk", "step_id", "body"):
            found.setdefault(step_id, []).append((pk, body))
    return found


def _intend(won: Sequence[Claimed], *, expired: bool) -> None:
    owner = process_id()
    attempts = [(c.id, c.fence, c.verb, c.operation_key, _digest(c.request), owner) for c in won]
    insert_rows(Attempt, attempts, fields=ATTEMPT_FIELDS)
    journal.record(
        step_moved(
            c.id, Step.State.RUNNING if expired else c.before, Step.State.RUNNING, actor=owner,
            order_id=c.order_id, reason=c.verb,
        )
        for c in won
    )  # fmt: skip


def _digest(request: Any) -> str:
    """SHA-256 of the request: whether two attempts asked for the same."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
