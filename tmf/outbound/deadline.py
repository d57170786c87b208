"""The end of a whole call, whatever it does meanwhile."""

from time import monotonic


class Deadline:
    def __init__(self, seconds: float) -> None:
        self.at = monotonic() + seconds

    def left(self) -> float:
        """Seconds until then. Raises TimeoutError when it has passed."""
        seconds = self.at - monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds
