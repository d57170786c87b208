"""The shapes of TMF641's cancelServiceOrder."""

from ordering.models import CancelState
from tmf import common_shapes as common
from tmf.shapes import Shape, attributes, choice, date_time, one, required, text, uri

ORDER_REF = common.referring("ServiceOrderRef", "A service order.")
ERROR_MESSAGE = Shape("ErrorMessage", "Why the request could not be judged.", common.ERROR.needing().attributes)

CANCEL_SERVICE_ORDER_CREATE = Shape(
    "CancelServiceOrder_Create",
    "A request to cancel an order.",
    attributes(
        serviceOrder=required(one(ORDER_REF, "The order to cancel.")),
        cancellationReason=text("Why it is to be cancelled."),
        requestedCancellationDate=date_time("When it is to be cancelled; now when none is given."),
    ),
)
CANCEL_SERVICE_ORDER = Shape(
    "CancelServiceOrder",
    "A request to cancel an order, and how it was judged.",
    {
        "id": text("Its identifier."),
        "href": uri("Its address."),
        "state": choice("How far it has come; `done` means judged, granted or refused.", CancelState.values),
        **CANCEL_SERVICE_ORDER_CREATE.attributes,
        "effectiveCancellationDate": date_time("When the order was cancelled; only when it was granted."),
        "completionMessage": text("How it was judged, and why."),
        "errorMessage": one(ERROR_MESSAGE, "Why it could not be judged."),
    },
).needing("id", "href", "state", "serviceOrder")
