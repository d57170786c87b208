"""Which browser the browser tests drive, and what no page may do in it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find(environ: Mapping[str, str]) -> str:
    """The path of a Chromium: OPENSOM_TEST_BROWSER (`none`, or a path), one on the PATH, or Playwright's own; or ''."""
    wish = environ.get("OPENSOM_TEST_BROWSER") or ""
    if wish:
        return "" if wish == "none" else wish
    return next(filter(None, map(shutil.which, NAMES)), None) or _playwrights()


def _playwrights() -> str:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() and os.access(path, os.X_OK) else ""


def watch(page: Page) -> list[str]:
    """Grows by every error that the page tells the console or throws, and every address of another host it asks for."""
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(f"console: {told.text}") if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(f"thrown: {error}"))
    page.on("request", lambda asked: complaints.append(f"asked for: {asked.url}") if _elsewhere(asked.url) else None)
    return complaints


def _elsewhere(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("localhost", "127.0.0.1")
