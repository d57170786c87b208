"""What the tests themselves stand on: the choice of services, databases, processes, the broker's door."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from tests import broker as brokers
from tests import databases, postgres
from tests.broker import Broker
from tests.processes import Processes
from tests.waiting import wait_until

CLOSED = "127.0.0.1:1"


def test_it_prefers_the_database_that_the_environment_names() -> None:
    url = os.environ["OPENSOM_TESTS_SERVER"]
    assert postgres.choose({"DATABASE_URL": url}) == (url, "reachable")


def test_it_starts_a_postgresql_of_its_own_and_leaves_nothing(processes: Processes) -> None:
    script = (
        "from tests import postgres; import psycopg;"
        f"url, origin = postgres.choose({{'DATABASE_URL': 'postgres://{CLOSED}/x'}});"
        "print(origin, psycopg.connect(url).info.server_version >= 150_000)"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        running = processes.start([sys.executable, "-c", script], TMPDIR=folder)
        assert running.wait(60) == 0, running.output()
        assert running.output() == "started by the tests True\n"
        assert not list(Path(folder).iterdir())


def test_it_says_why_there_is_no_redis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert brokers.choose({"REDIS_URL": f"redis://{CLOSED}"}) == (
        "",
        f"none reachable at {CLOSED} and no redis-server on the PATH",
    )
    assert brokers.choose({"OPENSOM_TEST_REDIS": "none"}) == ("", "OPENSOM_TEST_REDIS=none")


@pytest.mark.parametrize("vendor", ["postgresql", "sqlite"])
def test_it_gives_migrated_databases_that_do_not_see_each_other(
    vendor: str, fresh_database: Callable[[str], str], processes: Processes
) -> None:
    first, second = fresh_database(vendor), fresh_database(vendor)
    make = "from tmf.models import Process as P; P.objects.create(id='one', kind='worker')"
    count = "from tmf.models import Process as P; print('rows', P.objects.count())"
    assert processes.manage("shell", "-c", make, database=first).wait() == 0
    assert "rows 0" in _output(processes, count, second)
    assert "rows 1" in _output(processes, count, first)


def _output(processes: Processes, script: str, database: str) -> str:
    running = processes.manage("shell", "-c", script, database=database)
    assert running.wait() == 0, running.output()
    return running.output()


def test_it_removes_the_databases_of_dead_runs_only() -> None:
    server = os.environ["OPENSOM_TESTS_SERVER"]
    mine, dead = databases.own_name("_kept"), f"test_opensom_{databases.HOST}_999999999"
    with psycopg.connect(server, autocommit=True) as connection:
        for name in (mine, dead):
            connection.execute(f"CREATE DATABASE {name}".encode())
    assert dead in databases.remove_leftovers(server, lambda pid: pid != 999999999)
    with psycopg.connect(server) as connection:
        left = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
    assert mine in left
    assert dead not in left
    databases.drop(server, [mine])


@pytest.mark.redis
def test_its_broker_can_be_cut_off_flushed_and_brought_back(broker: Broker) -> None:
    with redis.Redis.from_url(broker.url) as client:
        client.set("a", "1")
        broker.stop()
        assert not brokers.reachable(broker.url)
        broker.start()
        wait_until(lambda: brokers.reachable(broker.url), 5, "the broker is back")
        assert client.get("a") == b"1"
        broker.flush()
        assert client.get("a") is None
