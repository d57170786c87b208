"""What the ordering API offers for each of its resources."""

from ordering.resources import CANCEL_SERVICE_ORDER, SERVICE_ORDER
from ordering.services import order_delete, order_submit
from ordering.services_cancel import cancel_submit
from ordering.services_patch import order_patch
from tmf.endpoints import Endpoint

SERVICE_ORDERS = Endpoint(
    SERVICE_ORDER, create=order_submit, update=order_patch, delete=order_delete, delete_scope="admin"
)
CANCEL_SERVICE_ORDERS = Endpoint(CANCEL_SERVICE_ORDER, create=cancel_submit)
