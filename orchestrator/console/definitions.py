"""Process definitions: to read. They come from a folder (`manage.py definitions import`)."""

from django.contrib import admin

from orchestrator.models import Definition
from tmf.admin import LookOnlyAdmin
from tmf.admin_parts import column, pretty


@admin.register(Definition)
class DefinitionAdmin(LookOnlyAdmin):
    list_display = ["specification", "action", "version", "shown_state", "step_count", "created_at"]
    list_filter = ["state", "action"]
    search_fields = ["specification"]
    ordering = ["specification", "action", "-version"]
    fields = ["specification", "action", "version", "state", "created_at", "digest", "shown_document"]
    readonly_fields = ["shown_document"]

    @column("State", ordering="state", label={"active": "success", "draft": "info"})
    def shown_state(self, definition: Definition) -> str:
        return definition.state

    @column("Steps")
    def step_count(self, definition: Definition) -> int:
        return len(definition.document.get("steps", ()))

    @column("Document")
    def shown_document(self, definition: Definition) -> str:
        return pretty(definition.document)
