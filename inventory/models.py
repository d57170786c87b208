"""TMF638: services, one store behind the v4 and v5 representations."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from tmf.indexes import BodyIndex
from tmf.models import OwnedQuerySet, StoredResource


class ServiceState(models.TextChoices):
    """TMF638 ServiceStateType; `suspended` exists in v5 only."""

    FEASIBILITY_CHECKED = "feasibilityChecked"  # it could be made
    DESIGNED = "designed"  # its design is fixed
    RESERVED = "reserved"  # what it needs is set aside
    INACTIVE = "inactive"  # made, not in use
    ACTIVE = "active"  # in use
    SUSPENDED = "suspended"  # stopped for a while (v5)
    TERMINATED = "terminated"  # ended


class OperatingStatus(models.TextChoices):
    """TMF638 v5 ServiceOperatingStatusType: how the service runs, whatever its state."""

    PENDING = "pending"  # not begun
    CONFIGURED = "configured"  # ready to be started
    STARTING = "starting"  # on its way up
    RUNNING = "running"  # as it should be
    DEGRADED = "degraded"  # worse than it should be
    FAILED = "failed"  # not at all
    LIMITED = "limited"  # partly
    STOPPING = "stopping"  # on its way down
    STOPPED = "stopped"  # down, as wanted
    UNKNOWN = "unknown"  # nobody can tell


class Service(StoredResource):
    """A service that exists, or will, or did.

    `body` has its attributes as v4 shows them, `body_v5` those that v5 shows otherwise than the rules of
    `inventory.kinds` lead to, and those that only v5 has.
    """

    state = models.CharField(max_length=20, choices=ServiceState)
    operating_status = models.CharField(max_length=20, choices=OperatingStatus, null=True)  # noqa: DJ001
    name = models.CharField(max_length=300, null=True)  # noqa: DJ001 (absent is not empty)
    category = models.CharField(max_length=200, null=True)  # noqa: DJ001
    specification_id = models.CharField(max_length=200, blank=True, editable=False, help_text="Copy for filters.")
    order_id = models.CharField(max_length=100, blank=True, editable=False, help_text="The order that made it.")
    service_date = models.DateTimeField(db_default=Now())
    start_date = models.DateTimeField(null=True)
    end_date = models.DateTimeField(null=True)
    body_v5 = models.JSONField(default=dict, editable=False)

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["party", "created_at", "id"], name="service_party_created"),
            models.Index(fields=["created_at", "id"], name="service_created"),
            models.Index(fields=["state", "created_at"], name="service_state"),
            models.Index(fields=["operating_status", "created_at"], name="service_operating_status"),
            models.Index(fields=["specification_id", "created_at"], name="service_specification"),
            models.Index(fields=["category", "created_at"], name="service_category"),
            models.Index(fields=["order_id"], name="service_order"),
            BodyIndex("service_body"),
            BodyIndex("service_body_v5", fields=["body_v5"]),
        ]

    def __str__(self) -> str:
        return self.name or self.pk
