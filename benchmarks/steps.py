"""Steps per second: planned orders of ten steps (1 → 4 → 4 → 1), driven by two workers."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

from benchmarks.stack import Stack, stack, wait_until

ORDERS = 300
WORKERS = 2
SPAN = "SELECT count(*), extract(epoch FROM max(finished_at) - min(started_at)) FROM orchestrator_step"
OPEN = "SELECT count(*) FROM orchestrator_step WHERE state <> 'done'"
ALIVE = "SELECT count(*) FROM tmf_process WHERE seen_at > now() - interval '10 seconds'"
EMPTY = "TRUNCATE ordering_serviceorder, tmf_event, tmf_journalentry, tmf_process, inventory_service CASCADE"


@dataclass(frozen=True, slots=True)
class Speed:
    per_second: float  # steps, from the first claim to the last settlement, by the database's clock
    cpu_ms: float  # the workers' and the sweeper's, for each step: what a faster database would not change

    def __str__(self) -> str:
        return f"{self.per_second:6.0f} steps/s, {self.cpu_ms:.2f} ms of CPU a step"


def measure(made: Stack, name: str, orders: int = ORDERS) -> Speed:
    """Drives that many orders whose steps go to the target of that name."""
    running = ["sweeper", *(f"worker{n}" for n in range(WORKERS))]
    with psycopg.connect(made.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(EMPTY)
        made.script("fill", "planned", name, str(orders))
        connection.execute("ANALYZE")
        connection.execute("UPDATE orchestrator_plan SET paused = true")
        made.start_workers(WORKERS)
        made.manage("sweeper", "sweeper")
        wait_until(lambda: connection.execute(ALIVE).fetchone() == (WORKERS + 1,), 60, "workers and sweeper live")
        before = made.cpu_seconds(*running)
        connection.execute("UPDATE orchestrator_plan SET paused = false")
        wait_until(lambda: connection.execute(OPEN).fetchone() == (0,), 180, f"all steps done (see {made.logs})")
        time.sleep(0.2)  # the last settlement's own commit
        row = connection.execute(SPAN).fetchone()
        spent = made.cpu_seconds(*running) - before
        made.stop(*running)
    assert row is not None
    return Speed(float(row[0]) / float(row[1]), 1000 * spent / row[0])


def report() -> None:
    with stack() as made:
        made.script("fill", "catalogue", f"http://127.0.0.1:{made.simulator}")
        made.start_simulator()
        alone, together = made.script("queries", "inside").split()[-2:]
        print(f"statements per step of 10: {alone} with one order, {together} with 100 orders at once")
        print(f"steps/s, {ORDERS} orders of 10 steps, {WORKERS} workers, PostgreSQL and targets on the same cores")
        print(f"  in-process target, at once          {measure(made, 'inside')}")
        print(f"  in-process target, 20 ms            {measure(made, 'inside20')}")
        print(f"  HTTP target, at once                {measure(made, 'http')}")
        made.stop("simulator")
        made.start_simulator(0.02)
        print(f"  HTTP target, 20 ms                  {measure(made, 'http')}")


if __name__ == "__main__":
    report()
