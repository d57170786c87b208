"""Where targets post their asynchronous answers."""

from rest_framework.request import Request
from rest_framework.response import Response

from orchestrator.callbacks import answer_receive
from tmf.views import ApiView


class CallbackView(ApiView):
    """`POST /callbacks/{operation key}/{signature}`: 204 whether the answer is new or came before.

    The signature in the address is the credential: nobody else can know it.
    """

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def post(self, request: Request, operation_key: str, signed: str) -> Response:
        answer_receive(operation_key=operation_key, signed=signed, body=self.content())
        return Response(status=204)
