"""The outbound client over TLS: the address is pinned, the certificate is checked for the name."""

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tmf.peer import Talk, answering, peer, raw
from tmf.outbound import NotSent, send
from tmf.outbound.connections import tls_context


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's context for `localhost` and 127.0.0.1, with an authority that the client trusts."""
    server = _server(tmp_path, [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    tls_context.cache_clear()
    yield server
    tls_context.cache_clear()


def _server(folder: Path, names: list[x509.GeneralName]) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(encoding))
    (folder / "key.pem").write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize("host", ["localhost", "localhost.", "127.0.0.1"])
def test_it_checks_the_certificate_for_the_name_and_tells_it(certified: ssl.SSLContext, host: str) -> None:
    asked: list[str | None] = []
    certified.sni_callback = lambda sock, name, context: asked.append(name)
    with peer(answering(), certified) as target:
        assert send("POST", target.url(host=host), json={}, timeout=5).status == 200
        assert send("POST", target.url(host=host), json={}, timeout=5).status == 200
        assert target.connections == 1
        assert f"Host: {host.rstrip('.')}:{target.port}".encode() in target.requests[0]
    assert asked == ["localhost" if "localhost" in host else None]


def test_it_sends_nothing_to_a_certificate_of_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = _server(tmp_path, [x509.DNSName("other.example")])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    tls_context.cache_clear()
    with peer(answering(), server) as target:
        with pytest.raises(NotSent, match="certificate"):
            send("POST", target.url(host="localhost"), json={}, timeout=5)
        assert target.requests == []
    tls_context.cache_clear()


def test_it_sends_nothing_to_an_unknown_authority(tmp_path: Path) -> None:
    with peer(answering(), _server(tmp_path, [x509.DNSName("localhost")])) as target:
        with pytest.raises(NotSent, match="certificate"):
            send("POST", target.url(host="localhost"), json={}, timeout=5)
        assert target.requests == []


@pytest.mark.usefixtures("certified")
def test_the_deadline_holds_for_the_handshake() -> None:
    def silent(talk: Talk) -> None:
        talk.peer.ended.wait(30)

    with peer(silent) as target:
        began = time.monotonic()
        with pytest.raises(NotSent, match="timed out"):
            send("POST", target.url().replace("http:", "https:"), json={}, timeout=0.4)
        assert time.monotonic() - began < 1.5


@pytest.mark.usefixtures("certified")
def test_a_peer_without_tls_gets_nothing() -> None:
    with peer(raw(b"HTTP/1.1 200 OK\r\n\r\n")) as target, pytest.raises(NotSent):
        send("POST", target.url().replace("http:", "https:"), json={"secret": 1}, timeout=0.5)
    assert not any(b"secret" in request for request in target.requests)


def test_a_big_body_goes_and_comes_whole(certified: ssl.SSLContext) -> None:
    def echo(talk: Talk) -> None:
        talk.answer(talk.request().partition(b"\r\n\r\n")[2])

    document = ["x" * 1000] * 500
    with peer(echo, certified) as target:
        assert send("POST", target.url(host="localhost"), json=document, timeout=10).json() == document
