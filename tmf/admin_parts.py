"""Parts that the admin's pages share: JSON to read, tables, links, moments and spans of time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from unfold import decorators

F = TypeVar("F", bound=Callable[..., Any])
NOTHING = "-"
SHOWN_MAX = 100_000  # characters of JSON on a page
CELL = "border-b border-base-200 dark:border-base-800 px-3 py-1.5 text-left align-top"
SIMPLE = (str, int, float, bool)
EPOCH = datetime(2001, 1, 1, tzinfo=UTC)  # spans are told as if they began here


def column(
    description: str, *, ordering: str | None = None, label: Mapping[str, str] | bool | None = None
) -> Callable[[F], F]:
    """A method that shows a column or a field, asked once for each row; `label` colours its values."""
    display = decorators.display(description=description, ordering=ordering, label=label)
    return lambda method: cast(Any, display(_once(method)))


def _once(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The theme's templates ask for a field's text up to five times."""

    @wraps(method)
    def shown(admin: Any, row: Any) -> Any:
        kept = vars(row).setdefault("_shown", {})
        if method not in kept:
            kept[method] = method(admin, row)
        return kept[method]

    return shown


def pretty(value: Any) -> SafeString | str:
    """JSON, indented."""
    if value in (None, "", [], {}):
        return NOTHING
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="font-mono text-xs leading-5">{}</pre>', text[:SHOWN_MAX])


def described(value: Any) -> SafeString | str:
    """What a JSON object says, one name to a line; anything deeper as JSON."""
    if not isinstance(value, dict):
        return pretty(value)
    rows = [(name, one if isinstance(one, SIMPLE) else pretty(one)) for name, one in value.items()]
    return table((), rows)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> SafeString | str:
    body = format_html_join("", "<tr>{}</tr>", ((_cells("td", row),) for row in rows))
    if not body:
        return NOTHING
    return format_html(
        '<div class="overflow-x-auto"><table class="w-full text-sm">{}{}</table></div>', _cells("th", headers), body
    )


def _cells(tag: str, values: Sequence[Any]) -> SafeString:
    kind = "font-semibold" if tag == "th" else ""
    shown = (
        (SafeString(tag), CELL, kind, NOTHING if value in (None, "") else value, SafeString(tag)) for value in values
    )
    return format_html_join("", '<{} class="{} {}">{}</{}>', shown)


def lines(texts: Iterable[Any]) -> SafeString | str:
    """One below the other."""
    return format_html_join("", "<div>{}</div>", ((text,) for text in texts)) or NOTHING


def link(page: str, key: Any, text: Any) -> SafeString | str:
    """A link to a row's page; `page` is app_model, as `orchestrator_step`. Without that app only the text."""
    if key in (None, ""):
        return NOTHING
    try:
        address = reverse(f"admin:{page}_change", args=[key])
    except NoReverseMatch:
        return str(text)
    return format_html('<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', address, text)


def order_link(order_id: str) -> SafeString | str:
    """The end of an order's id tells it apart; the whole stands in the tooltip."""
    return format_html(
        '<span title="{}" class="whitespace-nowrap">{}</span>',
        order_id,
        link("ordering_serviceorder", order_id, f"…{order_id[-12:]}"),
    )


def complaints(errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """TMF641 ErrorMessages as sentences."""
    return [": ".join(filter(None, (one.get("reason"), one.get("message")))) for one in errors]


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else NOTHING


def when(at: datetime | None) -> SafeString:
    """A moment on one line."""
    return format_html('<span class="whitespace-nowrap">{}</span>', moment(at))


def span(length: timedelta) -> str:
    """A span of time in words: seconds below two minutes, else its two largest units."""
    seconds = max(round(length.total_seconds()), 0)
    return f"{seconds} s" if seconds < 120 else timesince(EPOCH, EPOCH + timedelta(seconds=seconds))


def age(at: datetime) -> str:
    """How long ago; the clocks of database and process may differ a little."""
    return span(timezone.now() - at)
