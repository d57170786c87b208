"""Ends process groups as soon as their owner is gone, even one that was killed outright.

Runs as a script of its own, in a session of its own. The owner holds the other end of standard
input and writes `+PGID` or `-PGID` lines; the end of the input means that the owner is dead.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 5.0


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    end_groups(groups, GRACE_SECONDS)


def end_groups(groups: set[int], grace: float) -> None:
    """SIGTERM, up to `grace` seconds of patience, SIGKILL."""
    for group in groups:
        _signal(group, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while any(_signal(group, 0) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    """Whether there was anybody to hear it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    main()
