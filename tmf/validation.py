"""Documents against shapes: compiled JSON Schema, and words that say what to mend."""

import re
from collections.abc import Iterable
from datetime import UTC
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

from tmf.complaints import path, short, words
from tmf.errors import Invalid
from tmf.resources import Children, Json, Resource, instant
from tmf.shapes import Shape, components, reference
from tmf.spelling import spelled_out

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|(?![+-]00:00)[+-]\d\d:\d\d)", re.ASCII)
BLANK = re.compile(r"[\s\x00-\x1f\x7f]")


def check(shape: Shape, document: Any, *, at: str = "") -> None:
    """Raises Invalid, naming the attribute's path (from `at`), when the document is not of this shape."""
    if not validator_for(shape).is_valid(document):
        _refuse(shape, document, at)


def accepted(shape: Shape, document: Any) -> Any:
    """The document as it is to be kept. Raises Invalid when it is not of this shape, even spelled out."""
    if validator_for(shape).is_valid(document):
        return document
    kept = spelled_out(shape, document)
    check(shape, kept)
    return kept


def accepted_create(resource: Resource, document: Any) -> Json:
    """The document as it is to be kept, if it is what a POST must be: nothing that only the server sets, and the shape.

    Raises Invalid.
    """
    if isinstance(document, dict):
        document = {n: v for n, v in document.items() if v is not None or n not in resource.server_set}
        refuse_attributes(resource.server_set & document.keys(), "is set by the server and cannot be given")
        for children in resource.children:
            _refuse_in_children(children, document.get(children.attribute), children.attribute)
    kept: Json = accepted(resource.create, document)
    return kept


def check_update(resource: Resource, names: Iterable[str]) -> None:
    """What a PATCH may name. Raises Invalid with every attribute that it may not."""
    given = {*names}
    refused = resource.fixed & given
    if resource.update is not None and resource.closed:
        refused |= given - resource.update.attributes.keys()
    refuse_attributes(refused, "cannot be changed")


def refuse_attributes(names: Iterable[str], why: str) -> None:
    """Raises Invalid that names all of them, when there are any."""
    if found := sorted(names):
        others = f" (nor {', '.join(short(name) for name in found[1:6])})" if len(found) > 1 else ""
        raise Invalid(f"{why}{others}", path=short(found[0]))


def _refuse_in_children(children: Children, items: Any, path: str) -> None:
    if not isinstance(items, list):
        return
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            continue
        where = f"{path}[{index}]"
        if found := {name for name in children.server_set & item.keys() if item[name] is not None}:
            raise Invalid("is set by the server and cannot be given", path=f"{where}.{min(found)}")
        if children.attribute in item:
            _refuse_in_children(children, item[children.attribute], f"{where}.{children.attribute}")


@cache
def validator_for(shape: Shape) -> Draft202012Validator:
    return _compiled({**reference(shape.name), "components": {"schemas": components([shape])}})


@cache
def outline_validator(shape: Shape) -> Draft202012Validator:
    """Looks at the document's own attributes only, not into what they hold."""
    schema = shape.schema()
    return _compiled({**schema, "properties": {name: _outline(a) for name, a in schema["properties"].items()}})


def _outline(attribute: Json) -> Json:
    if "$ref" in attribute:
        return {"type": "object"}
    return {keyword: value for keyword, value in attribute.items() if keyword != "items"}


def _compiled(schema: Json) -> Draft202012Validator:
    return Draft202012Validator(schema, validate_formats=True, formats={"date-time": is_date_time, "uri": is_uri})


def is_date_time(value: str) -> bool:
    """RFC 3339 section 5.6 as `spelled_out` writes it, and a moment that `instant` and UTC can hold."""
    if not DATE_TIME.fullmatch(value):
        return False
    try:
        instant(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def is_uri(value: str) -> bool:
    """A URI or a reference to one. It is stored, not followed: no blanks is all that is asked."""
    return BLANK.search(value) is None


def _refuse(shape: Shape, document: Any, at: str) -> None:
    """The shallowest error tells most: a missing attribute, then a wrong one, then the first of those deeper down.

    Never asks for all errors of a whole document: a long wrong list has many.
    """
    error = min(outline_validator(shape).iter_errors(document), key=_depth, default=None)
    try:
        validator_for(shape).validate(document)
    except ValidationError as first:
        error = error or first
        raise Invalid(words(error), path=".".join(filter(None, (at, path(error))))) from None


def _depth(error: ValidationError) -> tuple[int, bool]:
    return len(error.instance_path), error.kind.name != "required"
