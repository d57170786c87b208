"""Places orders as the web process does, nudges included; the same number again at each SIGUSR1, until it is ended.

python -m tests.storms.place COUNT [SECONDS BETWEEN]
"""

from __future__ import annotations

import signal
import sys
import time

import django

django.setup()

from ordering.services import order_submit  # noqa: E402
from tests.storms.stage import BSS, document  # noqa: E402


def main(count: int, pause: float = 0.0) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    while True:
        for _ in range(count):
            order_submit(actor=BSS, document=document())
            time.sleep(pause)
        signal.sigwait([signal.SIGUSR1])


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(float, sys.argv[2:]))
