"""The outbound client: what it sends, what it makes of answers, and when it gives up."""

import gzip
import json
import socket
import threading
import time
import zlib
from typing import Any

import pytest

from tests.tmf.peer import Talk, answering, peer, raw
from tmf.outbound import Broken, NotSent, Refused, TooLarge, send

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_it_sends_one_request_with_its_json_and_headers() -> None:
    with peer(answering(b'{"id": "7"}', "X-Answer: yes", status="201 Created")) as target:
        answer = send("POST", target.url("/a/b?c=d"), json={"é": [1, None]}, headers={"traceparent": "00-x"}, timeout=5)
        assert (answer.status, answer.json()) == (201, {"id": "7"})
        assert answer.headers["x-answer"] == answer.headers["X-ANSWER"] == "yes"
        (request,) = target.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert json.loads(body) == {"é": [1, None]}
    assert head.decode().split("\r\n") == [
        "POST /a/b?c=d HTTP/1.1",
        f"Host: 127.0.0.1:{target.port}",
        "User-Agent: OpenSOM",
        "Accept: application/json, */*;q=0.5",
        "Accept-Encoding: identity",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "traceparent: 00-x",
    ]


def test_a_header_of_the_caller_replaces_the_default() -> None:
    with peer(answering()) as target:
        send("POST", target.url(), json={}, headers={"content-TYPE": "application/merge-patch+json"}, timeout=5)
        (request,) = target.requests
    assert request.lower().count(b"content-type:") == 1
    assert b"application/merge-patch+json" in request


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "other.example"), ("Content-Length", "1"), ("transfer-encoding", "chunked"), ("Connection", "close"),
        ("X-A", "b\r\nX-C: d"), ("X-A", "b\nX-C: d"), ("X-A", "b\0"), ("X A", "b"), ("X-A:", "b"), ("", "b"),
        ("X-A", "€"),
    ],
)  # fmt: skip
def test_it_refuses_a_header_that_would_change_the_request(name: str, value: str) -> None:
    with peer(answering()) as target:
        with pytest.raises(Refused):
            send("GET", target.url(), headers={name: value}, timeout=5)
        assert target.connections == 0


@pytest.mark.parametrize("document", [float("nan"), {"a": object()}, {1j: 2}])
def test_it_refuses_a_body_that_is_not_json(document: Any) -> None:
    with peer(answering()) as target:
        with pytest.raises(Refused):
            send("POST", target.url(), json=document, timeout=5)
        assert target.connections == 0


def test_it_refuses_a_method_that_is_none() -> None:
    with pytest.raises(Refused):
        send("GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "http://127.0.0.1:9/", timeout=5)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_it_answers_a_redirect_and_does_not_follow_it(status: int) -> None:
    with peer(answering()) as inner:
        with peer(answering(b"", f"Location: {inner.url()}", status=f"{status} Moved")) as target:
            answer = send("POST", target.url(), json={}, timeout=5)
        assert (answer.status, answer.headers["Location"]) == (status, inner.url())
        assert inner.connections == 0


def test_it_trusts_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with peer(answering()) as proxy, peer(answering()) as target:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        send("GET", target.url(), timeout=5)
        assert (proxy.connections, len(target.requests)) == (0, 1)


# -- answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]",
        CHUNKED + b"2\r\n[1\r\n3\r\n,2]\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n[1,2]",
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]",
    ],
)
def test_it_reads_every_framing(answer: bytes) -> None:
    with peer(raw(answer)) as target:
        response = send("GET", target.url(), timeout=5)
    assert (response.status, response.json()) == (200, [1, 2])


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_it_unpacks_what_the_peer_packed(pack: Any) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    with peer(answering(pack(b"[1,2]"), f"Content-Encoding: {encoding}")) as target:
        assert send("GET", target.url(), timeout=5).json() == [1, 2]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>", b"\xff", b"NaN", b'{"a": Infinity}', b"[" * 200_000], ids=lambda b: repr(b[:15])
)
def test_a_body_that_is_not_json_is_a_value_error(body: bytes) -> None:
    with peer(answering(body)) as target:
        response = send("GET", target.url(), timeout=5)
    with pytest.raises(ValueError, match=r".*"):
        response.json()


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"garbage\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1000, b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000,
        CHUNKED + b"5\r\n[1", CHUNKED + b"zz\r\n[1\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n" + gzip.compress(b"[1]")[:12],
    ],
    ids=lambda answer: repr(answer[:40]),
)  # fmt: skip
def test_an_answer_that_is_cut_off_or_no_http_is_broken(answer: bytes) -> None:
    with peer(raw(answer)) as target:
        with pytest.raises(Broken):
            send("POST", target.url(), json={}, timeout=5)
        assert len(target.requests) == 1


def test_broken_tells_the_status_when_it_had_come() -> None:
    with peer(raw(b"HTTP/1.1 503 Busy\r\nContent-Length: 500\r\n\r\n{")) as target, pytest.raises(Broken) as broken:
        send("POST", target.url(), json={}, timeout=5)
    assert broken.value.status == 503


# -- limits ---------------------------------------------------------------------------------


def test_it_stops_reading_at_the_limit() -> None:
    def endless(talk: Talk) -> None:
        talk.request()
        talk.sock.sendall(CHUNKED)
        while True:
            talk.sock.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")

    with peer(endless) as target, pytest.raises(TooLarge) as large:
        send("GET", target.url(), timeout=10, max_bytes=100_000)
    assert large.value.status == 200


def test_it_does_not_read_what_is_announced_too_large() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n"
    with peer(raw(head, close=False)) as target, pytest.raises(TooLarge):
        send("GET", target.url(), timeout=10)


def test_the_limit_is_exact() -> None:
    with peer(answering(b"x" * 1000)) as target:
        assert len(send("GET", target.url(), timeout=5, max_bytes=1000).body) == 1000
        with pytest.raises(TooLarge):
            send("GET", target.url(), timeout=5, max_bytes=999)


def test_a_small_gzip_that_grows_to_a_gigabyte_is_cut_off_early() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first, other = (packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    bomb = first + other * 999
    began = time.process_time()
    with peer(answering(bomb, "Content-Encoding: gzip")) as target, pytest.raises(TooLarge):
        send("GET", target.url(), timeout=30, max_bytes=2_000_000)
    assert time.process_time() - began < 0.5


def _silent(talk: Talk) -> None:
    talk.request()
    talk.peer.ended.wait(30)


def _dripping(first: bytes, drop: bytes) -> Any:
    def behave(talk: Talk) -> None:
        talk.request()
        talk.sock.sendall(first)
        while not talk.peer.ended.wait(0.05):
            talk.sock.sendall(drop)

    return behave


@pytest.mark.parametrize(
    "behaviour",
    [
        _silent, _dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "),
        _dripping(b"HTTP/1.1 200 OK\r\n", b"a"), _dripping(b"", b"H"), _dripping(CHUNKED, b"1\r\n \r\n"),
    ],
    ids=["silent", "body", "headers", "status line", "chunks"],
)  # fmt: skip
def test_the_deadline_holds_for_the_whole_call(behaviour: Any) -> None:
    with peer(behaviour) as target:
        began = time.monotonic()
        with pytest.raises(Broken, match="in time"):
            send("POST", target.url(), json={}, timeout=0.4)
        assert 0.3 < time.monotonic() - began < 1.5
        assert len(target.requests) == 1


def test_the_deadline_holds_while_sending() -> None:
    def deaf(talk: Talk) -> None:
        talk.peer.ended.wait(30)

    with peer(deaf) as target:
        began = time.monotonic()
        with pytest.raises(Broken, match="timed out while sending"):
            send("POST", target.url(), json="x" * 15_000_000, timeout=1.5)
        assert time.monotonic() - began < 3


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent, match=f"127.0.0.1:{port}"):
        send("POST", f"http://127.0.0.1:{port}/secret", json={}, timeout=5)


# -- connections kept -----------------------------------------------------------------------


def test_it_keeps_a_connection_for_the_next_call() -> None:
    with peer(answering()) as target:
        for _ in range(5):
            send("POST", target.url(), json={}, timeout=5)
        assert (target.connections, len(target.requests)) == (1, 5)


@pytest.mark.parametrize("header", ["Connection: close", "Connection: Keep-Alive, close"])
def test_it_keeps_no_connection_that_the_peer_will_close(header: str) -> None:
    with peer(answering(b"{}", header)) as target:
        send("POST", target.url(), json={}, timeout=5)
        send("POST", target.url(), json={}, timeout=5)
        assert target.connections == 2


def _answers_and_closes(talk: Talk) -> None:
    talk.request()
    talk.answer()
    talk.sock.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_closed_meanwhile_is_replaced(method: str) -> None:
    with peer(_answers_and_closes) as target:
        for _ in range(3):
            assert send(method, target.url(), timeout=5).status == 200
            time.sleep(0.05)  # the peer's FIN travels; nothing to wait for on this side
        assert (target.connections, len(target.requests)) == (3, 3)


def _drops_the_second(talk: Talk) -> None:
    """Answers one request, takes another, and closes without an answer: applied or not, who knows."""
    talk.request()
    talk.answer()
    talk.request()


def test_a_post_dropped_by_the_peer_is_broken_and_not_repeated() -> None:
    with peer(_drops_the_second) as target:
        send("POST", target.url(), json={}, timeout=5)
        with pytest.raises(Broken):
            send("POST", target.url(), json={}, timeout=5)
        assert (target.connections, len(target.requests)) == (1, 2)


def test_a_get_dropped_on_a_kept_connection_is_repeated_once_on_a_new_one() -> None:
    with peer(_drops_the_second) as target:
        send("GET", target.url(), timeout=5)
        assert send("GET", target.url(), timeout=5).status == 200
        assert (target.connections, len(target.requests)) == (2, 3)


def test_an_answer_to_nobody_is_not_taken_for_the_next_one() -> None:
    def twice(talk: Talk) -> None:
        while talk.request():
            body = str(talk.number).encode()
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + body
            talk.sock.sendall(answer + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n1666")

    with peer(twice) as target:
        assert [send("POST", target.url(), timeout=5).json() for _ in range(3)] == [1, 2, 3]


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    answered = threading.Event()

    def late(talk: Talk) -> None:
        talk.request()
        if talk.number == 1:
            answered.wait(10)
        talk.answer(str(talk.number).encode())

    with peer(late) as target:
        with pytest.raises(Broken):
            send("GET", target.url(), timeout=0.2)
        answered.set()
        assert send("GET", target.url(), timeout=5).json() == 2


def test_names_do_not_share_connections() -> None:
    with peer(answering()) as target:
        send("GET", target.url(), timeout=5)
        send("GET", target.url(host="localhost"), timeout=5)
        assert target.connections == 2
        assert b"Host: localhost:" in target.requests[1]


def test_many_threads_share_the_connections() -> None:
    def echo(talk: Talk) -> None:
        while request := talk.request():
            talk.answer(request.partition(b"\r\n\r\n")[2])

    wrong: list[int] = []

    def call(number: int) -> None:
        for turn in range(20):
            if send("POST", target.url(), json=[number, turn], timeout=10).json() != [number, turn]:
                wrong.append(number)

    with peer(echo) as target:
        threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (wrong, len(target.requests)) == ([], 160)
        assert target.connections <= 8
