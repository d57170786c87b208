"""Errors that own their status and code, and the TMF error body that each becomes (TMF630 part 1)."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions as drf

from tmf.renderers import json_response

log = logging.getLogger(__name__)


class TmfError(Exception):
    """An answer that is not 2xx. `path` names the attribute at fault, as `serviceOrderItem[1].action`.

    `remedy` says what the caller can do about it, for the documentation.
    """

    status = 500
    code = "internalError"
    reason = "Internal error"
    remedy = "It is our fault. Try again later; if it stays so, tell the operator when it was and what you sent."

    def __init__(self, message: str = "", *, path: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = f"{path}: {message}" if path else message
        self.path = path
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        made = {"@type": "Error", "code": self.code, "reason": self.reason, "status": str(self.status)}
        if self.message:
            made["message"] = self.message
        return made

    def response(self) -> HttpResponse:
        return json_response(self.body(), status=self.status, headers=self.headers)


class BadRequest(TmfError):
    status, code, reason = 400, "invalidRequest", "The request is malformed"
    remedy = "Correct the request; the message says what cannot be read."


class Invalid(BadRequest):
    code, reason = "invalidValue", "An attribute breaks a rule"
    remedy = "Correct the attribute whose path the message begins with."


class NotAuthenticated(TmfError):
    status, code, reason = 401, "notAuthenticated", "A valid bearer token is needed"
    remedy = "Get a token, or a new one, and send the request again."

    def __init__(self, message: str = "", *, challenge: str = "") -> None:
        super().__init__(message, headers={"WWW-Authenticate": 'Bearer realm="tmf-api"' + challenge})


class Forbidden(TmfError):
    status, code, reason = 403, "forbidden", "The token does not allow this"
    remedy = "Ask the operator for the scope that the message names."


class NotFound(TmfError):
    status, code, reason = 404, "notFound", "There is no such resource"
    remedy = "Check the address and the id. What belongs to another party is not found either."


class MethodNotAllowed(TmfError):
    status, code, reason = 405, "methodNotAllowed", "The resource does not offer this method"
    remedy = "Use one of the methods that the header Allow names."


class NotAcceptable(TmfError):
    status, code, reason = 406, "notAcceptable", "Only application/json can be answered"
    remedy = "Accept application/json."


class Conflict(TmfError):
    status, code, reason = 409, "conflict", "The request contradicts the resource's present state"
    remedy = "Read the resource as it is now, and decide anew; the message says what stands against it."


class LostRace(Conflict):
    """Somebody changed the row since it was read. Reading it again may help."""

    code, reason = "concurrentChange", "The resource was changed by somebody else at the same time"
    remedy = "Send the request again."


class PreconditionFailed(TmfError):
    status, code, reason = 412, "preconditionFailed", "The resource is no longer what If-Match names"
    remedy = "Read the resource again, and send the change with its new ETag."


class UnsupportedMediaType(TmfError):
    status, code, reason = 415, "unsupportedMediaType", "The body's media type is not understood here"
    remedy = "Send a media type that the operation lists in its documentation."


class KeyReused(TmfError):
    status, code, reason = 422, "idempotencyKeyReused", "The Idempotency-Key came with another request before"
    remedy = "Use a new key for a new request."


class TooManyRequests(TmfError):
    status, code, reason = 429, "tooManyRequests", "Slow down"
    remedy = "Wait as long as the header Retry-After says, then send the request again."


class NotBuilt(TmfError):
    """What the specification foresees and this server has not. Nothing here raises it: v5 documents the status."""

    status, code, reason = 501, "notImplemented", "The server has no such function"
    remedy = "Do without it. Version 5 documents this answer; nothing gives it today."


class Unavailable(TmfError):
    status, code, reason = 503, "unavailable", "The service cannot answer for now"
    remedy = "Wait as long as the header Retry-After says, then send the request again."

    def __init__(self, message: str = "Try again", *, retry_after: int = 5) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)})


BY_STATUS = {
    kind.status: kind
    for kind in (
        BadRequest, NotAuthenticated, Forbidden, NotFound, MethodNotAllowed, NotAcceptable, Conflict,
        PreconditionFailed, UnsupportedMediaType, KeyReused, TooManyRequests, TmfError, NotBuilt,
        Unavailable,
    )
}  # fmt: skip


def for_status(status: int) -> TmfError:
    """The error that a bare status stands for."""
    if kind := BY_STATUS.get(status):
        return kind()
    made = BadRequest() if status < 500 else TmfError()
    made.status = status
    return made


def told(error: Exception) -> TmfError:
    """What the caller is told of any exception. What nobody foresaw is logged here, and told as a bare 500."""
    match error:
        case TmfError():
            return error
        case drf.APIException():
            return _from_drf(error)
        case Http404():
            return NotFound()
        case PermissionDenied():
            return Forbidden()
        case SuspiciousOperation():
            return BadRequest()
        case DataError():
            return Invalid("a value is too long, or not one that can be stored")
        case OperationalError() | InterfaceError():
            log.error("database unavailable", exc_info=error)
            return Unavailable()
        case _:
            log.error("unforeseen %s", type(error).__name__, exc_info=error)
            return TmfError()


def exception_handler(error: Exception, _context: dict[str, Any]) -> HttpResponse:
    return told(error).response()


def _from_drf(error: drf.APIException) -> TmfError:
    made = for_status(error.status_code)
    if not isinstance(error, drf.NotFound):
        made.message = str(error.detail)
    if (wait := getattr(error, "wait", None)) is not None:
        made.headers["Retry-After"] = str(int(wait) + 1)
    return made
