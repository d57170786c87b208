"""The documentation that partners read. Everything is served from here: no page loads anything from elsewhere."""

import json
from functools import cache
from pathlib import Path

import yaml
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tmf.docs.contents import EXAMPLES, collections, contents
from tmf.openapi import document, published
from tmf.resources import Api

STRICT = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'"
# Swagger UI and Redoc style their elements in place, draw with data: addresses and search in a worker.
POLICY = f"{STRICT}; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:"
EXAMPLES_HOST = "http://127.0.0.1:8000"
COLLECTION_TYPES = {".json": "application/json;charset=utf-8", ".http": "text/plain;charset=utf-8"}
MEDIA_TYPES = {"json": "application/json;charset=utf-8", "yaml": "application/yaml;charset=utf-8"}


@require_safe
def openapi(request: HttpRequest, root: str, form: str) -> HttpResponse:
    """`{root}/openapi.json` and `{root}/openapi.yaml`."""
    found = next((api for api in published() if api.root == f"/{root}"), None)
    if found is None:
        raise Http404
    return HttpResponse(as_json(found) if form == "json" else as_yaml(found), content_type=MEDIA_TYPES[form])


@cache
def as_json(api: Api) -> str:
    return json.dumps(document(api), ensure_ascii=False, separators=(",", ":"))


@cache
def as_yaml(api: Api) -> str:
    made: str = yaml.safe_dump(document(api), sort_keys=False, allow_unicode=True, width=120)
    return made


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _page(request, "index", {**contents(), "host": _host(request)}, STRICT)


@require_safe
def collection(request: HttpRequest, name: str) -> HttpResponse:
    """The requests of docs/examples for a program that sends them, with this host filled in."""
    if name not in collections():
        raise Http404
    text = (EXAMPLES / name).read_text().replace(EXAMPLES_HOST, _host(request))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=COLLECTION_TYPES[Path(name).suffix], headers=headers)


@require_safe
def swagger(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, "swagger", {"api": _named(slug)})


@require_safe
def redoc(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, "redoc", {"api": _named(slug)})


def _host(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _named(slug: str) -> Api:
    found = next((api for api in published() if api.slug == slug), None)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, name: str, context: dict[str, object], policy: str = POLICY) -> HttpResponse:
    response = render(request, f"tmf/docs/{name}.html", context)
    response["Content-Security-Policy"] = policy
    return response
