"""The documentation in a browser: it is whole without the internet, fits, and "Try it out" works with a token."""

import json
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from ordering.models import ServiceOrder
from tests.helpers import token_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SLUGS = ["serviceCatalog-v4", "serviceInventory-v4", "serviceInventory-v5", "serviceOrdering-v4"]
SCHEMES = ("light", "dark")
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
# Every text of the page with the colours it has: those of the element, and the background that shows through to it.
COLOURS = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const own = [...document.querySelectorAll("body *")].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  const told = (element) => element.textContent.trim().slice(0, 40);
  return own.map((element) => [told(element), rgb(getComputedStyle(element).color), behind(element)]);
}"""


def luminance(colour: list[float]) -> float:
    parts = [c / 255 for c in colour[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[float], other: list[float]) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_index_can_be_read_in_light_and_dark(scheme: Any, watched: Page, live_server: Any) -> None:
    watched.emulate_media(color_scheme=scheme)
    watched.goto(f"{live_server.url}/docs/")
    found = watched.evaluate(COLOURS)
    assert len(found) > 100
    assert [text for text, ink, paper in found if contrast(ink, paper) < LEAST_CONTRAST] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_index_fits_its_window(width: int, watched: Page, live_server: Any) -> None:
    watched.set_viewport_size({"width": width, "height": 900})
    watched.goto(f"{live_server.url}/docs/")
    assert watched.evaluate("document.documentElement.scrollWidth") == width


def test_the_index_is_walked_with_the_keyboard(watched: Page, live_server: Any) -> None:
    watched.goto(f"{live_server.url}/docs/")
    watched.keyboard.press("Tab")
    expect(watched.locator(":focus")).to_have_text("To the content")
    expect(watched.locator(":focus")).to_be_in_viewport()
    watched.keyboard.press("Enter")
    assert watched.url.endswith("#main")
    watched.keyboard.press("Tab")
    expect(watched.locator(":focus")).to_have_text("serviceOrder")


def test_a_command_is_copied(watched: Page, live_server: Any) -> None:
    watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
    watched.goto(f"{live_server.url}/docs/")
    command = watched.locator("pre.run").first
    command.get_by_role("button", name="Copy").click()
    expect(command.get_by_role("button")).to_have_text("Copied")
    assert watched.evaluate("navigator.clipboard.readText()") == command.locator("code").text_content()


@pytest.mark.parametrize("slug", SLUGS)
def test_swagger_ui_shows_every_document(slug: str, watched: Page, live_server: Any) -> None:
    watched.goto(f"{live_server.url}/docs/{slug}/")
    expect(watched.locator("#operations-hub-registerListener")).to_be_visible()
    expect(watched.locator(".errors-wrapper")).to_have_count(0)


@pytest.mark.parametrize("slug", SLUGS)
def test_redoc_shows_every_document(slug: str, watched: Page, live_server: Any) -> None:
    watched.goto(f"{live_server.url}/docs/{slug}/reference/")
    expect(watched.locator("main").get_by_role("heading", name="Register a listener")).to_be_attached()
    expect(watched.get_by_text("API docs by Redocly")).to_be_attached()


def test_swagger_ui_reads_and_orders_with_a_token(watched: Page, live_server: Any) -> None:
    watched.goto(f"{live_server.url}/docs/serviceOrdering-v4/")
    authorize(watched, token_of("acme", settings.BSS_SCOPES))
    status, answer = tried(watched.locator("#operations-serviceOrder-createServiceOrder"))
    order = ServiceOrder.objects.get()
    assert (status, answer["id"], order.party) == ("201", order.pk, "acme")
    status, answer = tried(watched.locator("#operations-serviceOrder-listServiceOrder"))
    assert (status, [each["id"] for each in answer]) == ("200", [order.pk])


def test_swagger_ui_is_refused_without_a_token(watched: Page, complaints: list[str], live_server: Any) -> None:
    watched.goto(f"{live_server.url}/docs/serviceOrdering-v4/")
    status, answer = tried(watched.locator("#operations-serviceOrder-listServiceOrder"))
    assert (status, answer["code"]) == ("401", "notAuthenticated")
    assert [complaint.partition(" (")[0] for complaint in complaints] == [
        "console: Failed to load resource: the server responded with a status of 401"
    ]
    complaints.clear()


def authorize(page: Page, token: str) -> None:
    page.locator(".auth-wrapper .authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_label("auth-bearer-value").fill(token)
    bearer = dialog.locator(".auth-container", has_text="bearer (http, Bearer)")
    bearer.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").last.click()


def tried(operation: Locator) -> tuple[str, Any]:
    """Status and JSON of the answer that "Try it out" gets with what it proposes to send."""
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table tbody .response")
    expect(answer.locator(".microlight")).not_to_have_count(0)
    status = answer.locator(".response-col_status").inner_text().split()[0]
    return status, json.loads(answer.locator(".microlight").first.text_content() or "")
