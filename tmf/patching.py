"""Patches: RFC 7386 (merge patch), RFC 6902 (JSON patch), TMF630 part 5 (JSON patch query). Pure."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jsonpatch
from django.conf import settings
from jsonpointer import JsonPointer, JsonPointerException

from tmf import gate
from tmf.errors import BadRequest, Conflict
from tmf.patch_query import Finder, attribute, growth

MOST_OPERATIONS = 200

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """What a client wants changed, and how it says so."""

    media_type: str
    content: Any

    def applied(self, document: Json) -> Json:
        """The document as the patch makes it; the one given stays as it is.

        Raises BadRequest for a patch that cannot be read or applied, Conflict when a `test` fails.
        """
        if self.media_type == gate.JSON_PATCH:
            return _operated(document, _operations(self.content))
        if self.media_type == gate.JSON_PATCH_QUERY:
            return _operated(document, _operations(self.content), Finder())
        return _whole(_merged(document, _object(self.content)))

    def names(self) -> frozenset[str]:
        """The first-level attributes that the patch is about to write."""
        if self.media_type == gate.JSON_PATCH:
            return frozenset(_targets(_operations(self.content), _first)) - {""}
        if self.media_type == gate.JSON_PATCH_QUERY:
            return frozenset(_targets(_operations(self.content), attribute)) - {""}
        return frozenset(_object(self.content))


def rooted(content: Any) -> Any:
    """A JSON patch whose paths have their first slash, which TMF638 v5's own examples leave out."""
    if not isinstance(content, list):
        return content
    return [_rooted(operation) if isinstance(operation, dict) else operation for operation in content]


def _rooted(operation: Json) -> Json:
    paths = {name: operation[name] for name in ("path", "from") if isinstance(operation.get(name), str)}
    return {**operation, **{name: f"/{path.removeprefix('/')}" for name, path in paths.items() if path}}


def patched(document: Json, media_type: str, content: Any) -> Json:
    return Patch(media_type, content).applied(document)


def differing(before: Json, after: Json) -> frozenset[str]:
    """The first-level attributes that differ, where `true` is not `1` and the order of names is no difference."""
    return frozenset(
        name for name in before.keys() | after.keys() if _canonical(before, name) != _canonical(after, name)
    )


def _canonical(document: Json, name: str) -> str:
    return json.dumps(document[name], sort_keys=True) if name in document else ""


def _object(content: Any) -> Json:
    if not isinstance(content, dict):
        raise BadRequest("a merge patch must be a JSON object")
    return content


def _merged(document: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _operations(content: Any) -> Sequence[Json]:
    if not isinstance(content, list) or not all(isinstance(operation, dict) for operation in content):
        raise BadRequest("a JSON patch must be an array of operations")
    if len(content) > MOST_OPERATIONS:
        raise BadRequest(f"a JSON patch may hold at most {MOST_OPERATIONS} operations")
    return content


def _targets(operations: Sequence[Json], attribute_of: Callable[[str], str]) -> list[str]:
    paths = [o.get("path") for o in operations if o.get("op") != "test"]
    paths += [o.get("from") for o in operations if o.get("op") == "move"]
    return [attribute_of(path) for path in paths if isinstance(path, str)]


def _first(pointer: str) -> str:
    return pointer.partition("/")[2].partition("/")[0].replace("~1", "/").replace("~0", "~")


def _operated(document: Json, operations: Sequence[Json], finder: Finder | None = None) -> Json:
    """The document after the operations, whose paths are pointers, or what the finder reads."""
    made: Any = copy.deepcopy(document)
    room = settings.ENV.BODY_MAX_BYTES
    for index, operation in enumerate(operations):
        with _blaming(f"[{index}]"):
            found = finder.operations(made, operation) if finder else [operation]
            room -= growth(found)
            for each in found:
                room -= _growth(made, each)
                if room < 0:
                    raise BadRequest("the patch makes the document too large")
                made = jsonpatch.JsonPatch([each]).apply(made, in_place=True)
    gate.check_depth(made)
    return _whole(made)


@contextmanager
def _blaming(path: str) -> Iterator[None]:
    """Tells what an operation fails of, and which one it is."""
    try:
        yield
    except jsonpatch.JsonPatchTestFailed:
        raise Conflict("the test fails", path=path) from None
    except (BadRequest, Conflict) as error:
        raise type(error)(error.message, path=path) from None
    except (jsonpatch.JsonPatchException, JsonPointerException, LookupError, TypeError, ValueError) as error:
        why = str(error).partition(" in {")[0]  # the library goes on with the whole document, as Python shows it
        raise BadRequest(f"the operation cannot be applied: {why[:200]}", path=path) from None
    except RecursionError:
        raise BadRequest("the patch nests the document too deeply", path=path) from None


def _growth(document: Any, operation: Json) -> int:
    """How many characters the operation adds beyond those in the request."""
    if operation.get("op") != "copy":
        return 0
    return len(json.dumps(JsonPointer(str(operation.get("from"))).resolve(document)))


def _whole(document: Any) -> Json:
    if not isinstance(document, dict):
        raise BadRequest("a resource cannot be replaced by something that is no object")
    return document
