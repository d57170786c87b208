"""Process definitions from a folder: `manage.py definitions import|validate`."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from orchestrator.bulkheads import bulkheads
from orchestrator.library import definitions_import
from orchestrator.models import Definition, Plan, Step, Target
from tests.orchestrator.conftest import item, place, specification, state_of, work
from tests.orchestrator.recorder import Ledger
from tests.racing import at_once
from tmf.models import JournalEntry

LINE = """
specification: Line
action: add
steps:
  - key: activate
    target: lab
    request: {name: first, since: 2026-01-02}
"""
ROUTER = LINE.replace("Line", "Router")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "line.yaml").write_text(LINE)
    (tmp_path / "deep" / "router.yml").write_text(ROUTER)
    (tmp_path / "notes.txt").write_text("not: [a definition")
    return tmp_path


def run(verb: str, folder: Path) -> str:
    said = StringIO()
    call_command("definitions", verb, folder, stdout=said)
    return said.getvalue().strip()


def refused(verb: str, folder: Path) -> str:
    with pytest.raises(CommandError) as raised:
        run(verb, folder)
    assert not Definition.objects.exists()
    return str(raised.value)


def rows() -> list[tuple[str, int, str]]:
    return [*Definition.objects.order_by("id").values_list("specification", "version", "state")]


@pytest.mark.django_db(transaction=True)
def test_it_makes_the_documents_of_a_folder_active(folder: Path) -> None:
    assert run("import", folder) == "2 of 2 definitions are new"
    assert sorted(rows()) == [("Line", 1, "active"), ("Router", 1, "active")]
    kept = Definition.objects.get(specification="Line").document
    assert kept["steps"][0]["request"] == {"name": "first", "since": "2026-01-02"}, "a date is a text"
    told = JournalEntry.objects.filter(entity="Definition").values_list("after", "actor")
    assert [*told] == [("active", "definitions import")] * 2


@pytest.mark.django_db(transaction=True)
def test_it_changes_nothing_when_nothing_changed(folder: Path) -> None:
    run("import", folder)
    before = [*Definition.objects.order_by("id").values()], JournalEntry.objects.count()
    same = "# a remark, and another order of names" + LINE.replace("action: add\n", "") + "action: add\n"
    (folder / "line.yaml").write_text(same)
    assert run("import", folder) == "0 of 2 definitions are new"
    assert ([*Definition.objects.order_by("id").values()], JournalEntry.objects.count()) == before


@pytest.mark.django_db(transaction=True)
def test_it_retires_what_a_changed_document_replaces(folder: Path) -> None:
    run("import", folder)
    (folder / "line.yaml").write_text(LINE.replace("first", "second"))
    assert run("import", folder) == "1 of 2 definitions are new"
    (folder / "line.yaml").write_text(LINE)
    assert run("import", folder) == "1 of 2 definitions are new", "going back is a new version, too"
    line = Definition.objects.filter(specification="Line").order_by("version")
    assert [(d.version, d.state, d.document["steps"][0]["request"]["name"]) for d in line] == [
        (1, "retired", "first"), (2, "retired", "second"), (3, "active", "first"),
    ]  # fmt: skip
    assert line[0].digest == line[2].digest != line[1].digest


@pytest.mark.django_db(transaction=True)
def test_it_leaves_running_plans_with_what_they_were_made_from(
    folder: Path, target: Target, bss: Client, ledger: Ledger
) -> None:
    specification("Line")
    run("import", folder)
    Target.objects.update(state="paused")
    old = place(bss, item("1", "Line"))
    work()
    (folder / "line.yaml").write_text(LINE.replace("first", "second"))
    run("import", folder)
    new = place(bss, item("1", "Line"))
    work()
    assert [(p.order_id, p.pins[0]["version"]) for p in Plan.objects.order_by("id")] == [(old, 1), (new, 2)]
    assert [*Step.objects.order_by("id").values_list("request__name", flat=True)] == ["first", "second"]
    Target.objects.update(state="open")
    bulkheads()._read_at = float("-inf")
    work()
    assert (state_of(old), state_of(new)) == ("completed", "completed")
    assert {request["name"] for request in ledger.requests()} == {"first", "second"}


@pytest.mark.django_db
def test_it_validates_without_changing_anything(folder: Path) -> None:
    assert run("validate", folder) == "2 definitions are valid"
    assert not Definition.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["import", "validate"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps: [", "line 1, column 9"),
        ("specification: Line\n\tsteps: []", "line 2, column 1"),
        ("specification: Line\naction: add\nspecification: Other\nsteps: []", "'specification' stands twice"),
        ("specification: Line\naction: add\nsteps:\n  - {key: a, request: {1: x}}", "line 4, column 24"),
        ("a: 1\n---\nb: 2", "line 2, column 1"),
        ("specification: !!python/object/apply:os.system [ls]", "line 1, column 16"),
        ("specification: Line\naction: add\nsteps: [{key: a, timeout: .inf}]", "what JSON cannot"),
        ("specification: Line\naction: add\nsteps: [{key: a, request: {a: !!binary aGk=}}]", "what JSON cannot"),
        ("", "document: "),
        ("- a list", "document: "),
        (LINE.replace("action: add", "action: explode"), "action: "),
        (LINE.replace("target: lab", "after: [nowhere]"), "activate.after: no step 'nowhere'"),
        (LINE.replace("first", "'${order.'"), "activate.request: `${order.`"),
    ],
)
def test_it_names_the_file_and_the_place_at_fault(folder: Path, verb: str, text: str, told: str) -> None:
    (folder / "bad.yaml").write_text(text)
    said = refused(verb, folder)
    assert said.startswith("bad.yaml: ")
    assert told in said


@pytest.mark.django_db
def test_it_says_which_file_is_no_text(folder: Path) -> None:
    (folder / "bad.yaml").write_bytes(b"specification: \xff")
    assert refused("import", folder).startswith("bad.yaml: ")


@pytest.mark.django_db
def test_it_tells_the_faults_of_every_file(folder: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (folder / name).write_text(LINE.replace("target: lab", "after: [nowhere]"))
    assert [line.split(":")[0] for line in refused("import", folder).splitlines()] == ["one.yaml", "two.yaml"]


@pytest.mark.django_db
def test_it_takes_one_document_for_a_specification_and_action(folder: Path) -> None:
    (folder / "other.yaml").write_text(LINE.replace("first", "second"))
    assert refused("import", folder) == "other.yaml: line.yaml is the definition of 'Line' add already"


@pytest.mark.django_db
def test_it_refuses_what_is_no_folder(folder: Path) -> None:
    assert "is no folder" in refused("import", folder / "line.yaml")


@pytest.mark.django_db(transaction=True)
def test_it_keeps_one_version_active_when_two_import_at_once(folder: Path) -> None:
    run("import", folder)
    other: Any = {"specification": "Line", "action": "add", "steps": []}
    at_once(*(lambda: definitions_import(documents=[other], actor="test") for _ in range(3)))
    assert rows().count(("Line", 1, "retired")) == 1
    assert [row for row in rows() if row[0] == "Line" and row[2] == "active"] == [("Line", 2, "active")]
