"""The file of a job on its way: fetched or sent over the one HTTP client, never with a transaction open."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from catalog import packing
from catalog.models import Job
from tmf import outbound

ANSWER_MAX_BYTES = 65_536  # what the receiver of a file answers is read no further


class JobFailed(Exception):
    """The job cannot be done. The message is its errorLog."""


def fetched(job: Job) -> bytes:
    """The file at the job's url, unpacked. Raises JobFailed."""
    limit = settings.ENV.JOB_MAX_BYTES
    response = _call("GET", job, max_bytes=limit)
    suffix = packing.suffix_of(job.url)
    if suffix == ".gz" and response.headers.get("content-encoding"):
        suffix = ""  # the server took the suffix for an encoding, which has been undone
    try:
        return packing.unpacked(response.body, suffix, limit)
    except packing.Unpackable as fault:
        raise JobFailed(str(fault)) from None


def sent(job: Job, content: bytes) -> None:
    """Posts the packed file to the job's url. Raises JobFailed."""
    media_type = job.body.get("contentType") or packing.MEDIA_TYPES[packing.suffix_of(job.url)]
    headers = {"Content-Type": media_type, "Idempotency-Key": job.pk}
    _call("POST", job, body=content, headers=headers, max_bytes=ANSWER_MAX_BYTES)


def _call(method: str, job: Job, **more: Any) -> outbound.Response:
    try:
        response = outbound.send(method, job.url, timeout=settings.ENV.JOB_TIMEOUT_SECONDS, **more)
    except outbound.OutboundError as error:
        raise JobFailed(f"the url cannot be reached: {error}") from None
    if not 200 <= response.status < 300:
        raise JobFailed(f"the url answered {response.status}")
    return response
