"""When a failed step is tried again: exponential back-off with jitter, or what the target asked for."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from orchestrator.calls import Outcome, attempts_of


def answer_seconds(spec: Mapping[str, Any]) -> float:
    """How long an accepted step may wait for its answer."""
    return float(spec.get("answerWithin", settings.ENV.ANSWER_TIMEOUT_SECONDS))


def next_due(outcome: Outcome) -> float | None:
    """Seconds until the next attempt; None when its attempts are used up."""
    if outcome.failure and not outcome.failure.called:
        return 0.0
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
