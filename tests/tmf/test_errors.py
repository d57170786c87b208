"""Whatever fails, and whoever notices: a TMF error body, never HTML, never a stack trace."""

from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404
from pytest_django import Settings

from catalog.models import ServiceSpecification
from catalog.resources import API, SERVICE_SPECIFICATION
from tests.helpers import anonymous, client_of
from tests.tmf.answers import assert_error, assert_ok
from tmf.errors import TmfError, told

pytestmark = pytest.mark.django_db
PATH = SERVICE_SPECIFICATION.path()
SECRET = "postgres://user:hunter2@db"


def failing(error: Exception) -> Any:
    """The answer to a list whose query fails like this."""
    client = client_of()
    with mock.patch("tmf.views.ResourceView.rows", side_effect=error):
        return client.get(PATH)


@pytest.mark.parametrize("path", ["/nothing", f"{API.root}/nothing", API.root, f"{PATH}/a/b", "/tmf-api/"])
@pytest.mark.parametrize("debug", [False, True])
def test_it_tells_of_an_unknown_path(path: str, debug: bool, settings: Settings) -> None:
    settings.DEBUG = debug
    for answer in (anonymous().get(path), client_of().post(path, {}, "application/json")):
        assert_error(answer, 404)


@pytest.mark.parametrize("path", [PATH, "/nothing"])
def test_it_tells_of_a_host_that_is_not_served(path: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["good.example"]
    assert_error(client_of().get(path, headers={"host": "evil.example"}), 400)


@pytest.mark.parametrize("debug", [False, True])
def test_it_tells_nothing_of_an_unforeseen_error(
    debug: bool, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = debug
    answer = failing(RuntimeError(SECRET))
    body = assert_error(answer, 500)
    assert "hunter2" not in answer.content.decode()
    assert body.keys() == {"@type", "code", "reason", "status"}
    assert [record.levelname for record in caplog.records if record.name == "tmf.errors"] == ["ERROR"]


@pytest.mark.parametrize("error", [OperationalError(SECRET), InterfaceError(SECRET)])
def test_it_asks_to_come_again_when_the_database_is_away(error: Exception) -> None:
    answer = failing(error)
    assert_error(answer, 503)
    assert int(answer["Retry-After"]) > 0
    assert "hunter2" not in answer.content.decode()


def test_it_asks_to_come_again_when_the_database_is_away_before_anybody_is_known() -> None:
    with mock.patch("tmf.auth.actor_of", side_effect=OperationalError(SECRET)):
        assert_error(client_of().get(PATH), 503)


@pytest.mark.parametrize(
    ("error", "status"),
    [(Http404(), 404), (PermissionDenied(), 403), (SuspiciousOperation(SECRET), 400), (ValueError(SECRET), 500)],
)
def test_it_tells_what_django_raises(error: Exception, status: int) -> None:
    answer = failing(error)
    assert_error(answer, status)
    assert "hunter2" not in answer.content.decode()


def test_it_tells_of_a_text_that_is_too_long_for_its_column() -> None:
    body = {"name": "x", "@type": "x" * 5000}
    assert_error(client_of().post(PATH, body, "application/json"), 400)
    assert ServiceSpecification.objects.count() == 0


def test_it_tells_of_a_body_that_is_too_large(settings: Settings) -> None:
    body = b'{"name": "' + b"x" * settings.ENV.BODY_MAX_BYTES + b'"}'
    assert_error(client_of().generic("POST", PATH, body, "application/json"), 400, str(settings.ENV.BODY_MAX_BYTES))
    assert ServiceSpecification.objects.count() == 0


@pytest.mark.parametrize("path", [PATH, f"{PATH}/x", f"{API.root}/hub", f"{API.root}/hub/x"])
@pytest.mark.parametrize("method", ["PUT", "TRACE", "FLY"])
def test_it_tells_which_methods_there_are(path: str, method: str) -> None:
    answer = client_of().generic(method, path)
    assert_error(answer, 405, method)
    assert "OPTIONS" in answer["Allow"].split(", ")


def test_it_answers_options_with_the_methods() -> None:
    answer = client_of().options(PATH)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_it_answers_head_like_get_without_a_body() -> None:
    client = client_of()
    got, headed = client.get(PATH), client.head(PATH)
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed["X-Total-Count"] == got["X-Total-Count"] == "0"


def test_it_leaves_the_pages_of_the_admin_alone() -> None:
    answer = anonymous().get("/admin/nothing/")
    assert not answer["Content-Type"].startswith("application/json")


def test_it_names_the_attribute_at_fault() -> None:
    answer = client_of().post(PATH, {"name": 7}, "application/json")
    assert_error(answer, 400, "name")


def test_it_derives_hrefs_from_the_request(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["api.example"]
    made = assert_ok(client_of().post(PATH, {"name": "x"}, "application/json", headers={"host": "api.example"}), 201)
    assert made["href"] == f"http://api.example{PATH}/{made['id']}"


def test_it_trusts_the_headers_of_a_proxy_only_when_told_to(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "api.example"]
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "api.example"}
    client = client_of()
    assert client.post(PATH, {"name": "x"}, "application/json", headers=headers)["Location"].startswith(
        "http://testserver/"
    )
    settings.USE_X_FORWARDED_HOST = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.post(PATH, {"name": "x"}, "application/json", headers=headers)["Location"].startswith(
        "https://api.example/"
    )


def test_an_error_says_code_reason_and_status_as_texts() -> None:
    assert told(TmfError("m", path="a[0].b")).body() == {
        "@type": "Error", "code": "internalError", "reason": "Internal error", "status": "500", "message": "a[0].b: m",
    }  # fmt: skip
