"""JSON Patch Query (TMF630 part 5): operations whose paths say which elements of an array they are about.

    /note/author?note.id=77456            of the notes with this id, the author
    $.note[?(@.id=='77456')].author       the same as JSONPath, in the subset that filters have

Each becomes the operations of RFC 6902 at all the places that are found. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from tmf.errors import BadRequest, Conflict
from tmf.query import jsonpath, parse_filter
from tmf.query.jsonpath import Step
from tmf.query.tree import And, Condition, Node, Some, both

MOST_PLACES = 1_000  # at which one operation is carried out
MOST_LOOKS = 100_000  # at values of the document, by all operations of a patch

Json = dict[str, Any]
Place: TypeAlias = tuple[str, Any]  # a JSON Pointer, and what is there


def attribute(path: str) -> str:
    """The first-level attribute that a path leads to; empty for the whole document. Raises BadRequest."""
    return next((step for step in steps(path) if isinstance(step, str)), "")


def steps(path: str) -> list[Step]:
    """Raises BadRequest for a path that cannot be read."""
    if path.startswith("$"):
        return jsonpath.steps(path)
    pointer, _, query = path.partition("?")
    names = [_unescaped(name) for name in pointer.removeprefix("/").split("/")] if pointer else []
    asked = parse_filter(query, ignore=()) if query else And(())
    made: list[Step] = [asked]
    for length, name in enumerate(names, 1):
        made.append(name)
        made += [both(tests)] if (tests := [*_tests(asked, tuple(names[:length]))]) else []
    return made


def _tests(asked: Node, prefix: tuple[str, ...]) -> Iterator[Node]:
    """What is asked of the values at a prefix of the path."""
    match asked:
        case And(parts):
            for part in parts:
                yield from _tests(part, prefix)
        case Condition(path, operator, values) if len(path) > len(prefix) and path[: len(prefix)] == prefix:
            yield Condition(path[len(prefix) :], operator, values)
        case Some(path, part) if len(path) >= len(prefix) and path[: len(prefix)] == prefix:
            yield Some(path[len(prefix) :], part)


def _unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")


@dataclass(slots=True)
class Finder:
    """Finds places, and tires: a patch may look at so many values and no more."""

    looks: int = MOST_LOOKS

    def operations(self, document: Any, operation: Json) -> list[Json]:
        """The operation at every place that its path leads to, last first, so that none moves another's place.

        Raises BadRequest when there is no such place, Conflict when a `test` finds none.
        """
        made = dict(operation)
        if isinstance(made.get("from"), str):
            made["from"] = self._only(document, made["from"])
        if not isinstance(made.get("path"), str):
            return [made]
        places = self._places(document, made["path"])
        if not places and made.get("op") == "test":
            raise Conflict("the test fails: there is nothing at its path")
        if not places:
            raise BadRequest("nothing is found at the path")
        if len(places) > MOST_PLACES:
            raise BadRequest(f"the path leads to more than {MOST_PLACES} places")
        return [{**made, "path": pointer} for pointer, _ in reversed(places)]

    def _only(self, document: Any, path: str) -> str:
        places = self._places(document, path)
        if len(places) != 1:
            raise BadRequest(f"from must lead to one place, not {len(places)}")
        return places[0][0]

    def _places(self, document: Any, path: str) -> list[Place]:
        found: list[Place] = [("", document)]
        taken = steps(path)
        for number, step in enumerate(taken, 1):
            is_last = not any(isinstance(later, str | int) for later in taken[number:])
            found = [place for start in found for place in self._taken(start, step, is_last)]
        return found

    def _taken(self, start: Place, step: Step, is_last: bool) -> Iterator[Place]:
        pointer, value = start
        self._look()
        match step:
            case str():
                yield from self._named(pointer, value, step, is_last)
            case int():
                yield from [(f"{pointer}/{step}", value[step])] if isinstance(value, list) and step < len(value) else []
            case _:
                yield from (place for place in self._each(pointer, value) if step.matches(place[1]))

    def _named(self, pointer: str, value: Any, name: str, is_last: bool) -> Iterator[Place]:
        """An attribute of an object, or of every object of a list; what is to be made is not there yet."""
        if isinstance(value, dict):
            if name in value or is_last:
                yield f"{pointer}/{_escaped(name)}", value.get(name)
        elif isinstance(value, list) and (name == "-" or name.isdecimal()):
            there = name != "-" and int(name) < len(value)
            yield f"{pointer}/{name}", value[int(name)] if there else None
        elif isinstance(value, list):
            for place in self._each(pointer, value):
                if isinstance(place[1], dict):
                    yield from self._named(*place, name, is_last)

    def _each(self, pointer: str, value: Any) -> Iterator[Place]:
        if not isinstance(value, list):
            yield pointer, value
            return
        for index, element in enumerate(value):
            self._look()
            yield f"{pointer}/{index}", element

    def _look(self) -> None:
        self.looks -= 1
        if self.looks < 0:
            raise BadRequest(f"the patch looks at more than {MOST_LOOKS} values")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def growth(operations: list[Json]) -> int:
    """How many characters are added beyond those of the request, by a value that is put in several places."""
    if len(operations) < 2 or "value" not in operations[0]:
        return 0
    return (len(operations) - 1) * len(json.dumps(operations[0]["value"]))
