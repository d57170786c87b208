"""The paths of the inventory API, under settings.API_PREFIXES["inventory"]."""

from inventory.resources import API_V4, API_V5
from inventory.views import SERVICES, SERVICES_V5
from tmf.urls import hub_paths, resource_paths

urlpatterns = [
    *resource_paths(SERVICES),
    *hub_paths(API_V4),
    *resource_paths(SERVICES_V5),
    *hub_paths(API_V5),
]
