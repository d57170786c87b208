"""Which browser the browser tests drive."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import sync_playwright

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
