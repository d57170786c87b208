"""What every test may ask for. Which services the run has is decided in `tests/settings.py`."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from playwright.sync_api import Page, Playwright, expect

from tests import browser, databases, emptying, postgres, waiting
from tests.broker import Broker
from tests.processes import Processes
from tests.simulator import simulator, simulator_process  # noqa: F401

CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "redis: needs a Redis, through the fixture `broker`")
    config.addinivalue_line("markers", "browser: drives a Chromium")
    config.addinivalue_line("markers", "postgresql: about PostgreSQL's own locks or types; pointless on SQLite")
    config.addinivalue_line("markers", "proves(*promises, of): rows of docs/conformance-table.md; tests/conformance.py")
    config.stash[LEFT_OUT] = []
    if not hasattr(config, "workerinput"):
        databases.remove_leftovers(os.environ["OPENSOM_TESTS_SERVER"], psutil.pid_exists)
        if CI and config.getoption("numprocesses", None) and (missing := _missing()):  # the workers could not say so
            raise pytest.UsageError(f"CI leaves nothing out, but is without {'; '.join(missing.values())}")


def pytest_report_header() -> str:
    return f"services: {os.environ['OPENSOM_TESTS_CHOSEN']}"


def _missing() -> dict[str, str]:
    """Mark → why its tests cannot run here."""
    missing = {}
    if not os.environ["OPENSOM_TESTS_REDIS"]:
        missing["redis"] = f"Redis: {os.environ['OPENSOM_TESTS_REDIS_WHY']}"
    if not browser.find(os.environ):
        missing["browser"] = "a browser: no Chromium on the PATH and none of Playwright's"
    return missing


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        items[:] = [item for item in items if not item.get_closest_marker("postgresql")]
    items.sort(key=lambda item: bool(item.get_closest_marker("browser")))  # see the fixture `playwright`
    wanted = {mark for item in items for mark in ("redis", "browser") if item.get_closest_marker(mark)}
    for mark, why in _missing().items() if wanted else ():
        left_out = [item for item in items if item.get_closest_marker(mark)]
        if not left_out:
            continue
        line = f"left out: {len(left_out)} tests that need {why}"
        if CI:
            raise pytest.UsageError(f"CI leaves nothing out, but {line}")
        config.stash[LEFT_OUT].append(line)
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for line in config.stash[LEFT_OUT]:
        terminalreporter.write_line(line, yellow=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """pytest-xdist's: what one of its workers left out. All have collected the same."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", [])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash[LEFT_OUT]
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if CI and reporter and exitstatus == 0 and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line("\nCI leaves nothing out, but tests were skipped.", red=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report: Any = yield
    started: Processes | None = getattr(item, "funcargs", {}).get("processes")
    if started and report.when == "call" and report.failed:
        report.sections.append(("output of the processes", started.logs()))
    return report


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptying.teardown)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    default = settings.DATABASES["default"]
    on_sqlite = default["ENGINE"].endswith("sqlite3")
    name = f"{default['NAME']}.{os.getpid()}" if on_sqlite else databases.own_name()
    default.setdefault("TEST", {})["NAME"] = name


@pytest.fixture(scope="session")
def _databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.Databases]:
    made = databases.Databases(os.environ["OPENSOM_TESTS_SERVER"], tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture
def fresh_database(_databases: databases.Databases) -> Callable[[str], str]:
    """`fresh_database("postgresql")`, `fresh_database("sqlite")`: the URL of a migrated database of one's own."""
    return _databases.fresh


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, _databases: databases.Databases) -> str:
    """A migrated database of one's own; the test runs once on PostgreSQL and once on SQLite."""
    return _databases.fresh(request.param)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Starts the project's own processes; see `tests/processes.py`."""
    started = Processes(tmp_path)
    yield started
    started.close()


@pytest.fixture
def broker() -> Iterator[Broker]:
    """An empty Redis that may be flushed, stopped and started. The test carries `@pytest.mark.redis`."""
    redis = Broker(os.environ["OPENSOM_TESTS_REDIS"])
    yield redis
    redis.close()


@pytest.fixture
def free_port() -> int:
    return postgres.free_port()


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return waiting.wait_until


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's fixture, with the Chromium that was found. Root needs it without a sandbox."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": browser.find(os.environ), "args": sandbox}


@pytest.fixture(scope="session")
def playwright(playwright: Playwright) -> Iterator[Playwright]:
    """pytest-playwright's. Its event loop stays in this thread, where Django would refuse every query from then on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=30_000)  # Redoc takes seconds for a large document on a busy machine
        yield playwright


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the page did that no page may, so far; a test that provokes an error takes it out."""
    return browser.watch(page)


@pytest.fixture
def watched(page: Page, complaints: list[str]) -> Iterator[Page]:
    """A page of Chromium that must end without an error in its console and a request to another host."""
    yield page
    assert complaints == []
