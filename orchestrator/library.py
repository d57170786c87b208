"""The definitions in the database: a changed document becomes a new version, the old one is retired."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from django.db import IntegrityError, transaction
from django.db.models import Max

from orchestrator.definitions import digest, faults
from orchestrator.models import Definition
from tmf import journal
from tmf.errors import Invalid, LostRace

Json = dict[str, Any]
IMPORTS_MAX = 10  # rivals that one import gives way to


class _Loader(yaml.SafeLoader):
    """YAML as far as it is JSON: a date is a text, and a key that stands twice is a fault."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} is no text", key.start_mark)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} stands twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def documents_read(folder: Path) -> dict[Path, Any]:
    """Every YAML document in a folder, by file. Raises Invalid naming file and place of what is no YAML."""
    return {path: _read(path) for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])}


def _read(path: Path) -> Any:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader, made stricter)
        json.dumps(document, allow_nan=False)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Invalid(f"{path.name}: {error}") from None
    except (TypeError, ValueError) as error:
        raise Invalid(f"{path.name}: it holds what JSON cannot: {error}") from None
    return document


def documents_check(documents: dict[Path, Any]) -> None:
    """Raises Invalid with every fault of every file."""
    wrong = [f"{path.name}: {fault}" for path, document in documents.items() for fault in faults(document)]
    if wrong := wrong or [*_rivals(documents)]:
        raise Invalid("\n".join(wrong))


def _rivals(documents: dict[Path, Any]) -> Iterator[str]:
    first: dict[tuple[str, str], Path] = {}
    for path, document in documents.items():
        key = (document["specification"], document["action"])
        if (other := first.setdefault(key, path)) is not path:
            yield f"{path.name}: {other.name} is the definition of {key[0]!r} {key[1]} already"


def definitions_import(*, documents: Iterable[Json], actor: str) -> list[Definition]:
    """Makes each document the active one of its specification and action; the new versions. All of them, or none.

    A document that is active already stays as it is. Running plans keep what they were made from.
    """
    wanted = [*documents]
    for _ in range(IMPORTS_MAX):
        try:
            return _import(wanted, actor)
        except IntegrityError:  # a rival imported at the same time: what it made active is compared again
            continue
    raise LostRace("others keep importing the same definitions")


@transaction.atomic(durable=True)
def _import(documents: Sequence[Json], actor: str) -> list[Definition]:
    return [made for document in documents if (made := _activate(document, actor)) is not None]


def _activate(document: Json, actor: str) -> Definition | None:
    same = Definition.objects.filter(specification=document["specification"], action=document["action"])
    active = same.filter(state=Definition.State.ACTIVE).first()
    if active is not None and active.digest == digest(document):
        return None
    same.filter(state=Definition.State.ACTIVE).update(state=Definition.State.RETIRED)
    made = Definition.objects.create(
        specification=document["specification"],
        action=document["action"],
        version=(same.aggregate(last=Max("version"))["last"] or 0) + 1,
        state=Definition.State.ACTIVE,
        document=document,
        digest=digest(document),
    )
    journal.record([journal.entry("Definition", str(made), "", "active", actor=actor)])
    return made
