"""The console in a browser: somebody logs in at night, reads why an order waits, retries, and it is completed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Locator, Page, expect

from orchestrator.models import Fallout, Plan, Target
from tests.orchestrator.conftest import definition, item, place, specification, state_of, work
from tests.orchestrator.recorder import Ledger
from tests.orchestrator.test_admin import refuses
from tmf.models import Process

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "olga-at-night"


@pytest.fixture
def held(target: Target, bss: Client, ledger: Ledger) -> str:
    """An order whose step was refused once."""
    Process.objects.create(id="w", kind="worker")
    specification("Line")
    definition("Line", {"key": "activate", "target": "lab", "request": {"name": "a"}})
    ledger.scripts["a"] = [refuses]
    order_id = place(bss, item("1", "Line"), externalId="BSS-1")
    work()
    return order_id


@pytest.fixture
def console(watched: Page, live_server: Any) -> Page:
    """The index, of somebody who has just logged in with the keyboard."""
    User.objects.create_superuser("olga", password=PASSWORD)
    watched.goto(f"{live_server.url}/admin/")
    watched.get_by_label("Username").fill("olga")
    watched.get_by_label("Password").fill(PASSWORD)
    watched.keyboard.press("Enter")
    expect(watched.get_by_role("heading", name="Site administration")).to_be_visible()
    return watched


def shown(page: Page, label: str) -> Locator:
    """What the page shows beside a label."""
    return page.locator(".field-line", has=page.get_by_text(label, exact=True)).locator(".readonly")


def test_an_operator_reads_why_an_order_waits_and_retries_it(held: str, console: Page) -> None:
    console.get_by_role("link", name="Fallouts").first.click()
    console.locator("#result_list").get_by_role("link", name="no such port").click()
    expect(shown(console, "Message").first).to_have_text("no such port")
    console.get_by_role("link", name=held).click()
    expect(shown(console, "Why does it wait?")).to_contain_text("no such port. It waits for a retry")
    shown(console, "Why does it wait?").get_by_role("link", name="Look").click()
    console.get_by_role("link", name="Retry").click()
    console.get_by_label("Reason").fill("the port was added")
    console.get_by_role("button", name="Retry").click()
    expect(console.get_by_text("1 retried.")).to_be_visible()
    work()
    assert (state_of(held), Fallout.objects.get().resolution) == ("completed", "the port was added")
    console.get_by_role("link", name="Orders").first.click()
    console.locator("#result_list").get_by_role("link", name=held).click()
    expect(shown(console, "Why does it wait?")).to_contain_text("It waits for nothing: it is completed")


def test_its_pages_fit_a_telephone(held: str, console: Page, live_server: Any) -> None:
    console.set_viewport_size({"width": 390, "height": 844})
    pages = [
        "", "orchestrator/fallout/", f"orchestrator/fallout/{Fallout.objects.get().pk}/change/",
        f"ordering/serviceorder/{held}/change/", f"orchestrator/plan/{Plan.objects.get().pk}/change/",
        "orchestrator/target/lab/change/", "tmf/journalentry/",
    ]  # fmt: skip
    for page in pages:
        console.goto(f"{live_server.url}/admin/{page}")
        assert console.evaluate("document.documentElement.scrollWidth") == 390, page
