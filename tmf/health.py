"""`/healthz`: this process answers. `/readyz`: web, database and somebody who does the work are alive.

Answered before anything else of the stack, so that a probe needs no host name, no token and no log line.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse

from tmf.processes import is_alive


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match request.path_info:
            case "/healthz":
                return _answer({"web": True})
            case "/readyz":
                return _answer(readiness())
            case _:
                return self.get_response(request)


def readiness() -> dict[str, bool]:
    """Part → whether it is alive. Either of worker and sweeper does all the work."""
    try:
        worked_for = is_alive("worker") or is_alive("sweeper")
    except Error:
        return {"web": True, "database": False, "worker or sweeper": False}
    return {"web": True, "database": True, "worker or sweeper": worked_for}


def _answer(parts: dict[str, bool]) -> HttpResponse:
    missing = [part for part, alive in parts.items() if not alive]
    status = 503 if missing else 200
    body = {"status": "not ready" if missing else "ok", "missing": missing, "parts": parts}
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
