"""One log line per request, with the id under which everything else about it is logged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django_structlog.middlewares import RequestMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest

# What follows a callback's operation key is its signature: whoever has it may answer in the target's name.
SIGNATURE = re.compile(r"(?<=/callbacks/)([^/]+/).+")


class RequestLog(RequestMiddleware):
    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Without the query: it may carry what is nobody's business."""
        path = SIGNATURE.sub(r"\1***", request.path)
        return f"{request.method} {path}"
