"""The web process where gunicorn speaks for itself: requests that it cannot read, and clients that fall silent."""

import http
import json
import socket
import struct

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from config import env

SILENCE = struct.pack("ll", env.read().CLIENT_TIMEOUT_SECONDS, 0)  # a struct timeval


class Worker(ThreadWorker):  # type: ignore[misc]
    """gthread, whose threads do not wait for ever for the rest of a request."""

    def enqueue_req(self, conn: TConn) -> None:
        """A limit of the kernel's: gunicorn makes the socket blocking again and again, which forgets Python's."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, SILENCE)
        super().enqueue_req(conn)


def tell(client: socket.socket, status: int, reason: str, message: str) -> None:
    """A TMF error body, in place of `gunicorn.util.write_error`'s page of HTML."""
    code = "internalError" if status == http.HTTPStatus.INTERNAL_SERVER_ERROR else "invalidRequest"
    told = {"@type": "Error", "code": code, "reason": reason, "status": str(status), "message": message}
    body = json.dumps({name: text for name, text in told.items() if text})
    head = (
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json;charset=utf-8",
        f"Content-Length: {len(body)}",
    )
    util.write_nonblock(client, "\r\n".join([*head, "", body]).encode("ascii"))


util.write_error = tell
