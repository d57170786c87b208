"""Who works at a job: claims by lease and fence, and the only place where a job's status changes."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import cast
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from catalog.models import ExportJob, ImportJob, Job
from catalog.states import JOB_MOVES, JOB_OPEN, NOT_STARTED, RUNNING
from tmf import journal, processes
from tmf.clock import in_

MODELS: tuple[type[Job], ...] = (ImportJob, ExportJob)
MAX_ATTEMPTS = 3  # of jobs whose processes ended, or whose database went away, before there was a result
ERROR_MAX = 4000


class ClaimLost(Exception):
    """The job was deleted, or somebody else has it now. What was done for it is discarded."""


def is_owed(patience: float) -> bool:
    return any(_owed(model, patience).exists() for model in MODELS)


def claim(most: int, patience: float) -> list[Job]:
    """Up to `most` jobs that are nobody's, now ours and Running."""
    won: list[Job] = []
    for model in random.sample(MODELS, len(MODELS)):  # so that neither kind is always last
        if most > len(won) and _owed(model, patience).exists():
            won += _claim(model, most - len(won), patience)
    return won


def renew(job: Job) -> None:
    """A whole lease more. Raises ClaimLost."""
    if not _mine(job).update(lease_until=in_(_lease_seconds())):
        raise ClaimLost


def job_move(job: Job, after: str, error_log: str = "") -> None:
    """Ends a job that is ours, in the transaction of what it did. Raises ClaimLost."""
    JOB_MOVES.check(job.status, after)
    ended = {"completion_date": Now(), "updated_at": Now(), "error_log": error_log[:ERROR_MAX] or None}
    if not _mine(job).update(status=after, claim="", lease_until=None, revision=F("revision") + 1, **ended):
        raise ClaimLost
    _journal([job], job.status, after, error_log)


def _owed(model: type[Job], patience: float) -> QuerySet[Job]:
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    waiting = Now() - timedelta(seconds=patience)
    rows = model.objects.filter(free, status__in=JOB_OPEN, created_at__lte=waiting)
    return cast("QuerySet[Job]", rows)


@transaction.atomic(durable=True)
def _claim(model: type[Job], most: int, patience: float) -> list[Job]:
    """Of two that find the same job, the second finds the first's lease."""
    token = f"{processes.own_id()}/{uuid4().hex[:12]}"
    first = _owed(model, patience).order_by("created_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        first = first.select_for_update(skip_locked=True)
    found = [*first.values_list("pk", "status")[:most]]
    _owed(model, patience).filter(pk__in=[pk for pk, _ in found]).update(
        status=RUNNING, claim=token, fence=F("fence") + 1, attempts=F("attempts") + 1,
        lease_until=in_(_lease_seconds()), revision=F("revision") + 1, updated_at=Now(),
    )  # fmt: skip
    won = [*model.objects.filter(claim=token, status=RUNNING)]
    new = {pk for pk, status in found if status == NOT_STARTED}
    _journal([job for job in won if job.pk in new], NOT_STARTED, RUNNING)
    return won


def _mine(job: Job) -> QuerySet[Job]:
    return cast("QuerySet[Job]", type(job).objects.filter(pk=job.pk, fence=job.fence, status=RUNNING))


def _lease_seconds() -> float:
    return settings.ENV.JOB_TIMEOUT_SECONDS + settings.ENV.LEASE_MARGIN_SECONDS


def _journal(jobs: list[Job], before: str, after: str, reason: str = "") -> None:
    journal.record(
        journal.entry(type(job).__name__, job.pk, before, after, actor=processes.own_id(), reason=reason)
        for job in jobs
    )
