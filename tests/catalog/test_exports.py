"""Exports: what the query asks for, as a list shows it, packed by suffix and posted."""

import gzip
import io
import json
import zipfile
from typing import Any

import pytest
from django.conf import settings as config
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalog import job_claim, jobs
from catalog.jobs import jobs_due
from catalog.models import ExportJob, ImportJob, ServiceSpecification
from tests.catalog.files import Files
from tests.helpers import client_of
from tests.rivals import rival_before
from tests.tmf.answers import assert_ok
from tmf.models import Event
from tmf.resources import Json

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = "/tmf-api/serviceCatalogManagement/v4"


def make(*names: str, **more: Any) -> list[Json]:
    path = f"{ROOT}/serviceSpecification"
    return [assert_ok(client_of().post(path, {"name": n, **more}, "application/json"), 201) for n in names]


def run(url: str, **more: str) -> Json:
    made = assert_ok(client_of().post(f"{ROOT}/exportJob", {"url": url, **more}, "application/json"), 201)
    assert jobs_due() == 1
    shown: Json = assert_ok(client_of().get(f"{ROOT}/exportJob/{made['id']}"))
    return shown


def exported(files: Files, name: str = "x.json", **more: str) -> Any:
    """The content of the file that a succeeded job posted."""
    job = run(f"{files.root}/{name}", **more)
    assert job["status"] == "Succeeded", job
    path, headers, content = files.posted[-1]
    assert path == f"/{name}"
    assert headers["idempotency-key"] == job["id"]
    return json.loads(content)


def named(entries: list[Json]) -> list[str]:
    return [entry["name"] for entry in entries]


@pytest.mark.proves("what a list shows, by path and query, gz and zip", of="exportJob")
def test_it_posts_everything_as_a_list_shows_it(files: Files) -> None:
    make("B", "A", x={"zero": 0})
    listed = assert_ok(client_of().get(f"{ROOT}/serviceSpecification"))
    found = exported(files)
    assert [{**entry, "href": ""} for entry in found] == [{**entry, "href": ""} for entry in listed]
    assert found[0]["href"] == f"{config.PUBLIC_URL}{ROOT}/serviceSpecification/{found[0]['id']}"
    assert files.posted[0][1]["content-type"] == "application/json"


def test_it_posts_an_empty_array_of_nothing(files: Files) -> None:
    assert exported(files) == []


@pytest.mark.proves("what a list shows, by path and query, gz and zip", of="exportJob")
def test_it_packs_by_suffix(files: Files) -> None:
    make("A")
    run(f"{files.root}/x.json.gz")
    run(f"{files.root}/x.zip", contentType="application/x-zip")
    (_, gz_headers, gz), (_, zip_headers, zipped) = files.posted
    assert named(json.loads(gzip.decompress(gz))) == ["A"]
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        assert archive.namelist() == ["serviceSpecification.json"]
        assert named(json.loads(archive.read("serviceSpecification.json"))) == ["A"]
    assert (gz_headers["content-type"], zip_headers["content-type"]) == ("application/gzip", "application/x-zip")


@pytest.mark.proves("what a list shows, by path and query, gz and zip", of="exportJob")
def test_it_asks_as_a_list_does(files: Files) -> None:
    make("A", "B", lifecycleStatus="Active")
    make("C")
    assert named(exported(files, query="lifecycleStatus=Active&sort=-name")) == ["B", "A"]
    assert named(exported(files, query="name.regex=^[BC]")) == ["B", "C"]
    assert named(exported(files, query="offset=1&limit=1")) == ["B"]
    assert {*exported(files, query="fields=name")[0]} == {"id", "href", "name"}
    assert exported(files, query="nosuch=1") == []


def test_it_exports_more_than_a_list_answers(files: Files, settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"PAGE_DEFAULT": 2, "PAGE_MAX": 2})
    make("A", "B", "C")
    assert named(exported(files)) == ["A", "B", "C"]


def test_it_exports_one_member(files: Files) -> None:
    first, _ = make("A", "B")
    assert named(exported(files, path=f"/serviceSpecification/{first['id']}")) == ["A"]


def test_its_file_can_be_imported_elsewhere_and_gives_the_same(files: Files) -> None:
    make("A", "B", description="x", specCharacteristic=[{"name": "c", "minCardinality": 0}])
    run(f"{files.root}/x.json.gz")
    shown = assert_ok(client_of().get(f"{ROOT}/serviceSpecification"))
    ServiceSpecification.objects.all().delete()
    files.served["/x.json.gz"] = files.posted[0][2]
    ImportJob.objects.create(url=f"{files.root}/x.json.gz", path="/serviceSpecification")
    assert jobs_due() == 1
    again = assert_ok(client_of().get(f"{ROOT}/serviceSpecification"))
    assert [{**e, "lastUpdate": ""} for e in again] == [{**e, "lastUpdate": ""} for e in shown]


def test_it_raises_no_event(files: Files) -> None:
    run(f"{files.root}/x.json")
    assert Event.objects.count() == 0


@pytest.mark.parametrize("status", [301, 400, 503])
def test_it_fails_when_the_file_is_not_taken(files: Files, status: int) -> None:
    files.status = status
    job = run(f"{files.root}/x.json")
    assert (job["status"], job["errorLog"]) == ("Failed", f"the url answered {status}")


def test_it_fails_when_nobody_listens(free_port: int) -> None:
    job = run(f"http://127.0.0.1:{free_port}/x.json")
    assert job["status"] == "Failed"
    assert "cannot be reached" in job["errorLog"]


def test_it_fails_of_a_file_that_gets_too_large(files: Files, settings: Settings) -> None:
    make("A" * 300, description="b" * 2000)
    settings.ENV = settings.ENV.model_copy(update={"JOB_MAX_BYTES": 1024})
    job = run(f"{files.root}/x.json")
    assert (job["status"], files.posted) == ("Failed", [])
    assert "larger than 1024 bytes" in job["errorLog"]


def test_it_reads_in_portions_and_asks_no_more_for_more_rows(files: Files) -> None:
    def queries() -> int:
        ExportJob.objects.create(url=f"{files.root}/x.json", path="/serviceSpecification")
        (job,) = job_claim.claim(1, 0.0)
        with CaptureQueriesContext(connection) as seen:
            jobs._worked(job)
        return len(seen)

    make("A")
    few = queries()
    make("B", "C", "D")
    assert queries() == few


def test_it_is_sent_again_under_the_same_key_when_its_process_dies_before_it_is_written_down(files: Files) -> None:
    def die() -> None:
        raise SystemExit

    job = ExportJob.objects.create(url=f"{files.root}/x.json", path="/serviceSpecification")
    with rival_before("catalog.exports.job_move", die), pytest.raises(SystemExit):
        jobs.work(job_claim.claim(1, 0.0)[0])
    ExportJob.objects.update(lease_until="2000-01-01T00:00:00Z")
    assert jobs_due() == 1
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("Succeeded", 2)
    assert [headers["idempotency-key"] for _, headers, _ in files.posted] == [job.pk] * 2
