"""A chunked body arrives whole, and is bounded like any other."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

from catalog.models import ServiceSpecification
from catalog.resources import SERVICE_SPECIFICATION
from tests.helpers import token_of
from tmf.chunked import ChunkedBodies

pytestmark = pytest.mark.django_db(transaction=True)  # a WSGI handler closes connections as it likes


def posted(body: bytes, **more: Any) -> tuple[str, dict[str, Any]]:
    """Status line and body of a POST as a WSGI server hands it over when the client named no length."""
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": SERVICE_SPECIFICATION.path(), "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": f"Bearer {token_of('acme', settings.BSS_SCOPES)}",
        "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(body), "wsgi.input_terminated": True, **more,
    }  # fmt: skip
    chunks = ChunkedBodies(WSGIHandler())(environ, lambda status, headers, error=None: told.append(status))
    return told[0], json.loads(b"".join(chunks))


def test_it_reads_a_chunked_body() -> None:
    status, body = posted(b'{"name": "x"}')
    assert (status, body["name"]) == ("201 Created", "x")


def test_it_bounds_a_chunked_body() -> None:
    status, body = posted(b'{"name": "' + b"x" * settings.ENV.BODY_MAX_BYTES + b'"}')
    assert (status, body["status"]) == ("400 Bad Request", "400")
    assert ServiceSpecification.objects.count() == 0


def test_it_does_not_wait_for_a_body_whose_end_the_server_does_not_tell() -> None:
    status, _ = posted(b'{"name": "x"}', **{"wsgi.input_terminated": False})
    assert status == "400 Bad Request"
