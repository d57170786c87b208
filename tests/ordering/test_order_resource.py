"""What every resource promises, of the service order."""

from ordering.models import ServiceOrder
from ordering.resources import SERVICE_ORDER
from tests.tmf.cases import ResourceCases


class TestServiceOrder(ResourceCases):
    resource = SERVICE_ORDER
    minimal = {"serviceOrderItem": [{"id": "1", "action": "add", "service": {"name": "line"}}]}
    mandatory = ("serviceOrderItem",)
    patch = {"description": "changed"}
    other = {"externalId": "X-1"}

    def before_delete(self, identifier: str) -> None:
        ServiceOrder.objects.filter(pk=identifier).update(state="completed")

    def needs_admin_to_delete(self) -> bool:
        return True
