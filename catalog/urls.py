"""The paths of the catalogue API, under settings.API_PREFIXES["catalog"]."""

from catalog import views
from catalog.resources import API
from tmf.urls import hub_paths, resource_paths

urlpatterns = [
    *resource_paths(views.SERVICE_SPECIFICATIONS),
    *resource_paths(views.SERVICE_CANDIDATES),
    *resource_paths(views.SERVICE_CATEGORIES),
    *resource_paths(views.SERVICE_CATALOGS),
    *resource_paths(views.IMPORT_JOBS),
    *resource_paths(views.EXPORT_JOBS),
    *hub_paths(API),
]
