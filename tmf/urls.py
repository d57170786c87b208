"""The paths of resources and hubs under an API's prefix: with and without a trailing slash, no redirect."""

from django.urls import URLPattern, path

from tmf.endpoints import Endpoint
from tmf.hub import hub_collection, hub_member
from tmf.resources import Api
from tmf.views import ApiView, collection_view, member_view


def resource_paths(endpoint: Endpoint) -> list[URLPattern]:
    """`v4/serviceOrder` and `v4/serviceOrder/{id}`; to be included under settings.API_PREFIXES[api.name]."""
    root = f"{endpoint.resource.api.version}/{endpoint.resource.name}"
    return [*_both(root, collection_view(endpoint)), *_both(f"{root}/<str:id>", member_view(endpoint))]


def hub_paths(api: Api) -> list[URLPattern]:
    """`v4/hub` and `v4/hub/{id}`."""
    root = f"{api.version}/hub"
    return [*_both(root, hub_collection(api)), *_both(f"{root}/<str:id>", hub_member(api))]


def _both(route: str, view: type[ApiView]) -> list[URLPattern]:
    """The second way of writing a path is answered, but not documented."""
    undocumented: type[ApiView] = type(view.__name__, (view,), {"schema": None})
    return [path(route, view.as_view()), path(f"{route}/", undocumented.as_view())]
