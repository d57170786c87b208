"""A target's row as its connector sees it, with the secret it refers to."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from orchestrator.connectors.base import Misconfigured, System
from orchestrator.models import Target

SECRET_MAX_BYTES = 16_384


def target_system(target: Target) -> System:
    """Reads the credentials anew each time, so that a rotated secret needs no restart. Raises Misconfigured."""
    return System(
        name=target.name,
        base_url=target.base_url.rstrip("/"),
        headers=dict(target.headers),
        token=_secret(target) if target.credentials else "",
    )


def _secret(target: Target) -> str:
    kind, _, where = target.credentials.partition(":")
    match kind:
        case "env":
            secret = _from_environment(where)
        case "file":
            secret = _from_file(where)
        case _:
            raise Misconfigured(f"{target.name}: credentials are env:NAME or file:/path", code="credentials")
    if not secret or not secret.isprintable() or not secret.isascii():
        raise Misconfigured(f"{target.name}: no usable secret at {target.credentials}", code="credentials")
    return secret


def _from_environment(name: str) -> str:
    """OpenSOM's own variables are no target's business: an operator could send them anywhere."""
    return "" if name.upper() in type(settings.ENV).model_fields else os.environ.get(name, "").strip()


def _from_file(name: str) -> str:
    path = Path(name)
    own = settings.ENV.VAR_DIR.resolve()
    try:
        if not path.is_absolute() or own in path.resolve().parents:
            return ""
        with path.open("rb") as file:
            return file.read(SECRET_MAX_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError, ValueError):
        return ""
