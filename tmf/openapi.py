"""OpenAPI 3.1 from the descriptions of resources: one document for each API and version."""

from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry

from tmf import openapi_operations, openapi_parts
from tmf.common_shapes import event, typed_event
from tmf.envelope import WITH_FIELD_PATH
from tmf.resources import Api, Json, Resource
from tmf.shapes import Shape, components

METHODS = ("GET", "POST", "PATCH", "DELETE")


class ResourceSchema(AutoSchema):
    """One operation, told from the view's resource, or from its being a hub, instead of from serializers."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Json | None:
        member = "{id}" in path
        view: Any = self.view
        resource: Resource | None = getattr(view, "resource", None)
        if resource is not None:
            made = openapi_operations.of_resource(resource, method, member=member)
        elif getattr(view, "api", None) is not None:
            made = openapi_operations.of_hub(view.api, member=member)
        else:
            return super().get_operation(path, path_regex, path_prefix, method, registry)
        return {**made, "security": openapi_parts.security(view.needed_scope(method))}


class ApiGenerator(SchemaGenerator):
    """Reads the paths of one API only."""

    api: Api

    def _initialise_endpoints(self) -> None:
        self.inspector = EndpointEnumerator(self.patterns, self.urlconf)
        found = self.inspector.get_api_endpoints()
        self.endpoints = [endpoint for endpoint in found if getattr(endpoint[-1].cls, "api", None) == self.api]


def add_components(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """drf-spectacular's postprocessing hook: what the operations refer to, the events, and what the API is."""
    if not isinstance(generator, ApiGenerator):
        return result
    api = generator.api
    shown = [*resources(api)]
    return {
        "openapi": result["openapi"],
        "info": {"title": api.title, "version": api.release, "description": api.description},
        "tags": [{"name": r.name, "description": r.shape.description} for r in shown] + [openapi_operations.HUB_TAG],
        "paths": result["paths"],
        "webhooks": {
            name[0].lower() + name[1:]: openapi_operations.of_event(name, r) for r in shown for name in r.events
        },
        "components": {
            "schemas": {**components(_shapes(api, shown)), **openapi_parts.SCHEMAS},
            "parameters": openapi_parts.parameters(),
            "headers": openapi_parts.HEADERS,
            "responses": openapi_parts.error_responses(api),
            "securitySchemes": openapi_parts.security_schemes(api),
        },
    }


def _shapes(api: Api, resources: list[Resource]) -> list[Shape]:
    own = [shape for r in resources for shape in (r.shape, r.create, r.update) if shape]
    events = [event_shape(name, r) for r in resources for name in r.events]
    return [*own, *events, *openapi_operations.hub_shapes(api), *openapi_parts.SHAPES]


def event_shape(name: str, resource: Resource) -> Shape:
    if resource.api.typed:
        return typed_event(name, resource.name, resource.shape)
    return event(name, resource.name, resource.shape, field_path=name.endswith(WITH_FIELD_PATH))


@cache
def published() -> tuple[Api, ...]:
    """Every API that has paths, in the order of settings.API_PREFIXES."""
    enumerator = EndpointEnumerator()
    views = [callback.cls for *_, callback in enumerator.get_api_endpoints()]
    found = dict.fromkeys(view.api for view in views if hasattr(view, "api"))
    return tuple(sorted(found, key=lambda api: [*settings.API_PREFIXES].index(api.name)))


@cache
def document(api: Api) -> Json:
    """The API's OpenAPI document. It is the same for everybody and for as long as the process lives."""
    kind: Any = ApiGenerator  # its constructor has no types
    generator = kind()
    generator.api = api
    made: Json = generator.get_schema(public=True)
    return made


@cache
def resources(api: Api) -> dict[Resource, list[str]]:
    """What the API's paths show, and the HTTP methods that each resource offers; those with most methods first."""
    found: dict[Resource, list[str]] = {}
    for *_, method, callback in EndpointEnumerator().get_api_endpoints():
        resource = getattr(callback.cls, "resource", None)
        if resource is not None and resource.api == api:
            found.setdefault(resource, []).append(method)
    return {r: [m for m in METHODS if m in found[r]] for r in sorted(found, key=lambda r: -len(found[r]))}
