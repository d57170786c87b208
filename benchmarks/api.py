"""What a BSS asks for: POST, GET by id, filtered lists and PATCH of orders, with ten thousand and a million of them."""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import psycopg

from benchmarks.stack import Stack, stack

CLIENTS = 4
SECONDS = 4.0
STORED = (10_000, 1_000_000)
PATH = "/tmf-api/serviceOrdering/v4/serviceOrder"
NEWEST = "SELECT id FROM ordering_serviceorder ORDER BY created_at DESC LIMIT 1000"
Call = tuple[str, str, object]  # method, path, body


@dataclass(frozen=True, slots=True)
class Speed:
    milliseconds: list[float]  # of each request
    seconds: float
    cpu: float  # seconds of the web processes

    def __str__(self) -> str:
        count, times = len(self.milliseconds), sorted(self.milliseconds)
        late = times[int(0.99 * count)]
        return (
            f"{count / self.seconds:6.0f}/s, median {statistics.median(times):5.1f}, p99 {late:6.1f} ms,"
            f" {1000 * self.cpu / count:5.2f} ms of CPU each"
        )


def order(number: int) -> dict[str, object]:
    """About 3 KB: five items of six characteristics."""
    values = [{"name": f"characteristic-{n}", "value": 100 * n} for n in range(6)]
    return {
        "externalId": f"bench-{number}",
        "description": "a measured order",
        "relatedParty": [{"id": "acme", "role": "customer", "@referredType": "Organization"}],
        "serviceOrderItem": [
            {
                "id": str(n),
                "action": "add",
                "service": {
                    "name": f"Market Street {n}",
                    "serviceSpecification": {"id": "business-internet", "name": "Business Internet"},
                    "serviceCharacteristic": values,
                    "place": [{"id": f"site-{n}", "role": "installation", "@referredType": "GeographicSite"}],
                },
            }
            for n in range(5)
        ],
    }


class Client:
    """Several connections that are kept, each with one request under way."""

    def __init__(self, made: Stack) -> None:
        words = ("issue_token", "--client", "bench", "--party", "acme")
        self._headers = {"Authorization": f"Bearer {made.run(sys.executable, 'manage.py', *words).strip()}"}
        self._made = made

    def measure(self, call: Callable[[int], Call], expected: int) -> Speed:
        """Requests for some seconds; `call` makes the nth. Each answer must have the expected status."""
        numbers = count()
        self._run(call, numbers, expected, 0.5)
        cpu, started = self._made.cpu_seconds("web"), time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            runs = [pool.submit(self._run, call, numbers, expected, SECONDS) for _ in range(CLIENTS)]
            times = [ms for run in runs for ms in run.result()]
        return Speed(times, time.perf_counter() - started, self._made.cpu_seconds("web") - cpu)

    def _run(self, call: Callable[[int], Call], numbers: Iterator[int], expected: int, seconds: float) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", self._made.port)
        times: list[float] = []
        until = time.perf_counter() + seconds
        while (started := time.perf_counter()) < until:
            method, path, body = call(next(numbers))
            self._ask(connection, method, path, body, expected)
            times.append(1000 * (time.perf_counter() - started))
        connection.close()
        return times

    def _ask(self, connection: http.client.HTTPConnection, method: str, path: str, body: object, expected: int) -> None:
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == expected, f"{method} {path}: {answer.status} {content[:500]!r}"


def questions(ids: list[str], stored: int) -> dict[str, tuple[Callable[[int], Call], int]]:
    """What is measured: its name → how the nth request is made, and the status of its answer."""

    def get(path: str) -> Callable[[int], Call]:
        return lambda n: ("GET", path.format(id=ids[n % len(ids)], number=n * 7919 % stored), None)

    filtered = PATH + "?limit=20&"
    return {
        "GET by id": (get(PATH + "/{id}"), 200),
        "list, newest first": (get(filtered + "sort=-orderDate"), 206),
        "list by externalId": (get(PATH + "?externalId=stored-{number}"), 200),
        "list by state": (get(filtered + "state=held"), 206),
        "list by category and state, sorted": (get(filtered + "category=c4&state=held&sort=-orderDate"), 206),
        "list by a specification that few have": (
            get(PATH + "?serviceOrderItem.service.serviceSpecification.id=s{number}&fields=state"),
            200,
        ),
        "PATCH": (lambda n: ("PATCH", f"{PATH}/{ids[n % len(ids)]}", {"description": f"changed {n}"}), 200),
        "POST of 3 KB, five items": (lambda n: ("POST", PATH, order(n)), 201),
    }


def report(sizes: tuple[int, ...] = STORED) -> None:
    with stack() as made, psycopg.connect(made.env["DATABASE_URL"], autocommit=True) as connection:
        client, before = Client(made), 0
        made.start_web()
        made.wait_answers()
        for stored in sizes:
            made.script("fill", "stored", str(before), str(stored))
            before = stored
            connection.execute("VACUUM ANALYZE")
            ids = [row[0] for row in connection.execute(NEWEST)]
            print(f"{stored} orders stored; {CLIENTS} clients, web, PostgreSQL and clients on the same cores")
            for name, (call, expected) in questions(ids, stored).items():
                print(f"  {name:40} {client.measure(call, expected)}", flush=True)


if __name__ == "__main__":
    report(tuple(int(word) for word in sys.argv[1:]) or STORED)
