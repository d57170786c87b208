"""One call to a target over HTTP, and what its answer means: the only place where statuses become errors."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from orchestrator.connectors.base import (
    ConnectorError,
    Misconfigured,
    OutcomeUnknown,
    Permanent,
    System,
    Task,
    Transient,
)
from tmf import outbound
from tmf.errors import BadRequest
from tmf.gate import loads

READS = frozenset({"GET", "HEAD", "OPTIONS"})
AGAIN = frozenset({408, 425, 429, 503})  # not carried out, says the target
NEVER = frozenset({501, 505})
BUSY = frozenset({409, 423})  # worth another try only with Retry-After: the first request is still being worked on
RETRY_AFTER_MAX = 3600.0
REASON_MAX = 300
PATH_CHARACTERS = "/%:@!$&'()*+,;=~-._?"
SECRETS = re.compile(
    r"(?i)(\b(?:password|passwd|secret|token|api[_-]?key|authorization)\b[\"']?\s*[:=]\s*[\"']?(?:bearer\s+|basic\s+)?"
    r"|\b(?:bearer|basic)\s+)[^\s\"',;&}]+"
)


class Conflict(Permanent):
    """409: something stands in the way, perhaps what an earlier attempt of the same operation made."""


class NotThere(Permanent):
    """404 or 410."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was hoped for: its JSON (None without a body), or its text when it is no JSON."""

    status: int
    headers: Mapping[str, str]
    document: Any = None
    text: str = ""


def call(
    task: Task,
    method: str,
    path: str,
    *,
    body: Any = None,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    expect: Collection[int] = (),
    json_only: bool = True,
) -> Answer:
    """The target's 2xx answer, or one of `expect`; raises a ConnectorError for every other end.

    `path` begins below the base URL. With `json_only` a body that is no JSON is an unreadable answer.
    """
    url = url_of(task.system, path, query)
    try:
        response = outbound.send(
            method, url, json=body, headers=_headers(task, method, headers or {}), timeout=task.timeout
        )
    except outbound.OutboundError as error:
        raise _unanswered(task.system, method, error) from error
    if not (response.status in expect if expect else 200 <= response.status < 300):
        raise _refused(task.system, method, response)
    return _readable(task.system, method, response, json_only)


def url_of(system: System, path: str, query: Mapping[str, Any] | None = None) -> str:
    """Raises Misconfigured for a path that would leave the target's base URL."""
    if not path.startswith("/") or any(unquote(part) in (".", "..") for part in re.split(r"[/?]", path)):
        raise Misconfigured(f"{system.name}: a path begins with / and has no dot segments", code="path")
    url = system.base_url.rstrip("/") + quote(path, safe=PATH_CHARACTERS)
    if query:
        url += ("&" if "?" in url else "?") + urlencode(query, doseq=True)
    return url


def path_below(system: System, url: str) -> str | None:
    """The path of a URL that the target named, relative to its base URL; None when it leads elsewhere.

    The token must not follow a link to another system.
    """
    base, link = urlsplit(system.base_url), urlsplit(url)
    if (link.scheme or link.netloc) and (link.scheme, link.netloc) != (base.scheme, base.netloc):
        return None
    prefix = base.path.rstrip("/")
    if not link.path.startswith(f"{prefix}/"):
        return None
    return link.path.removeprefix(prefix) + (f"?{link.query}" if link.query else "")


def _headers(task: Task, method: str, extra: Mapping[str, str]) -> dict[str, str]:
    made = {str(name): str(value) for name, value in task.system.headers.items()}
    if task.system.token:
        made["Authorization"] = f"Bearer {task.system.token}"
    if task.traceparent:
        made["traceparent"] = task.traceparent
    if method not in READS:
        made["Idempotency-Key"] = task.operation_key
        if task.callback_url:
            made["X-Callback-Url"] = task.callback_url
    return made | {str(name): str(value) for name, value in extra.items()}


def _unanswered(system: System, method: str, error: outbound.OutboundError) -> ConnectorError:
    message = f"{system.name}: {error}"
    match error:
        case outbound.Refused():
            return Misconfigured(message, code="addressRefused")
        case outbound.NotSent():
            return Transient(message, code="notSent")
        case outbound.Broken(status=int(status)) if not 200 <= status < 300:
            return by_status(system, method, status, "", None)
        case _ if method in READS:
            return Transient(message, code="unanswered")
        case outbound.TooLarge():
            return OutcomeUnknown(message, code="answerTooLarge")
        case _:
            return OutcomeUnknown(message, code="unanswered")


def _refused(system: System, method: str, response: outbound.Response) -> ConnectorError:
    reason = masked(_reason(response), system)
    return by_status(system, method, response.status, reason, retry_after_of(response.headers))


def by_status(system: System, method: str, status: int, reason: str, retry_after: float | None) -> ConnectorError:
    """What a status that was not hoped for means."""
    message = f"{system.name} answered {status}" + (f": {reason}" if reason else "")
    code = f"http{status}"
    if status in AGAIN or (status in BUSY and retry_after is not None):
        return Transient(message, code=code, retry_after=retry_after)
    if status >= 500 and status not in NEVER:
        in_doubt = method not in READS
        return Transient(message, code=code, retry_after=retry_after, in_doubt=in_doubt)
    if 300 <= status < 400:
        return Permanent(f"{message} (redirects are not followed)", code=code)
    kinds: dict[int, type[Permanent]] = {401: Misconfigured, 404: NotThere, 409: Conflict, 410: NotThere}
    return kinds.get(status, Permanent)(message, code=code)


def _readable(system: System, method: str, response: outbound.Response, json_only: bool) -> Answer:
    """The target did it, but what it says cannot be read: for a write that is an unknown outcome, not a failure."""
    if not response.body.strip():
        return Answer(response.status, response.headers)
    if not json_only and "json" not in response.headers.get("Content-Type", "json").lower():
        text = response.body.decode(errors="replace").replace("\0", "")
        return Answer(response.status, response.headers, text=text)
    try:
        return Answer(response.status, response.headers, loads(response.body))
    except BadRequest as error:
        message = f"{system.name} answered {response.status}, but {error.message}"
        kind = Transient if method in READS else OutcomeUnknown
        raise kind(message, code="answerUnreadable") from error


def _reason(response: outbound.Response) -> str:
    """What the body says went wrong: TMF's error, RFC 9457's problem, or its text."""
    try:
        document = loads(response.body)
    except BadRequest:
        kind = response.headers.get("Content-Type", "")
        return "" if "html" in kind else response.body[: REASON_MAX * 4].decode(errors="replace")
    if not isinstance(document, dict):
        return str(document)
    names = ("reason", "message", "title", "detail", "error", "error_description")
    return "; ".join(str(document[name]) for name in names if document.get(name)) or str(document)


def masked(text: str, system: System) -> str:
    """Fit for operators: one line, bounded, without the target's token and what looks like a secret."""
    if system.token:
        text = text.replace(system.token, "***")
    text = SECRETS.sub(r"\1***", text)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= REASON_MAX else line[: REASON_MAX - 1] + "…"


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Seconds, from seconds or an HTTP date (RFC 9110 section 10.2.3), within reason."""
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text) if re.fullmatch(r"\d+(\.\d+)?", text.strip()) else _until(text)
    except ValueError:
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_MAX)


def _until(text: str) -> float:
    moment = parsedate_to_datetime(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
