"""Jobs as resources: asked for, read, deleted, never changed, and told of by no event."""

from typing import Any, ClassVar

import pytest

from catalog.job_resources import EXPORT_JOB, IMPORT_JOB
from tests.helpers import client_of
from tests.tmf.answers import assert_error, assert_ok
from tests.tmf.cases import JSON, StoredCases
from tmf.models import Event
from tmf.resources import Json

URL = "https://files.example/catalogue.json.gz"


class JobCases(StoredCases):
    minimal: ClassVar[Json] = {"url": URL}
    mandatory: ClassVar[tuple[str, ...]] = ("url",)

    def test_it_has_not_started_whatever_the_client_says(self) -> None:
        said: Json = {"status": "Succeeded", "creationDate": "2000-01-01T00:00:00Z", "errorLog": "x"}
        said["completionDate"] = 7
        made = self.made(**said)
        assert made["status"] == "Not Started"
        assert made["creationDate"] > "2020"
        assert made.keys() == {"id", "href", "url", "path", "status", "creationDate"}

    @pytest.mark.parametrize("path", [None, "/serviceCategory", "serviceCandidate", "/serviceCatalog/"])
    def test_it_takes_the_path_of_a_resource(self, path: str | None) -> None:
        made = self.made() if path is None else self.made(path=path)
        assert made["path"] == (path or "/serviceSpecification")

    def test_it_takes_a_path_with_the_apis_root(self) -> None:
        assert self.made(path=f"{self.resource.api.root}/serviceCatalog")["status"] == "Not Started"

    @pytest.mark.parametrize("path", ["", "/", "/importJob", "/serviceOrder", "/serviceSpecification/a/b", "x" * 301])
    def test_it_refuses_a_path_that_names_no_resource(self, path: str) -> None:
        assert_error(client_of().post(self.path, {"url": URL, "path": path}, JSON), 400, "path")
        self.nothing_happened()

    @pytest.mark.parametrize(
        "url",
        [
            "", "catalogue.json", "ftp://files.example/x", "http://", "http://a b/", "http://10.0.0.1/x", 7, None,
            "http://169.254.169.254/latest", "http://[::1]/x", "http://u:p@files.example/x", "http://files.example/x#y",
        ],
    )  # fmt: skip
    def test_it_refuses_what_is_no_address_to_call(self, url: Any) -> None:
        assert_error(client_of().post(self.path, {"url": url}, JSON), 400, "url")
        self.nothing_happened()

    @pytest.mark.parametrize("content_type", ["json", "a/b\r\nX: y", ""])
    def test_it_refuses_what_is_no_media_type(self, content_type: str) -> None:
        assert_error(client_of().post(self.path, {"url": URL, "contentType": content_type}, JSON), 400, "contentType")
        self.nothing_happened()

    @pytest.mark.proves("405 with Allow for what is not offered")
    @pytest.mark.parametrize("method", ["patch", "put"])
    def test_it_offers_no_change(self, method: str) -> None:
        made = self.made()
        answer = getattr(client_of(), method)(self.member(made["id"]), {"url": "https://other.example"}, JSON)
        assert_error(answer, 405)
        assert {*answer["Allow"].split(", ")} == {"GET", "HEAD", "OPTIONS", "DELETE"}
        self.unchanged(made)

    @pytest.mark.proves("DELETE: 204, then 404", "DELETE: 412 for a stale If-Match")
    def test_it_deletes(self) -> None:
        made = self.made()
        assert_error(client_of().delete(self.member(made["id"]), headers={"if-match": '"7"'}), 412)
        assert_error(client_of("stranger").delete(self.member(made["id"])), 404)
        assert client_of().delete(self.member(made["id"])).status_code == 204
        assert_error(client_of().delete(self.member(made["id"])), 404)
        assert self.resource.model.objects.count() == Event.objects.count() == 0

    @pytest.mark.parametrize("query", ["status=Not%20Started", 'status="Not Started"', "creationDate.gt=2020-01-01"])
    def test_it_filters_by_its_columns(self, query: str) -> None:
        made = self.made()
        assert assert_ok(client_of().get(f"{self.path}?{query}")) == [made]
        assert assert_ok(client_of().get(f"{self.path}?status=Running")) == []


class TestImportJob(JobCases):
    resource = IMPORT_JOB

    def test_it_refuses_a_member_as_its_place(self) -> None:
        assert_error(client_of().post(self.path, {"url": URL, "path": "/serviceCatalog/7"}, JSON), 400, "path")
        self.nothing_happened()


class TestExportJob(JobCases):
    resource = EXPORT_JOB

    def test_it_keeps_its_query(self) -> None:
        made = self.made(query="lifecycleStatus=Active&fields=name", path="/serviceCatalog/7")
        assert made["query"] == "lifecycleStatus=Active&fields=name"

    @pytest.mark.parametrize("query", ["name", "limit=-1", "filter=$[", "sort=a,b,c,d,e,f", "name.regex=(", 7])
    def test_it_refuses_a_query_that_cannot_be_read(self, query: Any) -> None:
        assert_error(client_of().post(self.path, {"url": URL, "query": query}, JSON), 400, "query")
        self.nothing_happened()
