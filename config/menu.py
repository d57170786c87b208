"""The admin's sidebar: which pages stand together. Of an app that is not installed nothing is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse

# title → (title, icon, model, dotted path of a function that answers the badge)
GROUPS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "Operation": (
        ("Fallouts", "report", "orchestrator.Fallout", "orchestrator.console.fallouts.live_count"),
        ("Manual tasks", "assignment_ind", "orchestrator.ManualTask", "orchestrator.console.tasks.waiting_count"),
        ("Orders", "shopping_cart", "ordering.ServiceOrder", ""),
        ("Cancellations", "cancel", "ordering.CancelServiceOrder", ""),
        ("Plans", "account_tree", "orchestrator.Plan", ""),
        ("Steps", "checklist", "orchestrator.Step", ""),
    ),
    "Services": (
        ("Services", "lan", "inventory.Service", ""),
        ("Specifications", "description", "catalog.ServiceSpecification", ""),
        ("Candidates", "sell", "catalog.ServiceCandidate", ""),
        ("Categories", "category", "catalog.ServiceCategory", ""),
        ("Catalogues", "menu_book", "catalog.ServiceCatalog", ""),
    ),
    "Fulfilment": (
        ("Targets", "dns", "orchestrator.Target", ""),
        ("Definitions", "schema", "orchestrator.Definition", ""),
    ),
    "Exchange": (
        ("Clients", "key", "tmf.Client", ""),
        ("Listeners", "hearing", "tmf.Subscription", ""),
        ("Deliveries", "outbox", "tmf.Delivery", ""),
        ("Events", "bolt", "tmf.Event", ""),
        ("Imports", "upload", "catalog.ImportJob", ""),
        ("Exports", "download", "catalog.ExportJob", ""),
    ),
    "System": (
        ("Journal", "history", "tmf.JournalEntry", ""),
        ("Processes", "memory", "tmf.Process", ""),
        ("Users", "person", "auth.User", ""),
        ("Groups", "group", "auth.Group", ""),
    ),
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What this operator may see."""
    groups = ({"title": title, "items": [*_items(request, pages)]} for title, pages in GROUPS.items())
    return [{**group, "separator": True} for group in groups if group["items"]]


def _items(request: HttpRequest, pages: tuple[tuple[str, str, str, str], ...]) -> Iterator[dict[str, Any]]:
    for title, icon, label, badge in pages:
        app, model = label.split(".")
        if not apps.is_installed(f"django.contrib.{app}" if app == "auth" else app):
            continue
        if not any(request.user.has_perm(f"{app}.{verb}_{model.lower()}") for verb in ("view", "change")):
            continue
        item = {"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model.lower()}_changelist")}
        yield {**item, "badge": badge} if badge else item
