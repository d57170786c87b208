"""The one gate for inbound JSON: what passes can be stored, compared and echoed by everything behind it.

RFC 8259 leaves size, depth, duplicate names, numbers beyond a double and lone surrogates to the reader.
Here each is refused with 400 and a message that says what to mend.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.parsers import BaseParser

from tmf.errors import BadRequest

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON_PATCH_QUERY = "application/json-patch-query+json"

MOST_DIGITS = 30  # of an integer: far beyond any identifier, and nothing that costs time
MOST_CHARACTERS = 100  # of any other number
LEAST, MOST = 1e-300, 1e30  # magnitudes between which a double and a jsonb number keep each other's values
CONTAINERS = frozenset({dict, list})
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
SURROGATE = re.compile("[\ud800-\udfff]")

Json = Any
Step = str | int


class JsonParser(BaseParser):
    media_type = JSON

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Json:
        return loads(read(stream))


class MergePatchParser(JsonParser):
    media_type = MERGE_PATCH


class JsonPatchParser(JsonParser):
    media_type = JSON_PATCH


class JsonPatchQueryParser(JsonParser):
    media_type = JSON_PATCH_QUERY


def read(stream: IO[bytes]) -> bytes:
    """The body, however long it claims to be. Raises BadRequest beyond BODY_MAX_BYTES, and when it breaks off."""
    most = settings.ENV.BODY_MAX_BYTES
    try:
        raw = stream.read(most + 1)
    except OSError:
        raise BadRequest("the body did not arrive in time, or not whole") from None
    if len(raw) > most:
        raise BadRequest(f"the body is larger than {most} bytes")
    return raw


def loads(raw: bytes) -> Json:
    """The JSON value that the bytes mean. Raises BadRequest."""
    text = _decoded(raw)
    try:
        document = _decoder.decode(text)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"the body is no JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    if text.count("{") + text.count("[") > settings.ENV.JSON_MAX_DEPTH:
        check_depth(document)
    if "\\u" in text and SUSPECT.search(text):
        _check_texts(document)
    return document


def check_depth(document: Json) -> None:
    """Raises BadRequest when objects and arrays nest deeper than JSON_MAX_DEPTH."""
    level, depth = [document] if type(document) in CONTAINERS else [], 0
    while level:
        depth += 1
        if depth > settings.ENV.JSON_MAX_DEPTH:
            raise _too_deep()
        level = [child for value in level for child in _children(value) if type(child) in CONTAINERS]


def _children(value: Json) -> Iterable[Json]:
    return value.values() if type(value) is dict else value


def _decoded(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise BadRequest("the body begins with a byte order mark; send UTF-8 without one")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is no UTF-8: {error.reason} at byte {error.start}") from None
    if not text or text.isspace():
        raise BadRequest("the body is empty; a JSON document is needed")
    return text


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadRequest(f"the attribute {_shown(twice)} stands twice in one object")
    return made


def _integer(literal: str) -> int:
    if len(literal) > MOST_DIGITS:
        raise BadRequest(f"the number {literal[:12]}… has more than {MOST_DIGITS} digits; send it as a text")
    return int(literal)


def _real(literal: str) -> float:
    number = float(literal)
    if LEAST < abs(number) < MOST and len(literal) <= MOST_CHARACTERS:
        return number
    if len(literal) > MOST_CHARACTERS:
        raise BadRequest(f"the number {literal[:12]}… has more than {MOST_CHARACTERS} characters; send it as a text")
    if abs(number) >= MOST:
        raise BadRequest(f"the number {literal} is too large; send it as a text")
    if re.search("[1-9]", re.split("[eE]", literal)[0]):
        raise BadRequest(f"the number {literal} is too small; send it as a text")
    return number


def _constant(literal: str) -> NoReturn:
    raise BadRequest(f"{literal} is no JSON number")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant)


def _too_deep() -> BadRequest:
    return BadRequest(f"the body nests deeper than {settings.ENV.JSON_MAX_DEPTH} levels")


def _check_texts(document: Json) -> None:
    for path, text in _texts(document):
        if "\0" in text:
            raise BadRequest("a text must not hold U+0000", path=_written(path))
        if SURROGATE.search(text):
            raise BadRequest("a text holds half of a surrogate pair", path=_written(path))


def _texts(document: Json) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text of the document, names too, with its path."""
    waiting: list[tuple[tuple[Step, ...], Json]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, Mapping):
            yield from ((path, name) for name in value)
            waiting.extend(((*path, name), child) for name, child in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), child) for index, child in enumerate(value))


def _written(path: tuple[Step, ...]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_shown(step)}" for step in path)
    return text.removeprefix(".")


def _shown(name: str) -> str:
    """A name as it may stand in an answer: encodable, and not endless."""
    return name[:80].encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
