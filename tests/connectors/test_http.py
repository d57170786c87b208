"""What answers mean, beyond the contract: waiting times, reasons, secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from orchestrator.connectors.base import OutcomeUnknown, Permanent, System, Task, Transient
from orchestrator.connectors.http import call, masked, path_below, retry_after_of, url_of
from tests.tmf.peer import answering, peer, raw

SYSTEM = System("ems", "http://ems.example/api", token="hunter2")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None), ("0", 0), ("7", 7), (" 7 ", 7), ("1.5", 1.5), ("999999999", 3600), ("-5", None), ("soon", None),
        ("1e3", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)  # fmt: skip
def test_it_reads_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after_of({"Retry-After": text}) == seconds


def test_it_reads_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 55 < (retry_after_of({"Retry-After": later}) or 0) <= 60


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://ems.example/api/monitor/1", "/monitor/1"), ("/api/monitor/1?a=b", "/monitor/1?a=b"),
        ("https://ems.example/api/monitor/1", None), ("http://ems.example:81/api/monitor/1", None),
        ("http://ems.example.evil/api/monitor/1", None), ("//evil/api/monitor/1", None), ("/apimonitor/1", None),
        ("/other/1", None), ("monitor/1", None), ("", None), ("http://ems.example@evil/api/x", None),
    ],
)  # fmt: skip
def test_it_follows_a_target_only_within_its_base_url(url: str, path: str | None) -> None:
    assert path_below(SYSTEM, url) == path


def test_it_writes_a_url_that_is_valid() -> None:
    assert url_of(SYSTEM, "/a b/ü#x?q=1", {"r": "&"}) == "http://ems.example/api/a%20b/%C3%BC%23x?q=1&r=%26"


@pytest.mark.parametrize(
    "text",
    [
        "hunter2", "the token hunter2 is wrong", "Authorization: Bearer abc.def", '{"password": "abc.def"}',
        "secret=abc.def&x=1", "api_key: abc.def", "token='abc.def'",
    ],
)  # fmt: skip
def test_it_masks_secrets(text: str) -> None:
    shown = masked(text, SYSTEM)
    assert "hunter2" not in shown
    assert "abc.def" not in shown


def test_a_reason_is_one_bounded_line() -> None:
    shown = masked("a\nb\x00\x1b[31m" + "c" * 1000, SYSTEM)
    assert shown.startswith("a b [31mccc")
    assert len(shown) == 300


def _task(url: str) -> Task:
    return Task("o.1.do.1", System("ems", url, token="hunter2"), {}, timeout=5)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"code": "1", "reason": "No capacity", "message": "port 7 is taken"}', "No capacity; port 7 is taken"),
        (b'{"type": "about:blank", "title": "No capacity", "detail": "port 7"}', "No capacity; port 7"),
        (b'{"error": "invalid_token", "error_description": "hunter2 expired"}', "invalid_token; *** expired"),
        (b"plain words", "plain words"), (b"", ""), (b"\xff\xfe", "\ufffd\ufffd"), (b'["a"]', "['a']"),
    ],
)  # fmt: skip
def test_a_refusal_tells_the_targets_reason(body: bytes, reason: str) -> None:
    with peer(answering(body, status="422 No")) as target, pytest.raises(Permanent) as permanent:
        call(_task(target.url("")), "POST", "/x")
    assert permanent.value.message == "ems answered 422" + (f": {reason}" if reason else "")


def test_a_page_of_html_is_no_reason() -> None:
    page = answering(b"<html>stack trace</html>", "Content-Type: text/html", status="403 No")
    with peer(page) as target, pytest.raises(Permanent) as permanent:
        call(_task(target.url("")), "POST", "/x")
    assert permanent.value.message == "ems answered 403"


def test_a_refusal_that_is_cut_off_is_still_a_refusal() -> None:
    cut = b"HTTP/1.1 422 No\r\nContent-Length: 99\r\n\r\n{"
    with peer(raw(cut)) as target, pytest.raises(Permanent):
        call(_task(target.url("")), "POST", "/x")


def test_a_page_too_large_of_a_busy_target_is_still_transient() -> None:
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 99999999\r\n\r\n{"
    with peer(raw(busy)) as target, pytest.raises(Transient):
        call(_task(target.url("")), "POST", "/x")


def test_a_reading_call_carries_no_operation_key() -> None:
    with peer(answering()) as target:
        call(_task(target.url("")), "GET", "/x")
        call(_task(target.url("")), "POST", "/x")
        assert [b"Idempotency-Key: o.1.do.1" in request for request in target.requests] == [False, True]


def test_what_went_wrong_tells_no_secret_of_the_path() -> None:
    with peer(raw(b"")) as target, pytest.raises(OutcomeUnknown) as unknown:
        call(_task(target.url("")), "POST", "/x?apikey=abc")
    assert "abc" not in unknown.value.message
