"""TMF633 v4.0.0: catalogues, categories, candidates and specifications; import and export jobs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from catalog.states import JOB_OPEN, NOT_STARTED
from tmf.indexes import BodyIndex
from tmf.models import OwnedQuerySet, StoredResource


class CatalogResource(StoredResource):
    """What the four kinds share. The catalogue belongs to no party."""

    OWNED = False

    name = models.CharField(max_length=300)
    version = models.CharField(max_length=60, null=True)  # noqa: DJ001 (absent is not empty)
    lifecycle_status = models.CharField(max_length=60, null=True)  # noqa: DJ001
    last_update = models.DateTimeField(db_default=Now())
    type = models.CharField(max_length=120, null=True, help_text="@type")  # noqa: DJ001

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["created_at", "id"], name="%(class)s_created"),
            models.Index(fields=["name", "version"], name="%(class)s_name"),
            models.Index(fields=["lifecycle_status"], name="%(class)s_status"),
            BodyIndex("%(class)s_body"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version or ''}".strip()


class ServiceCatalog(CatalogResource):
    """A grouping of categories for a purpose."""


class ServiceCategory(CatalogResource):
    """A grouping of candidates, within a tree."""

    parent_id = models.CharField(max_length=100, null=True)  # noqa: DJ001

    class Meta(CatalogResource.Meta):
        verbose_name_plural = "service categories"
        indexes = [*CatalogResource.Meta.indexes, models.Index(fields=["parent_id"], name="category_parent")]


class ServiceCandidate(CatalogResource):
    """A specification offered in catalogues."""

    specification_id = models.CharField(max_length=200, blank=True, editable=False, help_text="Copy for joins.")


class ServiceSpecification(CatalogResource):
    """What a kind of service is: characteristics, relationships, what it is made of."""

    is_bundle = models.BooleanField(default=False)


class Job(StoredResource):
    """What the two kinds of jobs share. The row is the truth: who works at it holds a lease, and writes by its fence.

    A job belongs to the party that asked for it: its url may be a secret.
    """

    url = models.CharField(max_length=2000)
    path = models.CharField(max_length=300)
    status = models.CharField(max_length=20, default=NOT_STARTED)
    completion_date = models.DateTimeField(null=True)
    error_log = models.TextField(null=True)  # noqa: DJ001 (absent is not empty)
    fence = models.PositiveIntegerField(default=0, editable=False)
    claim = models.CharField(max_length=100, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["party", "created_at", "id"], name="%(class)s_party_created"),
            models.Index(fields=["created_at", "id"], name="%(class)s_created"),
            models.Index(fields=["created_at"], condition=models.Q(status__in=JOB_OPEN), name="%(class)s_owed"),
            BodyIndex("%(class)s_body"),
        ]

    def __str__(self) -> str:
        return self.pk


class ImportJob(Job):
    """A file to be read into the catalogue."""


class ExportJob(Job):
    """A part of the catalogue to be written to a file."""

    query = models.TextField(null=True)  # noqa: DJ001
