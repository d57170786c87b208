"""Whom the outbound client does not call (server-side request forgery)."""

import socket

import pytest
from pytest_django import Settings

from tests.tmf.peer import answering, peer
from tmf.outbound import NotSent, Refused, check_url, send
from tmf.outbound.addresses import is_permitted

INNER_ADDRESSES = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "100.64.0.1", "100.100.100.200", "169.254.169.254", "169.254.170.2", "168.63.129.16", "192.0.0.192", "198.18.0.1",
    "192.0.2.1", "192.88.99.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:808:808::1]", "[2001:0:7f00:1::]", "[5f00::1]", "[3fff::1]",
    "[100::1]", "[4000::1]",
]  # fmt: skip
DISGUISES = [
    "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1.",
    "0", "0x", "127.0.0.1.0x1", "[::ffff:127.1]", "[::1%25lo]", "[v1.fe80]", "127.0.0.1#@example.com",
    "127.0.0.1?@example.com",
]  # fmt: skip
LOCAL_NAMES = ["localhost", "localhost.", "LOCALHOST", "service.localhost"]
MALFORMED = [
    "", "example.com", "//example.com/", "/path", "http://", "http:///path", "http://:80/", "http:example.com",
    "ftp://example.com/", "file:///etc/passwd", "gopher://example.com:70/", "unix:/var/run/docker.sock",
    "http://user@example.com/", "http://user:secret@example.com/", "http://example.com@127.0.0.1/",
    "http://example.com\\@127.0.0.1/", "http://127.0.0.1\\.example.com/",
    "http://example.com:0/", "http://example.com:65536/", "http://example.com:port/", "http://example.com:-1/",
    "http://example.com/a b", "http://example.com/\r\nHost: x", "http://exa\tmple.com/", " http://example.com/",
    "http://[::1]example.com/", "http://[::1/", "http://example..com/", "http://-example.com/",
    "http://ex%61mple.com/", "http://127.0.0.1%2f@example.com/", "http://\uff11\uff12\uff17.0.0.1/", "http://bücher.example/",
    "http://" + "a" * 64 + ".com/", "http://" + "a." * 127 + "com/",
]  # fmt: skip


@pytest.fixture
def nothing_allowed(settings: Settings) -> None:
    allow(settings, "")


def allow(settings: Settings, text: str) -> None:
    settings.ENV = settings.ENV.model_copy(update={"OUTBOUND_ALLOW": text})


@pytest.mark.usefixtures("nothing_allowed")
@pytest.mark.parametrize("host", INNER_ADDRESSES + DISGUISES + LOCAL_NAMES)
def test_it_refuses_an_inner_host(host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(Refused):
            check_url(f"{scheme}://{host}/path")
        with pytest.raises(Refused):
            send("GET", f"{scheme}://{host}/path", timeout=1)


@pytest.mark.parametrize("url", MALFORMED)
def test_it_refuses_a_url_that_is_not_plain_http(url: str, settings: Settings) -> None:
    allow(settings, "0.0.0.0/0,::/0,example.com")
    with pytest.raises(Refused):
        check_url(url)
    with pytest.raises(Refused):
        send("GET", url, timeout=1)


@pytest.mark.usefixtures("nothing_allowed")
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "localhost."])
def test_it_does_not_even_connect_to_a_refused_host(host: str) -> None:
    with peer(answering()) as inner:
        with pytest.raises(Refused):
            send("POST", inner.url(host=host), json={}, timeout=1)
        assert inner.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com", "https://example.com:8443/a/b?c=d#e", "http://8.8.8.8/", "http://[2606:4700::1111]/",
        "http://some_host.example.com/", "http://xn--bcher-kva.example/", "http://EXAMPLE.com./", "http://a.127.b/",
    ],
)  # fmt: skip
def test_it_accepts_a_public_host(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("127.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("127.0.0.0/8", "localhost"),
        ("localhost", "localhost"), ("localhost", "localhost."), ("10.0.0.0/8, 127.0.0.0/8", "[::ffff:127.0.0.1]"),
    ],
)  # fmt: skip
def test_it_calls_an_inner_host_that_is_allowed(allowed: str, host: str, settings: Settings) -> None:
    allow(settings, allowed)
    with peer(answering()) as inner:
        check_url(inner.url(host=host))
        assert send("GET", inner.url(host=host), timeout=5).status == 200


@pytest.mark.parametrize("allowed", ["10.0.0.0/8", "::1/128", "example.com", "local"])
def test_it_allows_no_more_than_is_listed(allowed: str, settings: Settings) -> None:
    allow(settings, allowed)
    with peer(answering()) as inner:
        with pytest.raises(Refused):
            send("GET", inner.url(), timeout=1)
        assert inner.connections == 0


def test_it_forgets_an_allowance_with_the_setting(settings: Settings) -> None:
    with peer(answering()) as inner:
        assert send("GET", inner.url(), timeout=5).status == 200
        allow(settings, "")
        with pytest.raises(Refused):
            send("GET", inner.url(), timeout=5)
        assert len(inner.requests) == 1


def test_a_name_that_does_not_resolve_was_not_sent() -> None:
    with pytest.raises(NotSent, match=r"no-such-host\.invalid"):
        send("GET", "http://no-such-host.invalid/", timeout=5)


def test_it_refuses_a_name_that_resolves_to_an_inner_address(settings: Settings) -> None:
    allow(settings, "")
    names = {socket.gethostname(), "ip6-localhost", "ip6-loopback", "host.docker.internal"}
    resolved = [name for name in names if name != "localhost" and _resolves_inside(name)]
    for name in resolved:
        check_url(f"http://{name}/")
        with pytest.raises(Refused, match="not a public address"):
            send("GET", f"http://{name}/", timeout=5)


def _resolves_inside(name: str) -> bool:
    try:
        found = socket.getaddrinfo(name, None)
    except OSError:
        return False
    return not any(is_permitted(str(entry[4][0])) for entry in found)


def test_a_refusal_names_no_path_and_no_query(settings: Settings) -> None:
    allow(settings, "")
    with pytest.raises(Refused) as refused:
        send("GET", "http://127.0.0.1/secret-path?token=secret-token", timeout=1)
    assert "secret" not in str(refused.value)
