"""Parts that the pages share: JSON to read, tables, links, and the page around a form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from django import forms
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold import decorators

F = TypeVar("F", bound=Callable[..., Any])
Label = Mapping[str, str] | bool | None
NOTHING = "-"
SHOWN_MAX = 100_000  # characters of JSON on a page
PRE = "whitespace-pre-wrap break-words font-mono text-xs leading-5 max-h-96 overflow-auto"
CELL = "border-b border-base-200 dark:border-base-800 px-3 py-1.5 text-left align-top"


def column(
    description: str, *, ordering: str | None = None, label: Mapping[str, str] | bool | None = None
) -> Callable[[F], F]:
    """A method that shows a column or a field; `label` colours its values."""
    return cast(Callable[[F], F], decorators.display(description=description, ordering=ordering, label=label))


def verb(description: str, *, permission: str, icon: str | None = None) -> Callable[[F], F]:
    """A method that does what an operator with `has_<permission>_permission` asks for."""
    made = decorators.action(description=description, permissions=[permission], icon=icon)
    return cast(Callable[[F], F], made)


def pretty(value: Any) -> SafeString | str:
    """JSON, indented."""
    if value in (None, "", [], {}):
        return NOTHING
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="{}">{}</pre>', PRE, text[:SHOWN_MAX])


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> SafeString | str:
    body = format_html_join("", "<tr>{}</tr>", ((_cells("td", row),) for row in rows))
    if not body:
        return NOTHING
    return format_html('<table class="w-full text-sm">{}{}</table>', _cells("th", headers), body)


def _cells(tag: str, values: Sequence[Any]) -> SafeString:
    kind = "font-semibold" if tag == "th" else ""
    shown = (
        (SafeString(tag), CELL, kind, NOTHING if value in (None, "") else value, SafeString(tag)) for value in values
    )
    return format_html_join("", '<{} class="{} {}">{}</{}>', shown)


def link(page: str, key: Any, text: Any) -> SafeString | str:
    """A link to a row's page; `page` is app_model, as `orchestrator_step`."""
    if key in (None, ""):
        return NOTHING
    address = reverse(f"admin:{page}_change", args=[key])
    return format_html('<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', address, text)


def order_link(order_id: str) -> SafeString | str:
    """The end of an order's id tells it apart; the whole stands in the tooltip."""
    return format_html(
        '<span title="{}" class="whitespace-nowrap">{}</span>',
        order_id,
        link("ordering_serviceorder", order_id, f"…{order_id[-12:]}"),
    )


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else NOTHING


def when(at: datetime | None) -> SafeString:
    """A moment on one line."""
    return format_html('<span class="whitespace-nowrap">{}</span>', moment(at))


def age(at: datetime) -> str:
    """How long ago, in its two largest units; the clocks of database and process may differ a little."""
    return timesince(min(at, timezone.now()))


def form_page(
    admin: ModelAdmin[Any], request: HttpRequest, form: forms.Form, *, title: str, button: str, action: str = "",
    **more: Any,
) -> TemplateResponse:  # fmt: skip
    """A page that asks for what a verb needs. `rows` are told above the form, `back` is where cancelling leads."""
    context = {
        **admin.admin_site.each_context(request), "opts": admin.model._meta, "form": form, "title": title,
        "button": button, "action": action, "media": admin.media + form.media, **more,
    }  # fmt: skip
    return TemplateResponse(request, "console/form.html", context)
