"""The two views of every resource: its collection (list, POST) and its members (GET, PATCH, DELETE)."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

from django.http import HttpResponse
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from tmf import conditions, once, query
from tmf.actors import Actor
from tmf.endpoints import Change, Endpoint
from tmf.errors import BadRequest, MethodNotAllowed, NotFound
from tmf.gate import JSON_PATCH, JsonParser, JsonPatchParser, JsonPatchQueryParser, MergePatchParser
from tmf.models import OwnedQuerySet, StoredResource
from tmf.patching import Patch, differing, rooted
from tmf.renderers import empty_response, json_response
from tmf.resources import Api, Json, Resource
from tmf.revisions import retrying
from tmf.validation import accepted, check_update, refuse_attributes

V = TypeVar("V", bound="ResourceView")

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ApiView(APIView):
    """What every view of an API knows: who asks, under which address, with which document."""

    api: Api

    def needed_scope(self, method: str) -> str:
        return f"{self.api.name}:{'read' if method in READING else 'write'}"

    @property
    def actor(self) -> Actor:
        return cast(Actor, self.request.user)

    @property
    def base_url(self) -> str:
        """Scheme and host as the client names them; as the proxy in front says, when that is trusted."""
        return f"{self.request.scheme}://{self.request.get_host()}"

    @property
    def raw_query(self) -> str:
        return str(self.request.META.get("QUERY_STRING", ""))

    def content(self) -> Any:
        """The body's JSON. Raises BadRequest, UnsupportedMediaType."""
        if self.request.stream is None:
            raise BadRequest("the body is empty; a JSON document is needed")
        return self.request.data

    def once(self, path: str, document: Any, make: Callable[[], HttpResponse]) -> HttpResponse:
        """The answer to a POST, which is made once for each Idempotency-Key."""
        key = self.request.headers.get(once.HEADER)
        return retrying(lambda: once.answer(key, actor=self.actor, path=path, document=document, make=make))

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return empty_response(204)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise MethodNotAllowed(f"{request.method} is not offered here; {', '.join(self.allowed_methods)} are")


class ResourceView(ApiView):
    endpoint: Endpoint
    resource: Resource

    def rows(self) -> OwnedQuerySet[Any]:
        """What the caller may know of."""
        every = cast(OwnedQuerySet[Any], self.resource.model.objects.get_queryset())
        return every.visible_to(self.actor).prefetch_related(*self.resource.prefetch)

    def shown(self, row: StoredResource, fields: str | None) -> Json:
        return query.select(self.resource.represent(row, self.base_url), fields, typed=self.api.typed)

    def answer(self, row: StoredResource, status: int = 200, **headers: str) -> HttpResponse:
        shown = self.shown(row, query.fields_of(self.raw_query))
        return json_response(shown, status, {"ETag": conditions.etag(row), **headers})


class CollectionView(ResourceView):
    parser_classes = [JsonParser]

    def get(self, request: Request) -> HttpResponse:
        page = query.page(self.resource, self.rows(), self.raw_query)
        shown = [self.shown(row, page.fields) for row in page.rows]
        return json_response(shown, page.status, page.headers(self.base_url, request.path))

    def post(self, request: Request) -> HttpResponse:
        document = self.content()
        return self.once(self.resource.path(), document, lambda: self._created(document))

    def _created(self, document: Any) -> HttpResponse:
        row = self.endpoint.create(actor=self.actor, document=document)
        return self.answer(row, 201, Location=self.base_url + self.resource.path(row.pk))


class MemberView(ResourceView):
    parser_classes = [JsonParser, MergePatchParser, JsonPatchParser]

    def get_parsers(self) -> list[BaseParser]:
        return [*super().get_parsers(), *([JsonPatchQueryParser()] if self.api.typed else [])]

    def needed_scope(self, method: str) -> str:
        return (method == "DELETE" and self.endpoint.delete_scope) or super().needed_scope(method)

    def get(self, request: Request, **kwargs: str) -> HttpResponse:
        row = self.row()
        if conditions.unchanged(request.headers.get("If-None-Match"), row):
            return empty_response(304, {"ETag": conditions.etag(row)})
        return self.answer(row)

    def patch(self, request: Request, **kwargs: str) -> HttpResponse:
        patch = self.wanted(request)
        check_update(self.resource, patch.names())
        return self.answer(retrying(lambda: self._patched(patch)))

    def wanted(self, request: Request) -> Patch:
        media_type, content = _media_type(request), self.content()
        return Patch(media_type, rooted(content) if self.api.typed and media_type == JSON_PATCH else content)

    def delete(self, request: Request, **kwargs: str) -> HttpResponse:
        retrying(self._delete)
        return empty_response(204)

    def row(self) -> Any:
        """The row of the path, with If-Match heeded in a change. Raises NotFound, PreconditionFailed."""
        identifier: str = self.kwargs["id"]
        found = [] if "\0" in identifier else [*self.rows().filter(pk=identifier)]
        row = found[0] if found else None
        if row is None:
            raise NotFound(f"no {self.resource.name} has the id {identifier!r}")
        if self.request.method not in READING:
            conditions.check_if_match(self.request.headers.get("If-Match"), row)
        return row

    def _patched(self, patch: Patch) -> StoredResource:
        row = self.row()
        before = self.resource.represent(row)
        change = _change(self.resource, row, before, patch.applied(before))
        if not change.attributes:
            return cast(StoredResource, row)
        return self.endpoint.update(actor=self.actor, change=change)

    def _delete(self) -> None:
        self.endpoint.delete(actor=self.actor, row=self.row())


def _change(resource: Resource, row: StoredResource, before: Json, after: Json) -> Change:
    names = differing(before, after)
    kept = accepted_change(resource, after, names) if names else after
    return Change(row, before, kept, names if kept == after else differing(before, kept))


def accepted_change(resource: Resource, after: Json, names: frozenset[str]) -> Json:
    """The patched document as it is to be kept: what differs may be changed and is of its shape, and nothing
    mandatory is taken away. Raises Invalid."""
    check_update(resource, names)
    shape = resource.update or resource.create
    looked_at = names | {name for name, attribute in shape.attributes.items() if attribute.required}
    kept = accepted(shape, {name: after[name] for name in looked_at & after.keys()})
    new = resource.dated({name: value for name, value in kept.items() if name in names})
    made = {name: new.get(name, value) for name, value in after.items() if name in new or name not in names}
    mandatory = {name for name, attribute in resource.create.attributes.items() if attribute.required}
    refuse_attributes(mandatory & (names - made.keys()), "is mandatory and cannot be removed")
    return made


def collection_view(endpoint: Endpoint) -> type[CollectionView]:
    return _view(CollectionView, endpoint, "Collection", endpoint.offered(post=endpoint.create))


def member_view(endpoint: Endpoint) -> type[MemberView]:
    return _view(MemberView, endpoint, "Member", endpoint.offered(patch=endpoint.update, delete=endpoint.delete))


def _view(base: type[V], endpoint: Endpoint, suffix: str, methods: list[str]) -> type[V]:
    resource = endpoint.resource
    methods = ["get", "head", "options", *methods]
    named = {"endpoint": endpoint, "resource": resource, "api": resource.api, "http_method_names": methods}
    return type(resource.name[0].upper() + resource.name[1:] + suffix, (base,), named)


def _media_type(request: Request) -> str:
    return str(request.content_type).partition(";")[0].strip().lower()
