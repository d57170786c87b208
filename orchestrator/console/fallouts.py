"""Fallouts: what waits for a person, why, and letting it go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminTextareaWidget

from orchestrator.console.parts import form_page, verb
from orchestrator.console.why import MENDERS
from orchestrator.fallout import LIVE, fallout_retry
from orchestrator.models import Attempt, Fallout
from tmf.admin import LookOnlyAdmin
from tmf.admin_parts import age, column, described, lines, link, order_link, pretty, table, when
from tmf.errors import TmfError

STATE_LABELS = {"open": "danger", "claimed": "warning", "on_hold": "warning", "resolved": "success"}
RETRIES_MAX = 500  # fallouts that one request retries


class RetryForm(forms.Form):
    ids = forms.RegexField(r"^\d{1,18}(,\d{1,18})*$", widget=forms.HiddenInput, max_length=20 * RETRIES_MAX)
    reason = forms.CharField(
        max_length=900, widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text="What was mended, or why another attempt may succeed. It is kept in the journal.",
    )  # fmt: skip


class LiveFilter(admin.SimpleListFilter):
    """Without a choice: what still waits for somebody."""

    title = "waiting"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Resolved or cancelled"), ("all", "All")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield from ({**first, "display": "Waiting for somebody"}, *others)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Fallout]) -> QuerySet[Fallout]:
        match self.value():
            case "all":
                return queryset
            case "no":
                return queryset.exclude(state__in=LIVE)
            case _:
                return queryset if "state__exact" in request.GET else queryset.filter(state__in=LIVE)


@admin.register(Fallout)
class FalloutAdmin(LookOnlyAdmin):
    list_display = ["age", "shown_state", "category", "mender", "shown_order", "where", "shown_message"]
    list_display_links = ["age", "shown_message"]
    list_filter = [LiveFilter, "state", "category", "target"]
    search_fields = ["order__id__exact", "code__exact", "message"]
    ordering = ["created_at", "id"]
    show_full_result_count = False
    list_fullwidth = True
    actions = ["retry_selected"]
    actions_detail = ["retry"]
    fields = [
        "message", "mender", ("state", "category"), ("age", "created_at"), "code", "whole_order",
        ("shown_step", "shown_target"), ("resolved_by", "resolved_at"), "resolution", "operation_key", "attempts_made",
        "answers", "shown_request", "cause",
    ]  # fmt: skip
    readonly_fields = [
        "mender", "age", "whole_order", "shown_step", "shown_target", "operation_key", "attempts_made", "answers",
        "shown_request", "cause",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fallout]:
        return super().get_queryset(request).select_related("step")  # type: ignore[no-any-return]

    # -- what is seen -----------------------------------------------------------------------

    @column("Fell out", ordering="created_at")
    def age(self, fallout: Fallout) -> str:
        return f"{age(fallout.created_at)} ago"

    @column("State", ordering="state", label=STATE_LABELS)
    def shown_state(self, fallout: Fallout) -> str:
        return fallout.state

    @column("Who can mend it")
    def mender(self, fallout: Fallout) -> str:
        return MENDERS[Fallout.Category(fallout.category)]

    @column("Order", ordering="order_id")
    def shown_order(self, fallout: Fallout) -> str:
        return order_link(fallout.order_id)

    @column("Order")
    def whole_order(self, fallout: Fallout) -> str:
        return link("ordering_serviceorder", fallout.order_id, fallout.order_id)

    @column("Step and target", ordering="target")
    def where(self, fallout: Fallout) -> str:
        return lines([self.shown_step(fallout), self.shown_target(fallout)])

    @column("Target")
    def shown_target(self, fallout: Fallout) -> str:
        return link("orchestrator_target", fallout.target, fallout.target)

    @column("Step")
    def shown_step(self, fallout: Fallout) -> str:
        if fallout.step is None:
            return link("orchestrator_plan", fallout.plan_id, "the whole plan")
        return link("orchestrator_step", fallout.step_id, fallout.step.key)

    @column("Message")
    def shown_message(self, fallout: Fallout) -> str:
        return fallout.message if len(fallout.message) <= 160 else fallout.message[:159] + "…"

    @column("Attempts")
    def attempts_made(self, fallout: Fallout) -> str:
        made = Attempt.objects.filter(step=fallout.step_id).order_by("-id")[:50] if fallout.step_id else []
        rows = [(when(a.started_at), _took(a), a.verb, a.outcome, a.message) for a in made]
        return table(["Began", "Took", "Verb", "Outcome", "Message"], rows)

    @column("Operation key")
    def operation_key(self, fallout: Fallout) -> str:
        return fallout.step.operation_key if fallout.step else ""

    @column("Answers")
    def answers(self, fallout: Fallout) -> str:
        came = fallout.step.answers.order_by("-id")[:20] if fallout.step else []
        return table(
            ["Received", "Used", "Answer"],
            [(when(a.received_at), when(a.used_at), pretty(a.body)) for a in came],
        )

    @column("Request")
    def shown_request(self, fallout: Fallout) -> str:
        return described(fallout.step.request if fallout.step else None)

    @column("Last failure")
    def cause(self, fallout: Fallout) -> str:
        return described(fallout.step.error) if fallout.step else fallout.plan.error

    # -- what may be done -------------------------------------------------------------------

    def has_retry_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm("orchestrator.change_fallout"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.retry_view)
        return [path("retry/", view, name="orchestrator_fallout_retry_form"), *super().get_urls()]

    @verb("Retry", permission="retry", icon="replay")
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('admin:orchestrator_fallout_retry_form')}?ids={object_id}")

    @verb("Retry selected", permission="retry")
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Fallout]) -> HttpResponse | None:
        found = list(queryset.values_list("pk", flat=True)[: RETRIES_MAX + 1])
        if len(found) > RETRIES_MAX:
            self.message_user(request, f"Select {RETRIES_MAX} at most.", messages.ERROR)
            return None
        return self._ask(request, RetryForm(initial={"ids": ",".join(map(str, found))}), found)

    def retry_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks for the reason, POST retries."""
        if not self.has_retry_permission(request):
            raise PermissionDenied
        form = (
            RetryForm(request.POST) if request.method == "POST" else RetryForm(initial={"ids": request.GET.get("ids")})
        )
        ids = [int(one) for one in str(form["ids"].value() or "").split(",") if one.isascii() and one.isdigit()]
        if not form.is_valid():
            return self._ask(request, form, ids)
        self._retry(request, ids, form.cleaned_data["reason"])
        return HttpResponseRedirect(_list_page())

    def _ask(self, request: HttpRequest, form: RetryForm, ids: list[int]) -> HttpResponse:
        rows = self.get_queryset(request).filter(pk__in=ids)
        return form_page(
            self, request, form, title="Retry", button="Retry", back=_list_page(),
            action=reverse("admin:orchestrator_fallout_retry_form"),
            intro=f"{len(rows)} to retry. A step that the target refused is asked anew under a new operation key.",
            rows=[f"{row.category}, {row.step.key if row.step else 'planning'}: {row.message}" for row in rows],
        )  # fmt: skip

    def _retry(self, request: HttpRequest, ids: Iterable[int], reason: str) -> None:
        done = 0
        for pk in dict.fromkeys(ids):
            try:
                fallout_retry(fallout_id=pk, actor=request.user.get_username(), reason=reason)
                done += 1
            except TmfError as error:
                self.message_user(request, f"Fallout {pk} was not retried: {error.message}", messages.ERROR)
        if done:
            self.message_user(request, f"{done} retried.", messages.SUCCESS)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """The journal tells it, with the reason."""


def _took(attempt: Attempt) -> str:
    return f"{(attempt.finished_at - attempt.started_at).total_seconds():.3f} s" if attempt.finished_at else ""


def _list_page() -> str:
    return reverse("admin:orchestrator_fallout_changelist")


def live_count(request: HttpRequest) -> str:
    """For the sidebar's badge."""
    count = Fallout.objects.filter(state__in=LIVE)[:1000].count()
    return str(count) if count < 1000 else "999+"
