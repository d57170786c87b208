"""The documentation's pages answer, and load nothing from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from tmf.docs.contents import changes
from tmf.errors import BY_STATUS
from tmf.event_words import MEANINGS, meaning
from tmf.openapi import published, resources

PAGES = [
    "/docs/",
    *[f"/docs/{slug}/{page}" for slug in ("serviceCatalog-v4", "serviceOrdering-v4") for page in ("", "reference/")],
]
every = pytest.mark.parametrize("page", PAGES)


class Loaded(HTMLParser):
    """Collects the addresses that a page loads by itself, and whether it carries scripts of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.names |= {named["id"] or ""} if "id" in named else set()
        if tag in ("script", "img", "iframe"):
            self.addresses.append(named.get("src") or "")
            self.inline += tag == "script" and not named.get("src")
        if tag == "link":
            self.addresses.append(named.get("href") or "")
        if tag == "a":
            self.links.append(named.get("href") or "")


def loaded(client: Client, page: str) -> Loaded:
    answer = client.get(page)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    found = Loaded()
    found.feed(answer.content.decode())
    return found


@every
def test_it_loads_only_files_that_are_here(page: str, client: Client) -> None:
    found = loaded(client, page)
    assert found.inline == 0
    assert len(found.addresses) >= 3
    for address in found.addresses:
        assert address.startswith("/static/")
        assert finders.find(address.removeprefix("/static/")), address


@every
def test_it_lets_the_browser_load_nothing_from_elsewhere(page: str, client: Client) -> None:
    """Redoc's bundle asks for a logo of its maker; the policy forbids it."""
    policy = client.get(page)["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert not re.search(r"https?:|\*|'unsafe-eval'|script-src", policy)


def test_it_fetches_nothing_from_elsewhere_in_its_own_files() -> None:
    for name in ("tmf/docs.css", "tmf/docs.js"):
        path = finders.find(name)
        assert path
        with open(path) as file:
            assert not re.search(r"https?://|@import|url\(", file.read())


def test_it_links_to_every_document_and_every_link_answers(client: Client) -> None:
    links = loaded(client, "/docs/").links
    for api in published():
        named = [reverse("docs:swagger", args=[api.slug]), reverse("docs:redoc", args=[api.slug])]
        assert {*named, f"{api.root}/openapi.json", f"{api.root}/openapi.yaml"} <= {*links}
    for link in links:
        if not link.startswith("#"):
            assert client.get(link).status_code == 200, link


def test_its_links_within_the_page_lead_to_headings(client: Client) -> None:
    found = loaded(client, "/docs/")
    within = {link for link in found.links if link.startswith("#")}
    assert within >= {f"#{part}" for part in ("apis", "token", "calls", "events", "errors", "changes")}
    assert within <= {f"#{name}" for name in found.names}


def test_the_index_says_what_the_code_says(client: Client) -> None:
    text = client.get("/docs/").content.decode()
    cells = {*re.findall(r'<th scope="row"><code>(\w+)</code>', text)}
    assert cells >= {event for api in published() for resource in resources(api) for event in resource.events}
    assert cells >= {kind.code for kind in BY_STATUS.values()} | {"invalidValue", "concurrentChange"}
    for scope in settings.BSS_SCOPES:
        assert f"<code>{scope}</code>" in text


def test_the_index_needs_no_style_within_its_elements(client: Client) -> None:
    answer = client.get("/docs/")
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    assert not re.search(r" style=|<style| on\w+=", answer.content.decode())


def test_every_event_has_a_meaning_of_its_kind() -> None:
    assert meaning("ServiceOrderStateChangeEvent") == "Its state has changed."
    assert meaning("ServiceSpecificationChangeEvent") == "It has changed."
    assert meaning("ServiceOperatingStatusChangeEvent") == "How it runs has changed."
    told = {meaning(event) for api in published() for resource in resources(api) for event in resource.events}
    assert told == {*MEANINGS.values()}


def test_it_tells_the_changes_of_every_api() -> None:
    told = dict(changes())
    assert [*told] == ["All APIs", *[f"{api.title} {api.version}" for api in published()]]
    for releases in told.values():
        assert releases
        for release in releases:
            assert release.keys() == {"release", "changes"}
            assert all(isinstance(change, str) and change.count("`") % 2 == 0 for change in release["changes"])


@pytest.mark.parametrize("name", ["opensom.postman_collection.json", "opensom.http"])
def test_it_hands_out_the_example_requests_for_its_own_host(name: str, client: Client) -> None:
    answer = client.get(f"/docs/examples/{name}", headers={"host": "localhost:8641"})
    text = answer.content.decode()
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "http://localhost:8641" in text
    assert "127.0.0.1:8000" not in text
    assert client.post(f"/docs/examples/{name}").status_code == 405


@pytest.mark.parametrize("name", ["README.md", "..%2F..%2FREADME.md", "opensom.txt"])
def test_it_hands_out_nothing_else(name: str, client: Client) -> None:
    assert client.get(f"/docs/examples/{name}").status_code == 404


def test_it_tells_of_no_examples_where_there_are_none(client: Client, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("tmf.docs.contents.EXAMPLES", tmp_path)
    assert "docs/examples" not in client.get("/docs/").content.decode()
    assert client.get("/docs/examples/opensom.http").status_code == 404


@every
def test_it_is_only_read(page: str, client: Client) -> None:
    assert client.post(page).status_code == 405


def test_it_knows_no_other_api(client: Client) -> None:
    for page in ("/docs/billing-v4/", "/docs/billing-v4/reference/"):
        assert client.get(page).status_code == 404


def test_whoever_comes_to_the_root_is_shown_the_documentation(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/docs/")
