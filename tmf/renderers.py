"""JSON out: one encoder, one content type."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

CONTENT_TYPE = "application/json;charset=utf-8"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encoded(document: Any) -> bytes:
    return _encode(document).encode()


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return HttpResponse(encoded(document), status=status, content_type=CONTENT_TYPE, headers=headers)


def empty_response(status: int, headers: Mapping[str, str] | None = None) -> HttpResponse:
    response = HttpResponse(status=status, headers=headers)
    del response["Content-Type"]
    return response


class JsonRenderer(BaseRenderer):
    """What content negotiation offers; views answer by `json_response`."""

    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else encoded(data)
