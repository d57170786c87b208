"""A BSS in miniature: what it says over HTTP, with its token."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

VERSION = "v4"


class Refused(Exception):
    """An answer that is not 2xx."""


@dataclass(frozen=True, slots=True)
class Bss:
    root: str
    token: str = field(repr=False)

    def url(self, api: str, path: str) -> str:
        return f"{self.root}/{settings.API_PREFIXES[api]}/{VERSION}/{path}"

    def get(self, api: str, path: str) -> Any:
        return self._send("GET", self.url(api, path))

    def post(self, api: str, path: str, document: Any) -> Any:
        return self._send("POST", self.url(api, path), document)

    def _send(self, method: str, url: str, document: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(f"{method} {url}: {error.code} {error.read(2000).decode(errors='replace')}") from None
