"""The pytest plugin behind `manage.py conformance`: holds what tests claim to prove against what must be proved.

A test claims rows by `@pytest.mark.proves("POST: fields narrows", …)`; it is one of a resource by its class's
`resource`, or by `of="serviceOrdering-v4 serviceOrder"`. Only what pytest really collects counts: an inherited
test counts for every class that inherits it, one that is overridden or skipped does not. A test that runs once for
each `api` is about the resource `of` of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.promises import OWED, Row, rows

PAGE = Path(__file__).parent.parent / "docs" / "conformance-table.md"
HEAD = """# What is proved, and by which test

Made by `manage.py conformance` from the published documents and from what tests claim; `make check` fails when a
row has no test. What the rows mean: [conformance.md](conformance.md).
"""
Proofs = dict[Row, list[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conformance", choices=["write", "check"], required=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """First of all, before what this machine cannot run is left out."""
    if session.testsfailed:
        raise pytest.UsageError("some tests cannot be collected: pytest --collect-only tells which")
    proofs: Proofs = {row: [] for row in rows()}
    faults = [fault for item in items for fault in _take(item, proofs)]
    faults += [f"no test proves: {' | '.join(row)}" for row, tests in proofs.items() if not tests and row not in OWED]
    faults += [
        f"is owed, but there is a proof or no such row: {' | '.join(row)}"
        for row in OWED
        if proofs.get(Row(*row), True)
    ]
    page = _page(proofs)
    if not faults and config.getoption("--conformance") == "write":
        PAGE.write_text(page)
    elif not faults and (not PAGE.exists() or PAGE.read_text() != page):
        faults = [f"{PAGE.name} is out of date. To accept the change: manage.py conformance"]
    if faults:
        raise pytest.UsageError("\n".join(faults))


def _take(item: pytest.Item, proofs: Proofs) -> Iterator[str]:
    """Enters the item as proof of what it claims; answers what it claims wrongly."""
    for mark in item.iter_markers("proves"):
        for promise in mark.args:
            claimed = [row for row in proofs if row.promise == promise and _is_about(item, mark, row)]
            if not claimed and "of" in mark.kwargs:
                yield f"{item.nodeid} claims to prove what nobody promised: {promise}"
            for row in claimed:
                if not _is_left_out(item) and (name := item.nodeid.partition("[")[0]) not in proofs[row]:
                    proofs[row].append(name)


def _is_about(item: pytest.Item, mark: pytest.Mark, row: Row) -> bool:
    if "of" in mark.kwargs:
        api: Any = getattr(item, "callspec", None) and item.callspec.params.get("api")  # type: ignore[attr-defined]
        here = api is None or api.slug == row.api
        return here and any(
            each in (row.resource, f"{row.api} {row.resource}") for each in mark.kwargs["of"].split(", ")
        )
    resource: Any = getattr(getattr(item, "cls", None), "resource", None)
    return resource is not None and (resource.api.slug, resource.name) == (row.api, row.resource)


def _is_left_out(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("skip", "skipif", "xfail"))


def _page(proofs: Proofs) -> str:
    parts = [HEAD]
    for api in dict.fromkeys(row.api for row in proofs):
        parts.append(f"\n## {api}\n\n| resource | promise | proof |\n|---|---|---|\n")
        parts += [f"| {r.resource} | {r.promise} | {_proof(tests)} |\n" for r, tests in proofs.items() if r.api == api]
    return "".join(parts)


def _proof(tests: list[str]) -> str:
    """Links to the tests' files; their names say where in it."""
    if not tests:
        return "owed"
    named = (test.partition("::") for test in tests)
    return "<br>".join(f"[{Path(file).stem}::{name}](../{file})" for file, _, name in named)
