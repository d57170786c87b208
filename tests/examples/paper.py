"""JSON and HTTP messages as people like to read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

WIDTH = 110
INDENT = "  "


def pretty(value: Any, indent: str = "") -> str:
    """JSON; what fits into a line stays in one."""
    flat = json.dumps(value, ensure_ascii=False)
    deeper = indent + INDENT
    if len(indent) + len(flat) <= WIDTH or not isinstance(value, dict | list):
        return flat
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {pretty(each, deeper)}" for name, each in value.items()]
        return "{\n" + ",\n".join(deeper + part for part in parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(deeper + pretty(each, deeper) for each in value) + f"\n{indent}]"


def message(first: str, headers: Mapping[str, str], body: str) -> str:
    """An HTTP message in a code block."""
    lines = [first, *(f"{name}: {value}" for name, value in headers.items()), *(["", body] if body else [])]
    return "\n".join(["```http", *lines, "```"])


def status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    kept = "".join(c for c in heading.lower() if c.isalnum() or c in "_- ")
    return kept.replace(" ", "-")
