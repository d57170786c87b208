"""The paths of the ordering API, under settings.API_PREFIXES["ordering"]."""

from ordering.resources import API
from ordering.views import CANCEL_SERVICE_ORDERS, SERVICE_ORDERS
from tmf.urls import hub_paths, resource_paths

urlpatterns = [*resource_paths(SERVICE_ORDERS), *resource_paths(CANCEL_SERVICE_ORDERS), *hub_paths(API)]
