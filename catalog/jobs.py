"""Import and export jobs: asked for, worked at, deleted. Any number of processes may work at them.

A POST only writes the row. `jobs_due` claims rows and works at several at once; no transaction is open over
the network. A job whose process dies is taken over when its lease ends; it is applied once, because its end
and what it did are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.utils import timezone
from structlog import get_logger

from catalog import job_claim
from catalog.exports import export_run, selection
from catalog.imports import import_run
from catalog.job_claim import MAX_ATTEMPTS, ClaimLost, job_move
from catalog.job_files import JobFailed
from catalog.job_resources import DEFAULT_PATH, EXPORT_JOB, IGNORED, IMPORT_JOB, place_of
from catalog.models import ExportJob, ImportJob, Job
from catalog.states import FAILED
from tmf import processes
from tmf.actors import Actor
from tmf.errors import BadRequest, Invalid
from tmf.hub import check_callback
from tmf.inserts import insert_objects
from tmf.nudges import nudge_on_commit
from tmf.once import creation
from tmf.resources import Json, Resource
from tmf.revisions import remove
from tmf.validation import accepted_create

LOOK_SECONDS = 0.5  # how often a process that waits for slow transfers looks for other jobs
INSERTED = ("id", "party", "body", "created_at", "updated_at")
RUNS: dict[type[Job], Callable[[Any], None]] = {ImportJob: import_run, ExportJob: export_run}

log = get_logger(__name__)


# -- what a client may do ------------------------------------------------------------------
def import_create(*, actor: Actor, document: Json) -> ImportJob:
    """Asks for an import. Raises Invalid."""
    job = cast(ImportJob, _drafted(IMPORT_JOB, actor, document))
    if place_of(job.path).member:
        raise Invalid("an import goes to a collection, not to one of its members", path="path")
    return cast(ImportJob, _inserted(IMPORT_JOB, job))


def export_create(*, actor: Actor, document: Json) -> ExportJob:
    """Asks for an export. Raises Invalid, BadRequest for a query that cannot be read."""
    job = cast(ExportJob, _drafted(EXPORT_JOB, actor, document))
    try:
        selection(job)
    except Invalid:
        raise
    except BadRequest as error:
        raise Invalid(error.message, path="query") from None
    return cast(ExportJob, _inserted(EXPORT_JOB, job))


def job_delete(*, actor: Actor, row: Job) -> None:
    """Removes a job. One that is running ends without effect, unless it has had it already. Raises LostRace."""
    with transaction.atomic(durable=True):
        remove(row)


def _drafted(resource: Resource, actor: Actor, document: Any) -> Job:
    if isinstance(document, dict):
        document = {name: value for name, value in document.items() if name not in IGNORED}
    document = accepted_create(resource, document)
    check_callback(document["url"], path="url")
    fields, body = resource.split({"path": DEFAULT_PATH, **document})
    now = timezone.now()
    return cast(type[Job], resource.model)(party=actor.party, body=body, **fields, created_at=now, updated_at=now)


def _inserted(resource: Resource, job: Job) -> Job:
    given = [column.field for column in resource.columns if column.field in ("url", "path", "query")]
    with creation():
        insert_objects([job], fields=[*INSERTED, *given])
        nudge_on_commit("jobs")
    return job


# -- what is owed --------------------------------------------------------------------------
def jobs_due(patience: float = 0.0) -> int:
    """Works at the jobs that have been due for `patience` seconds until none is. Answers how many ended."""
    if not job_claim.is_owed(patience):
        return 0
    with ThreadPoolExecutor(settings.ENV.JOB_THREADS, thread_name_prefix="jobs") as pool:
        return _work_through(pool, patience)


def _work_through(pool: ThreadPoolExecutor, patience: float) -> int:
    ended = 0
    under_way: set[Future[bool]] = set()
    while True:
        room = 0 if processes.stopping.is_set() else settings.ENV.JOB_THREADS - len(under_way)
        under_way |= {pool.submit(work, job) for job in job_claim.claim(room, patience)}
        if not under_way:
            return ended
        finished, under_way = wait(under_way, LOOK_SECONDS, FIRST_COMPLETED)
        ended += sum(future.result() for future in finished)


def work(job: Job) -> bool:
    """One claimed job, to its end. False when it is somebody else's now, or is to be tried again."""
    try:
        return _worked(job)
    except ClaimLost:
        log.info("job.claim_lost", job=job.pk)
    except DatabaseError as error:
        log.warning("job.database_failed", job=job.pk, attempts=job.attempts, error=repr(error))
    finally:
        connections.close_all()
    return False


def _worked(job: Job) -> bool:
    try:
        if job.attempts > MAX_ATTEMPTS:
            raise JobFailed(f"given up: {MAX_ATTEMPTS} attempts ended without a result")
        RUNS[type(job)](job)
    except JobFailed as failure:
        _fail(job, str(failure))
    except (ClaimLost, DatabaseError):
        raise
    except Exception:
        log.exception("job.bug", job=job.pk)
        _fail(job, "an error of this system; its log says more")
    return True


@transaction.atomic(durable=True)
def _fail(job: Job, error_log: str) -> None:
    job_move(job, FAILED, error_log)
