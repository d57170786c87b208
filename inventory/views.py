"""What the inventory API offers for its resource, in either version."""

from inventory import services_v5
from inventory.resources import SERVICE, SERVICE_V5
from inventory.services import service_create, service_delete, service_patch
from tmf.endpoints import Endpoint

SERVICES = Endpoint(SERVICE, create=service_create, update=service_patch, delete=service_delete)
SERVICES_V5 = Endpoint(
    SERVICE_V5, create=services_v5.service_create, update=services_v5.service_patch, delete=service_delete
)
