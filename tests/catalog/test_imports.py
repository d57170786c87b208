"""Imports: read, checked, written all or nothing, told of by one event."""

import gzip
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from catalog import job_claim, jobs
from catalog.jobs import jobs_due
from catalog.models import ImportJob, ServiceCandidate, ServiceCatalog, ServiceCategory, ServiceSpecification
from catalog.resources import SERVICE_CATEGORY, SERVICE_SPECIFICATION
from tests.catalog.files import Files
from tests.catalog.test_packing import zipped
from tests.helpers import client_of
from tests.tmf.answers import assert_ok
from tmf.models import Event
from tmf.resources import Json

pytestmark = pytest.mark.django_db(transaction=True)

JOBS = "/tmf-api/serviceCatalogManagement/v4/importJob"


def run(url: str, path: str = "/serviceSpecification") -> Json:
    """A job from its POST to its end."""
    made = assert_ok(client_of().post(JOBS, {"url": url, "path": path}, "application/json"), 201)
    assert made["status"] == "Not Started"
    assert jobs_due() == 1
    shown: Json = assert_ok(client_of().get(f"{JOBS}/{made['id']}"))
    assert shown["completionDate"] >= shown["creationDate"]
    return shown


def succeeds(url: str, path: str = "/serviceSpecification") -> Json:
    job = run(url, path)
    assert job["status"] == "Succeeded", job
    assert "errorLog" not in job
    return job


def fails(url: str, *words: str, path: str = "/serviceSpecification") -> str:
    """With these words, and nothing else that happens."""
    before = counts()
    job = run(url, path)
    assert job["status"] == "Failed"
    assert counts() == before
    for word in words:
        assert word in job["errorLog"], job["errorLog"]
    return str(job["errorLog"])


def counts() -> tuple[int, ...]:
    models = (ServiceSpecification, ServiceCategory, ServiceCandidate, ServiceCatalog, Event)
    return tuple(model.objects.count() for model in models)


def listed(name: str) -> list[Json]:
    found: list[Json] = assert_ok(client_of().get(f"/tmf-api/serviceCatalogManagement/v4/{name}"))
    return found


# -- what is made ---------------------------------------------------------------------------
def test_it_makes_every_element_in_order_with_what_a_post_fills_in(files: Files) -> None:
    succeeds(files.serve("x.json", [{"name": "A", "x": {"zero": 0}}, {"name": "B", "isBundle": True, "version": "2"}]))
    first, second = listed("serviceSpecification")
    assert (first["name"], first["version"], first["lifecycleStatus"], first["isBundle"]) == (
        "A", "1.0", "In Study", False,
    )  # fmt: skip
    assert first["x"] == {"zero": 0}
    assert (second["name"], second["version"], second["isBundle"]) == ("B", "2", True)


def test_it_spells_out_what_a_file_leaves_unsaid(files: Files) -> None:
    valid = {"startDateTime": "2017-08-23T00:00", "endDateTime": None}
    succeeds(files.serve("x.json", [{"name": "A", "description": None, "lastUpdate": None, "validFor": valid}]))
    (made,) = listed("serviceSpecification")
    assert made["validFor"] == {"startDateTime": "2017-08-23T00:00:00Z"}
    assert "description" not in made


@pytest.mark.proves("all or nothing, by path, gz and zip", of="importJob")
@pytest.mark.parametrize("path", ["/serviceCategory", "serviceCandidate", "/serviceCatalog"])
def test_it_makes_them_at_the_resource_that_the_path_names(files: Files, path: str) -> None:
    succeeds(files.serve("x.json", [{"name": "A", "serviceSpecification": {"id": "s"}}]), path)
    assert [entry["name"] for entry in listed(path.strip("/"))] == ["A"]
    assert sum(counts()) == 2


@pytest.mark.proves("all or nothing, by path, gz and zip", of="importJob")
@pytest.mark.parametrize(
    ("name", "pack"),
    [("x.json.gz", gzip.compress), ("x.zip", lambda raw: zipped("a.json", content=raw)), ("x", lambda raw: raw)],
)
def test_it_unpacks_by_suffix(files: Files, name: str, pack: Any) -> None:
    succeeds(files.serve(name, pack(b'[{"name": "A"}]')) + "?signature=x.y")
    assert files.asked == [f"/{name}?signature=x.y"]
    assert counts()[0] == 1


def test_it_takes_a_gz_that_the_server_declares_an_encoding(files: Files) -> None:
    files.headers = {"Content-Encoding": "gzip"}
    succeeds(files.serve("x.json.gz", gzip.compress(b'[{"name": "A"}]')))


@pytest.mark.proves("event: Batch", of="serviceCatalog")
def test_it_tells_of_all_by_one_event(files: Files) -> None:
    job = succeeds(files.serve("x.json", [{"id": str(n), "name": "A"} for n in range(30)]))
    event = Event.objects.get()
    assert (event.type, event.resource, event.resource_id) == ("ServiceCatalogBatchEvent", "serviceCatalog", job["id"])
    assert event.payload["href"] == f"{JOBS}/{job['id']}"
    assert event.payload["description"] == "30 made, 0 changed, at /serviceSpecification"
    assert event.payload.keys() >= {"id", "name", "lastUpdate"}


def test_it_asks_no_more_of_the_database_for_more_records(files: Files) -> None:
    def queries(count: int) -> int:
        file = files.serve(f"{count}.json", [{"id": f"{count}-{n}", "name": "A"} for n in range(count)])
        client_of().post(JOBS, {"url": file}, "application/json")
        (job,) = job_claim.claim(1, 0.0)
        with CaptureQueriesContext(connection) as seen:
            jobs._worked(job)
        return len(seen)

    assert queries(2) == queries(200)


# -- ids ------------------------------------------------------------------------------------
def test_it_keeps_the_ids_that_the_file_brings_so_that_references_hold(files: Files) -> None:
    tree = [
        {"id": "home", "name": "Home", "parentId": "top"},
        {"id": "top", "name": "All", "category": [{"id": "home"}]},
        {"name": "Else"},
    ]
    succeeds(files.serve("x.json", tree), "/serviceCategory")
    shown = {entry["id"]: entry for entry in listed("serviceCategory")}
    assert (shown["home"]["parentId"], shown["home"]["isRoot"], shown["top"]["isRoot"]) == ("top", False, True)
    assert shown["home"]["href"].endswith("/serviceCategory/home")
    assert len(shown) == 3


def test_it_brings_up_to_date_what_is_held_under_the_id_and_leaves_the_same_alone(files: Files) -> None:
    first = [{"id": "a", "name": "A", "description": "old"}, {"id": "b", "name": "B"}]
    succeeds(files.serve("1.json", first))
    succeeds(files.serve("2.json", [{"id": "a", "name": "A2"}, first[1], {"id": "c", "name": "C"}]))
    shown = {entry["id"]: entry for entry in listed("serviceSpecification")}
    assert {(identifier, entry["name"]) for identifier, entry in shown.items()} == {("a", "A2"), ("b", "B"), ("c", "C")}
    assert "description" not in shown["a"]
    revisions = dict(ServiceSpecification.objects.values_list("pk", "revision"))
    assert revisions == {"a": 2, "b": 1, "c": 1}
    assert Event.objects.latest("id").payload["description"].startswith("1 made, 1 changed")


def test_it_tells_nobody_of_an_import_that_changes_nothing(files: Files) -> None:
    url = files.serve("1.json", [{"id": "a", "name": "A"}])
    succeeds(url)
    succeeds(url)
    succeeds(files.serve("empty.json", []))
    assert counts() == (1, 0, 0, 0, 1)


def test_it_is_changed_further_by_a_patch_of_somebody_who_read_it_before(files: Files) -> None:
    succeeds(files.serve("1.json", [{"id": "a", "name": "A"}]))
    path = SERVICE_SPECIFICATION.path("a")
    tag = client_of().get(path)["ETag"]
    succeeds(files.serve("2.json", [{"id": "a", "name": "A2"}]))
    stale = client_of().patch(path, {"description": "x"}, "application/json", headers={"if-match": tag})
    assert stale.status_code == 412
    assert assert_ok(client_of().patch(path, {"description": "x"}, "application/json"))["name"] == "A2"


@pytest.mark.proves("all or nothing, by path, gz and zip", of="importJob")
# -- what fails -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("element", "words"),
    [
        ({"id": "7"}, ("record [1] (id 7): name: is missing",)),
        ({"name": ""}, ("record [1] (name ): name:",)),
        ({"id": "7", "name": "A", "isBundle": "yes"}, ("record [1] (id 7, name A): isBundle:",)),
        ({"name": "A", "specCharacteristic": [{"minCardinality": "x"}]}, ("specCharacteristic[0].minCardinality",)),
        ({"id": "a", "name": "A"}, ("record [1] (id a, name A): id: record [0] has the same",)),
        ({"id": "a/b", "name": "A"}, ("record [1]", "id: must be")),
        ({"id": "..", "name": "A"}, ("id: must be",)),
        ({"id": "", "name": "A"}, ("id: must be",)),
        ({"id": 7, "name": "A"}, ("id: must be",)),
        ({"id": "x" * 101, "name": "A"}, ("id: must be",)),
        ("text", ("record [1]: must be an object",)),
        (None, ("record [1]",)),
    ],
)
def test_it_makes_nothing_of_a_file_with_one_record_at_fault(
    files: Files, element: Any, words: tuple[str, ...]
) -> None:
    fails(files.serve("x.json", [{"id": "a", "name": "A"}, element, {"name": "C"}]), *words)


def test_it_names_every_record_at_fault_up_to_a_limit(files: Files) -> None:
    log = fails(files.serve("x.json", [{"name": "A"}, *[{"name": n} for n in range(30)]]))
    assert len(log.splitlines()) == 20
    assert log.splitlines()[4].startswith("record [5] (name 4): name:")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"), (b"{", "no JSON"), (b"{}", "array"), (b'"x"', "array"), (b"[NaN]", "no JSON number"),
        (b'[{"a":1,"a":2}]', "twice"), (b'[{"name":"\\u0000"}]', "U+0000"), (b"[" * 100 + b"]" * 100, "levels"),
        (b"\xff", "UTF-8"),
    ],
)  # fmt: skip
def test_it_fails_of_a_file_that_is_no_json_array(files: Files, content: bytes, words: str) -> None:
    fails(files.serve("x.json", content), words)


@pytest.mark.parametrize("name", ["x.gz", "x.zip"])
def test_it_fails_of_a_file_that_is_not_what_its_suffix_says(files: Files, name: str) -> None:
    fails(files.serve(name, b"[]"), name[1:])


def test_it_fails_when_the_url_answers_anything_but_2xx(files: Files) -> None:
    fails(f"{files.root}/nothing", "answered 404")
    files.status, files.headers = 302, {"Location": files.serve("x.json", [{"name": "A"}])}
    fails(f"{files.root}/x.json", "answered 302")


def test_it_fails_when_nobody_listens_at_the_url(free_port: int) -> None:
    fails(f"http://127.0.0.1:{free_port}/x.json", "cannot be reached", "127.0.0.1")


def test_it_fails_of_a_name_that_leads_to_an_address_that_is_not_called(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"OUTBOUND_ALLOW": "192.0.2.0/24"})
    job = ImportJob.objects.create(url="http://127.0.0.1/x.json", path="/serviceSpecification", party="acme")
    assert jobs_due() == 1
    job.refresh_from_db()
    assert (job.status, "OUTBOUND_ALLOW" in (job.error_log or "")) == ("Failed", True)


@pytest.mark.parametrize(
    ("limits", "words"),
    [({"JOB_MAX_BYTES": 1024}, "too large"), ({"JOB_MAX_RECORDS": 99}, "99 are the most")],
)
def test_it_fails_of_a_file_beyond_the_limits(files: Files, settings: Settings, limits: Any, words: str) -> None:
    settings.ENV = settings.ENV.model_copy(update=limits)
    fails(files.serve("x.json", [{"name": "A" * 20}] * 100), words)


def test_it_fails_of_a_bomb(files: Files, settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"JOB_MAX_BYTES": 100_000})
    fails(files.serve("x.gz", gzip.compress(b" " * 10_000_000)), "larger")
    fails(files.serve("x.zip", zipped("a", content=b" " * 10_000_000)), "larger")


@pytest.mark.parametrize(
    "tree",
    [
        [{"id": "a", "name": "A", "parentId": "a"}],
        [{"id": "a", "name": "A", "parentId": "b"}, {"id": "b", "name": "B", "parentId": "a"}],
        [{"id": "a", "name": "A", "parentId": "held"}],
    ],
)
def test_it_fails_of_categories_that_stand_below_themselves(files: Files, tree: list[Json]) -> None:
    held = {"id": "held", "name": "H", "parentId": "a"}  # a is not held here: accepted as it comes
    succeeds(files.serve("held.json", [held]), "/serviceCategory")
    fails(files.serve("x.json", tree), "record [0] (id a, name A): parentId", path="/serviceCategory")
    assert assert_ok(client_of().get(SERVICE_CATEGORY.path("held")))["parentId"] == "a"
