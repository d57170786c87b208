"""Steps per second: planned orders of ten steps (1 → 4 → 4 → 1), driven by two workers."""

from __future__ import annotations

import time

import psycopg

from benchmarks.stack import Stack, stack, wait_until

ORDERS = 300
WORKERS = 2
SPAN = "SELECT count(*), extract(epoch FROM max(finished_at) - min(started_at)) FROM orchestrator_step"
OPEN = "SELECT count(*) FROM orchestrator_step WHERE state <> 'done'"
ALIVE = "SELECT count(*) FROM tmf_process WHERE seen_at > now() - interval '10 seconds'"
EMPTY = "TRUNCATE ordering_serviceorder, tmf_event, tmf_journalentry, tmf_process, inventory_service CASCADE"


def measure(made: Stack, name: str, orders: int = ORDERS) -> float:
    """Steps per second, from the first claim to the last settlement, by the database's clock."""
    with psycopg.connect(made.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(EMPTY)
        made.script("fill", "planned", name, str(orders))
        connection.execute("ANALYZE")
        connection.execute("UPDATE orchestrator_plan SET paused = true")
        made.start_workers(WORKERS)
        made.manage("sweeper", "sweeper")
        wait_until(lambda: connection.execute(ALIVE).fetchone() == (WORKERS + 1,), 60, "workers and sweeper live")
        connection.execute("UPDATE orchestrator_plan SET paused = false")
        wait_until(lambda: connection.execute(OPEN).fetchone() == (0,), 180, f"all steps done (see {made.logs})")
        time.sleep(0.2)  # the last settlement's own commit
        row = connection.execute(SPAN).fetchone()
        made.stop("sweeper", *(f"worker{n}" for n in range(WORKERS)))
    assert row is not None
    return float(row[0]) / float(row[1])


def report() -> None:
    with stack() as made:
        made.script("fill", "catalogue", f"http://127.0.0.1:{made.simulator}")
        made.start_simulator()
        print(f"steps/s, {ORDERS} orders of 10 steps, {WORKERS} workers, PostgreSQL and targets on the same cores")
        print(f"  in-process target, at once          {measure(made, 'inside'):8.0f}")
        print(f"  in-process target, 20 ms            {measure(made, 'inside20'):8.0f}")
        print(f"  HTTP target, at once                {measure(made, 'http'):8.0f}")
        made.stop("simulator")
        made.start_simulator(0.02)
        print(f"  HTTP target, 20 ms                  {measure(made, 'http'):8.0f}")


if __name__ == "__main__":
    report()
