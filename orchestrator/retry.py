"""When a failed step is tried again: exponential back-off with jitter, or what the target asked for."""

from __future__ import annotations

import random

from django.conf import settings

from orchestrator.calls import Outcome, attempts_of


def next_due(outcome: Outcome) -> float | None:
    """Seconds until the next attempt; None when its attempts are used up."""
    claimed, retry = outcome.claimed, outcome.claimed.spec.get("retry", {})
    tries = claimed.polls if claimed.correlation else claimed.attempts
    if not claimed.correlation and tries >= attempts_of(claimed):
        return None
    if claimed.correlation and claimed.overdue:
        return None
    first = float(retry.get("backoff", settings.ENV.STEP_BACKOFF_SECONDS))
    most = float(retry.get("maxBackoff", settings.ENV.STEP_BACKOFF_MAX_SECONDS))
    wait = min(first * 2 ** min(tries - 1, 30), most) * random.uniform(0.75, 1.25)
    asked = outcome.failure.retry_after if outcome.failure else None
    return float(max(wait, asked or 0.0))
