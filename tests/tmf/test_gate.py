"""The gate: what passes, and what each refusal says."""

import json
import time
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings

from tmf.errors import BadRequest
from tmf.gate import loads, read

DEPTH = settings.ENV.JSON_MAX_DEPTH


def refused(raw: bytes) -> str:
    with pytest.raises(BadRequest) as caught:
        loads(raw)
    assert caught.value.status == 400
    json.dumps(caught.value.body(), ensure_ascii=False).encode()
    return caught.value.message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "line 1"),
        (b"{} {}", "Extra data"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'{"a": 01}', "line 1"),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b'{"a": "\x00"}', "control character"),
        (b'{"a": [1, {"b": "x\\u0000"}]}', "a[1].b: a text must not hold U+0000"),
        (b'{"a": {"\\u0000": 1}}', "a: a text must not hold U+0000"),
        (b'{"a": "\\ud83d"}', "a: a text holds half of a surrogate pair"),
        (b'{"a": "\\uDE00\\uD83D"}', "a: a text holds half of a surrogate pair"),
        (b'{"\\udfff": 1}', "half of a surrogate pair"),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "the attribute b stands twice"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "\\ud800"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "-Infinity"),
        (b'{"a": 1e400}', "1e400 is too large"),
        (b'{"a": -1e31}', "too large"),
        (b'{"a": 1e-400}', "1e-400 is too small"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "30 digits"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "100 characters"),
        (b"[" * 100_000, f"deeper than {DEPTH}"),
        (b'{"a":' * 100_000, f"deeper than {DEPTH}"),
        (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), f"deeper than {DEPTH}"),
        (b'{"a":' * DEPTH + b"[]" + b"}" * DEPTH, f"deeper than {DEPTH}"),
    ],
)
def test_it_refuses_and_says_what_to_mend(raw: bytes, words: str) -> None:
    assert words in refused(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b' {"a": [0, 0.0, -1.5, 1e2, true, null, ""]}\n', {"a": [0, 0.0, -1.5, 100.0, True, None, ""]}),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        (b'"\\\\u0000 \\\\ud800"', "\\u0000 \\ud800"),
        (b'"{[{[{["', "{[{[{["),
        ('{"ü": "…"}'.encode(), {"ü": "…"}),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"0.000", 0.0),
        (b'["' + b"[" * 1000 + b'"]', ["[" * 1000]),
    ],
)
def test_it_passes_what_is_clean(raw: bytes, value: Any) -> None:
    assert json.dumps(loads(raw)) == json.dumps(value)


def test_it_passes_the_deepest_nesting_that_is_allowed() -> None:
    raw = b"[" * DEPTH + b"]" * DEPTH
    assert json.dumps(loads(raw)).encode() == raw


def test_it_reads_no_more_than_the_largest_body() -> None:
    most = settings.ENV.BODY_MAX_BYTES
    assert len(read(BytesIO(b"x" * most))) == most
    stream = BytesIO(b"x" * (most * 3))
    with pytest.raises(BadRequest, match=str(most)):
        read(stream)
    assert stream.tell() == most + 1


class Broken(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise BlockingIOError("the rest does not come")


def test_it_blames_the_client_for_a_body_that_breaks_off() -> None:
    with pytest.raises(BadRequest, match="did not arrive"):
        read(Broken())


@pytest.mark.parametrize("raw", [b"[" * 2_000_000, b'{"a":' * 400_000, b"1" * 2_000_000, b"-0." + b"0" * 1_999_990])
def test_it_refuses_cheaply(raw: bytes) -> None:
    started = time.process_time()
    refused(raw)
    assert time.process_time() - started < 0.1
