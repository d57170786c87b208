"""The simulated target itself: which path does what, and what a forced outcome makes of it."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any

from orchestrator.simulator import callbacks
from orchestrator.simulator.http import Answer, BadRequest, Exchange, Request, refusal
from orchestrator.simulator.ledger import Ledger, Operation
from orchestrator.simulator.monitors import Monitors, finish
from orchestrator.simulator.outcomes import Outcome, wished
from orchestrator.simulator.services import PREFIX, Services

Work = Callable[[], Answer]
GARBAGE = b'<html>\xff\xfe{"id": '
MEGABYTE = 1_000_000


class SimulatedTarget:
    """`latency` seconds pass before each request is looked at, as on the way to a real system."""

    def __init__(self, latency: float = 0.0) -> None:
        self._latency = latency
        self._ledger = Ledger()
        self._services = Services()
        self._monitors = Monitors()
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, request: Request, exchange: Exchange) -> None:
        if control := self._control(request):
            exchange.answer(control.encoded())
            return
        outcome = wished(request)
        delay = self._latency + outcome.delay
        if delay:
            asyncio.get_running_loop().call_later(delay, self._look_at, request, outcome, exchange)
        else:
            self._look_at(request, outcome, exchange)

    def _control(self, request: Request) -> Answer | None:
        """What the test or the operator asks about the simulation; takes no latency."""
        match request.method, request.path:
            case "GET", "/healthz":
                return Answer(200, {"status": "ok"})
            case "GET", "/ledger":
                return Answer(200, self._ledger.shown(request.query))
            case "DELETE", "/ledger":
                for each in (self._ledger, self._services, self._monitors):
                    each.clear()
                return Answer(204)
            case _:
                return None

    def _look_at(self, request: Request, outcome: Outcome, exchange: Exchange) -> None:
        try:
            if request.method in ("GET", "HEAD") and outcome.on:
                self._force(request, outcome, exchange, lambda: self._read(request))
            elif request.method in ("GET", "HEAD"):
                exchange.answer(self._read(request).encoded())
            else:
                self._operate(request, outcome, exchange)
        except BadRequest as error:
            exchange.answer(refusal(400, str(error)).encoded())

    def _read(self, request: Request) -> Answer:
        root, _, rest = request.path.removeprefix(PREFIX).removeprefix("/").partition("/")
        match root:
            case "service":
                return self._services.read(request, rest)
            case "monitor":
                return self._monitors.read(rest)
            case "operations":
                return self._told(rest)
            case "work":
                return Answer(200, {"method": "GET", "path": request.path, "query": dict(request.query)})
            case _:
                return refusal(404, "There is nothing here")

    def _told(self, key: str) -> Answer:
        """What became of an operation key: the look-up of a target that can be asked."""
        found = self._ledger.find(key)
        if found is None or found.result is None:
            return refusal(404, f"Nothing was done under the key {key}")
        told = {"key": key, "applications": len(found.sequences)}
        return Answer(200, {**told, "status": found.result.status, "body": found.result.body})

    def _operate(self, request: Request, outcome: Outcome, exchange: Exchange) -> None:
        operation = self._ledger.operation(request)
        operation.requests += 1
        if outcome.times and operation.forced >= outcome.times:
            outcome = Outcome(repeats=outcome.repeats)
        operation.forced += 1
        known = None if outcome.repeats else operation.answer
        if outcome.is_async:
            self._begin(request, outcome, exchange, operation, known)
        elif outcome.drop_after_apply and known is None:
            self._apply(request, operation, outcome)
            exchange.close()
        else:
            self._force(request, outcome, exchange, lambda: known or self._apply(request, operation, outcome))

    def _apply(self, request: Request, operation: Operation, outcome: Outcome) -> Answer:
        """Does the work and writes the ledger. A refusal is not written: it may come to another end next time."""
        path = request.path.removeprefix(PREFIX)
        if path == "/service" or path.startswith("/service/"):
            identifier = path.removeprefix("/service").removeprefix("/")
            answer = self._services.change(request, identifier, operation, repeats=outcome.repeats)
        elif path.startswith("/work/"):
            answer = Answer(200, _worked(request, operation))
        else:
            answer = refusal(404, "There is nothing here")
        return self._ledger.applied(operation, answer) if answer.status < 300 else answer

    def _force(self, request: Request, outcome: Outcome, exchange: Exchange, work: Work) -> None:
        """Does the work if the outcome lets it, and answers what the outcome wants."""
        answer = work() if outcome.applies else Answer(outcome.status)
        if outcome.timeout:
            return
        if outcome.reset:
            exchange.reset()
        else:
            exchange.answer(_dressed(answer, outcome))

    def _begin(
        self, request: Request, outcome: Outcome, exchange: Exchange, operation: Operation, known: Answer | None
    ) -> None:
        """202 with a monitor; a repetition gets the same 202."""
        if known:
            exchange.answer(known.encoded())
            return
        root = PREFIX if request.path.startswith(PREFIX) else ""
        monitor = self._monitors.open(request, operation, root)
        headers = {"Location": monitor["href"]}
        if outcome.retry_after:
            headers["Retry-After"] = outcome.retry_after
        accepted = Answer(202, dict(monitor), headers)
        operation.answer = accepted
        self._spawn(self._work_on(request, outcome, exchange, operation, monitor, accepted))

    async def _work_on(
        self,
        request: Request,
        outcome: Outcome,
        exchange: Exchange,
        operation: Operation,
        monitor: dict[str, Any],
        accepted: Answer,
    ) -> None:
        url = request.headers.get("x-callback-url", "") if outcome.callback else ""
        if outcome.callback != "early":
            exchange.answer(accepted.encoded())
            await asyncio.sleep(outcome.after)
        finish(monitor, lambda: self._result(request, operation, outcome))
        if outcome.callback == "late":
            await asyncio.sleep(outcome.late)
        if url:
            await callbacks.post(url, monitor, times=2 if outcome.callback == "twice" else 1)
        if outcome.callback == "early":
            exchange.answer(accepted.encoded())

    def _result(self, request: Request, operation: Operation, outcome: Outcome) -> Answer:
        if not outcome.fail:
            return self._apply(request, operation, outcome)
        operation.answer = None  # a repetition tries again
        return refusal(500, "The work failed")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _worked(request: Request, operation: Operation) -> dict[str, Any]:
    """Outputs that look like something allocated: the same for the same key."""
    name = request.path.rstrip("/").rpartition("/")[2]
    number = 100 + zlib.crc32(operation.key.encode()) % 3900
    return {
        name: number,
        "key": operation.key,
        "method": request.method,
        "path": request.path,
        "echo": request.document,
    }


def _dressed(answer: Answer, outcome: Outcome) -> bytes:
    if outcome.huge:
        piece = b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE)
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + piece * 8 + b"0\r\n\r\n"
    if outcome.gzip_bomb:
        return Answer(200, _bomb(), {"Content-Encoding": "gzip"}).encoded()
    if outcome.garbage:
        return Answer(200, GARBAGE).encoded()
    headers = dict(answer.headers)
    if outcome.retry_after:
        headers["Retry-After"] = outcome.retry_after
    if outcome.redirect:
        return Answer(307, None, {**headers, "Location": outcome.redirect}).encoded()
    if outcome.status:
        forced = refusal(outcome.status, "Forced outcome") if outcome.status >= 300 else answer
        return Answer(outcome.status, forced.body, headers).encoded()
    return Answer(answer.status, answer.body, headers).encoded()


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """One megabyte that unpacks to a gigabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first, other = (packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + other * 999
