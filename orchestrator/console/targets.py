"""Targets: the systems that do work. Operators add, change and pause them."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminURLInputWidget

from orchestrator.models import Step, Target
from tmf import journal
from tmf.admin import PlainAdmin
from tmf.admin_parts import column
from tmf.nudges import nudge_on_commit

ENDED = (Step.State.DONE, Step.State.CANCELLED)
CREDENTIALS = (
    "Where the bearer token is read from each time, never the token itself: env:NAME is an environment variable of "
    "the workers, file:/path a file that they can read, such as a mounted secret. Empty: no token is sent."
)


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    connector = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget, help_text="How it is spoken to: one of settings.CONNECTORS."
    )

    base_url = forms.URLField(
        assume_scheme="https", max_length=1000, required=False, widget=UnfoldAdminURLInputWidget,
        help_text="Root of its addresses, such as https://ems.example/api. Private networks must be allowed by "
        "OUTBOUND_ALLOW.",
    )  # fmt: skip

    class Meta:
        model = Target
        fields = [
            "name", "connector", "base_url", "credentials", "headers", "state", "reason", "delivery", "concurrency",
            "is_default",
        ]  # fmt: skip
        help_texts = {
            "credentials": CREDENTIALS,
            "delivery": "What may be done when nobody knows whether a call was carried out: repeat it (idempotent), "
            "ask for its operation key first (queryable), or ask a person (at most once).",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {*settings.CONNECTORS, *filter(None, [self.instance.connector])}
        if "connector" in self.fields:
            self.fields["connector"].choices = [(name, name) for name in sorted(known)]  # type: ignore[attr-defined]

    def clean_credentials(self) -> str:
        written: str = self.cleaned_data["credentials"]
        if written and not re.fullmatch(r"env:\w+|file:/.+", written, re.ASCII):
            raise forms.ValidationError("Write env:NAME or file:/path. Never the secret itself.")
        return written

    def clean_headers(self) -> Any:
        headers = self.cleaned_data["headers"]
        if not isinstance(headers, dict) or not all(_is_header(*pair) for pair in headers.items()):
            raise forms.ValidationError('Write a JSON object of texts, such as {"X-Tenant": "blue"}.')
        return headers

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("state") == Target.State.PAUSED and not cleaned.get("reason"):
            self.add_error("reason", "Say why it is paused: whoever finds steps waiting will ask.")
        return cleaned


def _is_header(name: str, value: Any) -> bool:
    return isinstance(value, str) and (name + value).isprintable() and (name + value).isascii() and bool(name.strip())


@admin.register(Target)
class TargetAdmin(PlainAdmin):
    form = TargetForm
    list_display = ["name", "connector", "base_url", "shown_state", "reason", "delivery", "concurrency", "is_default"]
    list_filter = ["state", "connector"]
    search_fields = ["name", "base_url"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "connector", "base_url", "credentials", "headers"]}),
        ("Work", {"fields": [("state", "reason"), ("delivery", "concurrency"), "is_default"]}),
    ]

    @column("State", ordering="state", label={"open": "success", "paused": "warning"})
    def shown_state(self, target: Target) -> str:
        return target.state

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["name"] if obj else []  # steps and definitions know it by its name

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not while steps are to be done there: they would fall out."""
        if obj is not None and Step.objects.filter(target=obj.pk).exclude(state__in=ENDED).exists():
            return False
        return bool(super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:
        before = form.initial.get("state", "") if change else ""
        super().save_model(request, obj, form, change)
        reason = obj.reason or f"changed: {', '.join(form.changed_data)}"
        journal.record([
            journal.entry("Target", obj.pk, before, obj.state, actor=request.user.get_username(), reason=reason)
        ])  # fmt: skip
        if obj.state == Target.State.OPEN:
            nudge_on_commit("drive")

    def delete_model(self, request: HttpRequest, obj: Target) -> None:
        entry = journal.entry("Target", obj.pk, obj.state, "deleted", actor=request.user.get_username())
        super().delete_model(request, obj)
        journal.record([entry])

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for target in queryset:
            self.delete_model(request, target)
