"""The catalogue in the admin: to look at. Changes go through the API, which validates them and tells of them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from catalog.models import (
    CatalogResource,
    ExportJob,
    ImportJob,
    ServiceCandidate,
    ServiceCatalog,
    ServiceCategory,
    ServiceSpecification,
)
from tmf.admin import LookOnlyAdmin
from tmf.admin_parts import column, pretty


@admin.register(ServiceSpecification, ServiceCandidate, ServiceCategory, ServiceCatalog)
class CatalogAdmin(LookOnlyAdmin):
    list_display = ["name", "version", "lifecycle_status", "type", "last_update", "id"]
    list_filter = ["lifecycle_status"]
    search_fields = ["id__exact", "name"]

    readonly_fields = ["shown_body"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The columns, and the document that holds the rest."""
        return [field.name for field in self.model._meta.concrete_fields if field.name != "body"] + ["shown_body"]

    @column("Its other attributes")
    def shown_body(self, resource: CatalogResource) -> str:
        return pretty(resource.body)


@admin.register(ImportJob, ExportJob)
class JobAdmin(LookOnlyAdmin):
    """Imports and exports. What went wrong stands in the error log."""

    list_display = ["id", "path", "status", "created_at", "completion_date", "party", "attempts"]
    list_filter = ["status"]
    search_fields = ["id__exact", "party"]
