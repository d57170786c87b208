"""200 orders at once over HTTP, and one order alone: from its POST until it is completed."""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import requests

from benchmarks.stack import Stack, stack, wait_until

ORDERS = 200
CLIENTS = 8
WORKERS = 2
PATH = "/tmf-api/serviceOrdering/v4/serviceOrder"
COMPLETED = "SELECT count(*) FROM ordering_serviceorder WHERE state = 'completed'"
LATENCIES = "SELECT extract(epoch FROM completion_date - created_at) * 1000 FROM ordering_serviceorder"
UNTOLD = "SELECT count(*) FROM tmf_event WHERE dispatched_at IS NULL"
EMPTY = "TRUNCATE ordering_serviceorder, tmf_event, tmf_journalentry, inventory_service CASCADE"


def document(specification: str, items: int = 1) -> dict[str, object]:
    service = {"serviceSpecification": {"id": specification}, "name": "bench"}
    return {"serviceOrderItem": [{"id": str(n), "action": "add", "service": service} for n in range(items)]}


class Bss:
    def __init__(self, made: Stack, connection: psycopg.Connection) -> None:
        words = ("issue_token", "--client", "bench", "--party", "acme")
        self.token = made.run(sys.executable, "manage.py", *words).strip()
        self.url = made.url + PATH
        self.connection = connection

    def empty(self) -> None:
        """What is still dispatched of the orders before may lock the tables in another order."""
        wait_until(lambda: self.connection.execute(UNTOLD).fetchone() == (0,), 30, "all events dispatched")
        self.connection.execute(EMPTY)

    def session(self) -> requests.Session:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session

    def post(self, session: requests.Session, specification: str) -> float:
        """Milliseconds until the 201."""
        started = time.perf_counter()
        answer = session.post(self.url, json=document(specification), timeout=30)
        assert answer.status_code == 201, answer.text
        return 1000 * (time.perf_counter() - started)

    def at_once(self, specification: str, orders: int) -> tuple[float, list[float]]:
        """Seconds until all are completed, and each POST's milliseconds."""
        self.empty()
        started = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            shares = [orders // CLIENTS] * CLIENTS
            posts = [ms for found in pool.map(lambda n: self._share(specification, n), shares) for ms in found]
        wait_until(lambda: self.connection.execute(COMPLETED).fetchone() == (len(posts),), 120, "all completed")
        return time.perf_counter() - started, posts

    def _share(self, specification: str, count: int) -> list[float]:
        session = self.session()
        return [self.post(session, specification) for _ in range(count)]

    def alone(self, specification: str, times: int = 20) -> list[float]:
        """Milliseconds from an order's POST to its completion, one order after the other."""
        self.empty()
        session = self.session()
        for number in range(times):
            self.post(session, specification)
            wait_until(lambda n=number: self.connection.execute(COMPLETED).fetchone() == (n + 1,), 30, "completed")  # type: ignore[misc]
        return [float(row[0]) for row in self.connection.execute(LATENCIES)]


def spread(values: list[float]) -> str:
    ordered = sorted(values)
    late = ordered[int(0.95 * len(ordered))]
    return f"median {statistics.median(ordered):6.0f}, p95 {late:6.0f}, max {ordered[-1]:6.0f} ms"


def report() -> None:
    with stack() as made, psycopg.connect(made.env["DATABASE_URL"], autocommit=True) as connection:
        made.script("fill", "catalogue", f"http://127.0.0.1:{made.simulator}")
        made.start_simulator()
        made.start_web()
        made.start_workers(WORKERS)
        made.manage("sweeper", "sweeper")
        made.wait_ready()
        bss = Bss(made, connection)
        print(f"one order of 3 steps alone, with a broker:    {spread(bss.alone('chain'))}")
        for specification, steps in (("chain", 3), ("http", 10)):
            seconds, posts = bss.at_once(specification, ORDERS)
            rates = f"{len(posts) / seconds:.0f} orders/s, {steps * len(posts) / seconds:.0f} steps/s"
            print(f"{len(posts)} orders of {steps:2} steps at once over HTTP: {seconds:5.1f} s, {rates}")
            print(f"  their POSTs: {spread(posts)}")
        made.stop(*(f"worker{n}" for n in range(WORKERS)), "sweeper", "web")
        made.env["CELERY_BROKER_URL"] = "none"
        made.start_web()
        made.manage("sweeper", "sweeper")
        made.wait_ready()
        print(f"one order of 3 steps alone, without a broker: {spread(bss.alone('chain'))}")


if __name__ == "__main__":
    report()
