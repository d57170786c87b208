"""Manual tasks: what a person is asked to do, and telling that it is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextareaWidget

from orchestrator.callbacks import MANUAL, task_complete
from orchestrator.console.parts import form_page, verb
from orchestrator.console.steps import AnswerInline
from orchestrator.models import ManualTask, Step
from tmf.admin import LookOnlyAdmin
from tmf.admin_parts import age, column, described, link, moment, order_link, table
from tmf.errors import BadRequest, TmfError
from tmf.gate import loads


class CompleteForm(forms.Form):
    outputs = forms.CharField(
        initial="{}", strip=False, widget=UnfoldAdminTextareaWidget({"rows": 8, "class": "font-mono"}),
        help_text="A JSON object: what was found out and successors need.",
    )  # fmt: skip

    def clean_outputs(self) -> dict[str, Any]:
        try:
            outputs = loads(self.cleaned_data["outputs"].encode())
        except (BadRequest, UnicodeEncodeError) as error:
            raise forms.ValidationError(str(error).replace("the body", "this")) from None
        if not isinstance(outputs, dict):
            raise forms.ValidationError('Write a JSON object, such as {"serial": "4711"}.')
        return outputs


class AwaitedFilter(admin.SimpleListFilter):
    """Without a choice: what waits to be done."""

    title = "waiting"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield from ({**first, "display": "To be done"}, *others)

    def queryset(self, request: HttpRequest, queryset: QuerySet[ManualTask]) -> QuerySet[ManualTask]:
        return queryset if self.value() == "all" else queryset.filter(state=Step.State.ACCEPTED)


@admin.register(ManualTask)
class ManualTaskAdmin(LookOnlyAdmin):
    list_display = ["key", "specification", "shown_order", "since", "due", "state"]
    list_filter = [AwaitedFilter]
    search_fields = ["order_id__exact", "key__exact"]
    ordering = ["started_at", "id"]
    show_full_result_count = False
    inlines = [AnswerInline]
    actions_detail = ["complete"]
    actions_row = ["complete"]
    fields = [("key", "state"), "specification", "whole_order", ("since", "due"), "shown_request", "needed", "given"]
    readonly_fields = ["specification", "whole_order", "since", "due", "shown_request", "needed", "given"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ManualTask]:
        return super().get_queryset(request).filter(connector=MANUAL).select_related("item")  # type: ignore[no-any-return]

    @column("For", ordering="item__specification_name")
    def specification(self, task: ManualTask) -> str:
        return str(task.item)

    @column("Order", ordering="order_id")
    def shown_order(self, task: ManualTask) -> str:
        return order_link(task.order_id)

    @column("Order")
    def whole_order(self, task: ManualTask) -> str:
        return link("ordering_serviceorder", task.order_id, task.order_id)

    @column("Asked", ordering="started_at")
    def since(self, task: ManualTask) -> str:
        return f"{age(task.started_at)} ago" if task.started_at else ""

    @column("Until", ordering="answer_by")
    def due(self, task: ManualTask) -> str:
        return moment(task.answer_by)

    @column("What is to be done")
    def shown_request(self, task: ManualTask) -> str:
        return described(task.request)

    @column("Successors need")
    def needed(self, task: ManualTask) -> str:
        outputs = task.spec.get("outputs", {})
        return table(["Output", "Made of the answer by"], [(name, source) for name, source in outputs.items()])

    @column("Outputs")
    def given(self, task: ManualTask) -> str:
        return described(task.outputs)

    def has_complete_permission(self, request: HttpRequest, _object_id: Any = None) -> bool:
        return bool(request.user.has_perm("orchestrator.change_manualtask"))

    @verb("Complete", permission="complete", icon="task_alt")
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks for the outputs, POST completes the task."""
        task = self.get_object(request, object_id)
        if task is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        form = CompleteForm(request.POST) if request.method == "POST" else CompleteForm()
        if form.is_valid() and self._complete(request, task, form):
            self.message_user(request, f"{task.key} is completed.", messages.SUCCESS)
            return HttpResponseRedirect(_list_page())
        return form_page(
            self, request, form, title=f"Complete {task.key}", button="Complete", back=_list_page(),
            intro=f"{task.item}, of order {task.order_id}",
            detail=format_html("{}{}", self.shown_request(task), self.needed(task)),
        )  # fmt: skip

    def _complete(self, request: HttpRequest, task: ManualTask, form: CompleteForm) -> bool:
        try:
            task_complete(step_id=task.pk, outputs=form.cleaned_data["outputs"], actor=request.user.get_username())
        except TmfError as error:
            form.add_error("outputs", error.message)
            return False
        return True


def _list_page() -> str:
    return reverse("admin:orchestrator_manualtask_changelist")


def waiting_count(request: HttpRequest) -> str:
    """For the sidebar's badge."""
    return str(ManualTask.objects.filter(connector=MANUAL, state=Step.State.ACCEPTED)[:1000].count())
