"""How a call can fail, by what is known of the request: never sent, not sent, or lost on the way."""


class OutboundError(Exception):
    """A call that brought no answer. Messages name host and port, never a path, a query or a header."""


class Refused(OutboundError):
    """We do not call this: scheme, address, URL or header is not allowed. Nothing was sent."""


class NotSent(OutboundError):
    """Resolution, connection or TLS failed before a byte of the request left: safe to repeat."""


class Broken(OutboundError):
    """It timed out or broke after bytes may have left. `status` is set when the status line had come."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Dropped(Broken):
    """The peer closed the connection before its answer was complete."""


class TooLarge(Broken):
    """The answer exceeds the limit, sent or unpacked; the rest was not read."""
