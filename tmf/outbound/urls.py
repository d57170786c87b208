"""URLs that may be called, taken apart once: what is checked here is what is connected to."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tmf.outbound.errors import Refused

PORTS = {"http": 80, "https": 443}
PRINTABLE = re.compile(r"[!-~]+")
AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:@\[\]]+)(?::(?P<port>\d{1,5}))?")
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
NUMBER = re.compile(r"\d+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes. `host` is lower-case, without brackets and final dot; `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_literal(self) -> bool:
        return ":" in self.host or bool(NUMBER.fullmatch(self.host.rpartition(".")[2]))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse(url: str) -> Destination:
    """Raises Refused for anything but a plain http or https URL in ASCII without credentials."""
    if not PRINTABLE.fullmatch(url) or "\\" in url:
        raise Refused("a URL consists of printable ASCII characters without blanks and backslashes")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused("this is not a URL") from None
    if parts.scheme not in PORTS:
        raise Refused("only http and https URLs are called")
    if "@" in parts.netloc:
        raise Refused("credentials do not belong in a URL")
    authority = AUTHORITY.fullmatch(parts.netloc)
    if not authority:
        raise Refused("the URL has no valid host")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, _host(authority["host"]), _port(authority["port"], parts.scheme), path)


def _host(text: str) -> str:
    host = text.lower().strip("[]") if text.startswith("[") else text.lower().removesuffix(".")
    if ":" in host or NUMBER.fullmatch(host.rpartition(".")[2]):
        return _literal(host)
    if len(host) > 253 or not all(LABEL.fullmatch(label) for label in host.split(".")):
        raise Refused("the URL has no valid host")
    return host


def _literal(host: str) -> str:
    """Octal, hexadecimal, decimal and shortened addresses (inet_aton) only serve to hide one: refused."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise Refused(f"{host} is not an address in its usual form") from None


def _port(text: str | None, scheme: str) -> int:
    port = int(text) if text else PORTS[scheme]
    if not 1 <= port <= 65535:
        raise Refused("the URL has no valid port")
    return port
