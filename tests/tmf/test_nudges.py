"""Nudging: the caller never waits and never fails, whatever the broker does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from tests.broker import Broker
from tests.databases import ROOT
from tests.postgres import free_port
from tmf import nudges

# Nudges ten thousand times, then says how long that took and how many messages are in the queue.
SCRIPT = """
import django, sys, time
django.setup()
from celery import current_app
from tmf import nudges
slowest = 0.0
started = time.perf_counter()
for _ in range(int(sys.argv[1])):
    before = time.perf_counter()
    nudges.nudge("dispatch")
    nudges.nudge("drive")
    slowest = max(slowest, time.perf_counter() - before)
took = time.perf_counter() - started
time.sleep(float(sys.argv[2]))
print(f"{took:.6f} {slowest:.6f}")
"""


def nudge_elsewhere(url: str, count: int, wait: float = 0.0) -> tuple[float, float]:
    """(seconds of all, seconds of the slowest) in a process whose broker is at `url`."""
    env = os.environ | {"CELERY_BROKER_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "ERROR"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(count), str(wait)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    total, slowest = done.stdout.split()
    return float(total), float(slowest)


@contextmanager
def black_hole() -> Iterator[str]:
    """A broker that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_never_answers_costs_the_caller_nothing(scheme: str) -> None:
    with black_hole() as address:
        total, slowest = nudge_elsewhere(f"{scheme}://{address}//", 1000, wait=1.0)
    assert total < 1.0
    assert slowest < 0.2


def test_a_broker_that_is_not_there_costs_the_caller_nothing() -> None:
    total, slowest = nudge_elsewhere(f"redis://127.0.0.1:{free_port()}/0", 1000, wait=1.0)
    assert total < 1.0
    assert slowest < 0.2


@pytest.mark.redis
def test_many_nudges_become_few_messages(broker: Broker) -> None:
    nudge_elsewhere(broker.url, 2000, wait=1.0)
    assert 2 <= broker_messages(broker) <= 200


@pytest.mark.redis
def test_a_single_nudge_is_not_lost(broker: Broker) -> None:
    nudge_elsewhere(broker.url, 1, wait=1.0)
    assert broker_messages(broker) == 2  # one of each kind


def broker_messages(broker: Broker) -> int:
    return int(broker._client().llen("opensom"))


def test_it_wakes_who_waits_in_the_same_process_without_any_broker() -> None:
    wake = nudges.wake_on("dispatch")
    wake.clear()
    nudges.nudge("dispatch")
    assert wake.is_set()


def test_it_starts_no_thread_without_a_broker() -> None:
    nudges.nudge("dispatch")
    assert nudges._publishers == {}


@pytest.mark.django_db(transaction=True)
def test_it_nudges_on_commit_and_not_on_rollback() -> None:
    wake = nudges.wake_on("deliver")
    for rollback in (True, False):
        wake.clear()
        with transaction.atomic():
            nudges.nudge_on_commit("deliver")
            assert not wake.is_set()
            transaction.set_rollback(rollback)
        assert wake.is_set() is not rollback


def test_after_a_fork_the_child_has_a_publisher_of_its_own() -> None:
    assert nudges._publisher() is nudges._publisher()
    ours = nudges._publisher()
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, b"own" if nudges._publisher() is not ours else b"same")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 10) == b"own"
    nudges._publishers.clear()
