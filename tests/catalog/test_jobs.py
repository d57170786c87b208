"""Who works at jobs: one at a time at each, several at once, and another when one dies."""

from __future__ import annotations

import itertools
import threading
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from catalog import job_claim, jobs
from catalog.job_resources import EXPORT_JOB, IMPORT_JOB
from catalog.jobs import jobs_due
from catalog.models import ExportJob, ImportJob, Job, ServiceSpecification
from catalog.states import JOB_MOVES, JOB_STATES
from tests.catalog.files import Files
from tests.helpers import client_of
from tests.processes import Processes
from tests.racing import at_once
from tests.rivals import rival_before
from tests.waiting import wait_until
from tmf.models import Event, JournalEntry

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = "2000-01-01T00:00:00Z"


def job_for(url: str, **more: Any) -> ImportJob:
    return ImportJob.objects.create(url=url, path="/serviceSpecification", party="acme", **more)


def status(job: Job) -> str:
    return str(type(job).objects.values_list("status", flat=True).get(pk=job.pk))


def counts() -> tuple[int, int]:
    return ServiceSpecification.objects.count(), Event.objects.count()


@pytest.mark.proves("state machine: all pairs of states", of="importJob, exportJob")
# -- the states -----------------------------------------------------------------------------
@pytest.mark.parametrize(("before", "after"), [*itertools.product(JOB_STATES, JOB_STATES)])
def test_it_allows_these_moves_and_no_others(before: str, after: str) -> None:
    legal = {("Not Started", "Running"), ("Running", "Succeeded"), ("Running", "Failed")}
    assert JOB_MOVES.allow(before, after) is ((before, after) in legal)


def test_it_leaves_its_moves_in_the_journal_and_a_new_etag_each(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]))
    jobs_due()
    entries = JournalEntry.objects.filter(entity="ImportJob", entity_id=job.pk).order_by("id")
    assert [(e.before, e.after) for e in entries] == [("Not Started", "Running"), ("Running", "Succeeded")]
    assert client_of().get(IMPORT_JOB.path(job.pk))["ETag"] == '"3"'


def test_it_shows_that_it_runs(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]))
    seen: list[str] = []

    def look() -> None:
        seen.append(client_of().get(IMPORT_JOB.path(job.pk)).json()["status"])
        connection.close()

    files.before = look
    assert jobs_due() == 1
    assert seen == ["Running"]


# -- claims ---------------------------------------------------------------------------------
def test_it_asks_one_question_of_each_kind_when_nothing_is_owed(files: Files) -> None:
    job_for(files.serve("x.json", []))
    jobs_due()
    with CaptureQueriesContext(connection) as queries:
        assert jobs_due() == 0
    assert len(queries) == 2


def test_it_leaves_what_is_younger_than_the_callers_patience() -> None:
    job = job_for("http://127.0.0.1:9/x.json")
    assert jobs_due(patience=60) == 0
    assert status(job) == "Not Started"


def test_each_of_many_jobs_is_done_once_by_many_workers(files: Files) -> None:
    made = [job_for(files.serve(f"{n}.json", [{"id": f"{n}", "name": "A"}])) for n in range(12)]
    assert sum(at_once(*[jobs_due] * 4)) == 12
    assert {status(job) for job in made} == {"Succeeded"}
    assert sorted(files.asked) == sorted(f"/{n}.json" for n in range(12))
    assert counts() == (12, 12)


def test_one_slow_url_delays_no_other_job(files: Files) -> None:
    slow, quick = (job_for(files.serve(f"{name}.json", [{"name": name}])) for name in ("slow", "quick"))

    def wait() -> None:
        if files.asked[-1] == "/slow.json":
            wait_until(lambda: status(quick) == "Succeeded", 10)
            connection.close()

    files.before = wait
    assert jobs_due() == 2
    assert status(slow) == "Succeeded"


def test_no_transaction_is_open_while_the_url_is_called(files: Files) -> None:
    seen: list[int] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE '%in transaction%'"
            )
            seen.append(cursor.fetchone()[0])
        connection.close()

    files.before = look
    job_for(files.serve("x.json", [{"name": "A"}]))
    assert jobs_due() == 1
    ExportJob.objects.create(url=f"{files.root}/y.json", path="/serviceSpecification")
    assert jobs_due() == 1
    assert seen == [0, 0]


# -- those who die, stand still, or are told to stop ----------------------------------------
def test_it_is_taken_over_and_applied_once_when_its_process_died(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]))
    assert [claimed.pk for claimed in job_claim.claim(9, 0.0)] == [job.pk]
    assert jobs_due() == 0  # the lease holds
    assert status(job) == "Running"
    ImportJob.objects.update(lease_until=LONG_AGO)
    assert jobs_due() == 1
    job.refresh_from_db()
    assert (job.status, job.attempts, job.fence, counts()) == ("Succeeded", 2, 2, (1, 1))


def test_who_stood_still_past_its_lease_writes_nothing(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]))

    def take_over() -> None:
        ImportJob.objects.update(lease_until=LONG_AGO)
        thread = threading.Thread(target=jobs_due)
        thread.start()
        thread.join(20)

    with rival_before("catalog.imports._apply", take_over):
        assert jobs.work(job_claim.claim(1, 0.0)[0]) is False
    assert (status(job), counts()) == ("Succeeded", (1, 1))


def test_a_job_that_is_deleted_while_it_runs_leaves_nothing(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]))

    def delete() -> None:
        assert client_of().delete(IMPORT_JOB.path(job.pk)).status_code == 204
        connection.close()

    files.before = delete
    assert jobs_due() == 0
    assert (ImportJob.objects.count(), counts()) == (0, (0, 0))


def test_an_export_that_is_deleted_before_it_is_sent_is_not_sent(files: Files) -> None:
    job = ExportJob.objects.create(url=f"{files.root}/x.json", path="/serviceSpecification", party="acme")
    with rival_before("catalog.exports.renew", lambda: client_of().delete(EXPORT_JOB.path(job.pk))):
        assert jobs.work(job_claim.claim(1, 0.0)[0]) is False
    assert files.posted == []


def test_it_waits_for_the_database_and_goes_on(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]))

    def fail() -> None:
        raise OperationalError("the database went away")

    with rival_before("catalog.imports.job_move", fail):
        assert jobs_due() == 0
    assert (status(job), counts()) == ("Running", (0, 0))
    ImportJob.objects.update(lease_until=LONG_AGO)
    assert jobs_due() == 1
    assert (status(job), counts()) == ("Succeeded", (1, 1))


def test_it_is_given_up_after_attempts_that_ended_their_processes(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]), status="Running", attempts=3, lease_until=LONG_AGO)
    assert jobs_due() == 1
    job.refresh_from_db()
    assert (job.status, job.error_log) == ("Failed", "given up: 3 attempts ended without a result")
    assert (files.asked, counts()) == ([], (0, 0))


def test_it_fails_of_our_own_faults_and_says_whose_they_are(files: Files) -> None:
    job = job_for(files.serve("x.json", [{"name": "A"}]))

    def fail() -> None:
        raise ZeroDivisionError

    with rival_before("catalog.imports.entries_write", fail):
        assert jobs_due() == 1
    job.refresh_from_db()
    assert (job.status, job.error_log) == ("Failed", "an error of this system; its log says more")
    assert counts() == (0, 0)


def test_two_imports_of_the_same_ids_at_once_both_succeed(files: Files) -> None:
    first, second = (job_for(files.serve(f"{n}.json", [{"id": "a", "name": f"A{n}"}])) for n in range(2))
    mine, rivals = job_claim.claim(2, 0.0)

    def strike() -> None:
        thread = threading.Thread(target=partial(jobs.work, rivals))
        thread.start()
        thread.join(20)

    with rival_before("catalog.bulk._make", strike):
        assert jobs.work(mine) is True
    assert (status(first), status(second)) == ("Succeeded", "Succeeded")
    assert (ServiceSpecification.objects.get().revision, Event.objects.count()) == (2, 2)


MAKE = """
from catalog.models import ImportJob
ImportJob.objects.create(id="j", url={url!r}, path="/serviceSpecification")
"""
TELL = """
from catalog.models import ImportJob, ServiceSpecification
from tmf.models import Event
job = ImportJob.objects.get()
print("told", job.status, job.attempts, ServiceSpecification.objects.count(), Event.objects.count(), "end")
"""


def test_a_killed_process_loses_and_doubles_nothing(files: Files, database: str, processes: Processes) -> None:
    """kill -9 while the file is on its way; another process takes over when the lease has ended."""
    url = files.serve("x.json", [{"id": f"{n}", "name": "A"} for n in range(50)])
    short = {"JOB_TIMEOUT_SECONDS": "1.5", "LEASE_MARGIN_SECONDS": "0.5"}
    arrived, go = threading.Event(), threading.Event()

    def hold() -> None:
        arrived.set()
        go.wait(20)

    files.before = hold
    assert processes.manage("shell", "-c", MAKE.format(url=url), database=database).wait(60) == 0
    dying = processes.manage("sweeper", database=database, **short)
    assert arrived.wait(60)
    dying.kill()
    files.before = lambda: None
    go.set()
    heir = processes.manage("sweeper", database=database, **short)
    teller = partial(processes.manage, "shell", "-c", TELL, database=database)

    def told() -> str:
        asked = teller()
        asked.wait(60)
        return asked.output()

    wait_until(lambda: "told Succeeded 2 50 1 end" in told(), 60, "the job is done, once", pause=0.5)
    heir.stop()
