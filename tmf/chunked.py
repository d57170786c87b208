"""Request bodies without a Content-Length (RFC 9112 section 7.1), which Django's WSGI handler takes for empty."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]


class ChunkedBodies:
    """Reads a chunked body, no further than one byte beyond the largest allowed, and tells its length."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if _is_chunked(environ):
            raw = environ["wsgi.input"].read(settings.ENV.BODY_MAX_BYTES + 1)
            environ["wsgi.input"] = BytesIO(raw)
            environ["CONTENT_LENGTH"] = str(len(raw))
        return self.application(environ, start_response)


def _is_chunked(environ: Environ) -> bool:
    """Whether the server has decoded a chunked body, and ends its input where the body ends."""
    coding = environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    return "chunked" in coding and not environ.get("CONTENT_LENGTH") and bool(environ.get("wsgi.input_terminated"))
