"""Who holds a claim."""

import secrets

from tmf.processes import own_id as process_id

__all__ = ["claim_token", "process_id"]


def claim_token() -> str:
    """Names one claim: the process, new with every start, and which of its claims it is."""
    return f"{process_id()}.{secrets.token_hex(6)}"
