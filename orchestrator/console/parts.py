"""What the engine's pages share: verbs, and the page around a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django import forms
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold import decorators

from orchestrator.console.why import Reason, case_of, reasons
from ordering.models import ServiceOrder
from tmf.admin_parts import lines, link

F = TypeVar("F", bound=Callable[..., Any])


def verb(description: str, *, permission: str, icon: str | None = None) -> Callable[[F], F]:
    """A method that does what an operator with `has_<permission>_permission` asks for."""
    made = decorators.action(description=description, permissions=[permission], icon=icon)
    return cast(Callable[[F], F], made)


def answer(order: ServiceOrder) -> str:
    """Why it waits: a sentence to a line, each with a link to what it is about."""
    return lines(map(_sentence, reasons(case_of(order))))


def _sentence(reason: Reason) -> SafeString | str:
    return format_html("{} {}", reason.text, link(reason.page, reason.key, "Look")) if reason.page else reason.text


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
