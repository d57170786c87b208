"""TMF641 v4.1.0: service orders and their items."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from tmf.indexes import BodyIndex
from tmf.models import OwnedQuerySet, StoredResource


class OrderState(models.TextChoices):
    """States of an order and of an item (TMF641 ServiceOrderStateType)."""

    ACKNOWLEDGED = "acknowledged"  # received and well-formed
    REJECTED = "rejected"  # refused by business validation
    PENDING = "pending"  # waits for the consumer
    HELD = "held"  # waits for the provider, or was put on hold
    IN_PROGRESS = "inProgress"  # work is under way
    CANCELLED = "cancelled"  # taken back on request
    COMPLETED = "completed"  # everything achieved
    FAILED = "failed"  # ended with nothing achieved
    PARTIAL = "partial"  # ended with some items achieved
    ASSESSING_CANCELLATION = "assessingCancellation"  # a cancel request is being judged
    PENDING_CANCELLATION = "pendingCancellation"  # cancellation granted, compensation under way


FINAL_STATES = (  # nothing leaves these
    OrderState.REJECTED, OrderState.CANCELLED, OrderState.COMPLETED, OrderState.FAILED, OrderState.PARTIAL,
)  # fmt: skip
UNWARNED = models.Q(jeopardy_at=None, requested_completion_date__isnull=False) & ~models.Q(state__in=FINAL_STATES)


class Tally(models.Model):
    """How many children are in each state: counters from which the state is rolled up (docs/conformance.md 1.3)."""

    n_acknowledged = models.PositiveIntegerField(default=0, editable=False)
    n_rejected = models.PositiveIntegerField(default=0, editable=False)
    n_pending = models.PositiveIntegerField(default=0, editable=False)
    n_held = models.PositiveIntegerField(default=0, editable=False)
    n_in_progress = models.PositiveIntegerField(default=0, editable=False)
    n_cancelled = models.PositiveIntegerField(default=0, editable=False)
    n_completed = models.PositiveIntegerField(default=0, editable=False)
    n_failed = models.PositiveIntegerField(default=0, editable=False)
    n_partial = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        abstract = True


class ServiceOrder(StoredResource, Tally):
    """A service order. Its tally counts its top-level items."""

    state = models.CharField(max_length=30, choices=OrderState, default=OrderState.ACKNOWLEDGED)
    on_hold = models.BooleanField(default=False, help_text="The consumer asked to hold; nothing new starts.")
    external_id = models.CharField(max_length=200, null=True)  # noqa: DJ001 (absent is not empty)
    unique_external_id = models.CharField(  # noqa: DJ001
        max_length=200, null=True, editable=False, help_text="The same, when its client may not repeat one."
    )
    category = models.CharField(max_length=200, null=True)  # noqa: DJ001
    priority = models.CharField(max_length=20, default="4")
    requested_start_date = models.DateTimeField(null=True)
    requested_completion_date = models.DateTimeField(null=True)
    expected_completion_date = models.DateTimeField(null=True)
    jeopardy_at = models.DateTimeField(null=True, editable=False, help_text="When it was told that it is late.")
    start_date = models.DateTimeField(null=True)
    completion_date = models.DateTimeField(null=True)
    cancellation_date = models.DateTimeField(null=True)
    errors = models.JSONField(default=list, help_text="The order's errorMessage list.")

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["party", "created_at", "id"], name="order_party_created"),
            models.Index(fields=["created_at", "id"], name="order_created"),
            models.Index(fields=["state", "created_at"], name="order_state"),
            models.Index(fields=["party", "state", "created_at", "id"], name="order_party_state"),
            models.Index(fields=["external_id"], name="order_external_id"),
            models.Index(fields=["category", "created_at"], name="order_category"),
            models.Index(fields=["requested_completion_date"], condition=UNWARNED, name="order_unwarned"),
            BodyIndex("order_body"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["party", "unique_external_id"], name="order_external_id_once"),
        ]

    def __str__(self) -> str:
        return self.pk


class ServiceOrderItem(Tally):
    """One item, at any depth. `own` is the state of its own work, `state` the roll-up with its children.

    Its tally counts its own work and its children. `body` holds the item without id, action,
    state, errorMessage and serviceOrderItem.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(ServiceOrder, models.CASCADE, related_name="items")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    position = models.PositiveIntegerField(help_text="Place in the order's depth-first walk.")
    item_id = models.CharField(max_length=200, help_text="The client's id, unique in the order.")
    action = models.CharField(max_length=10)
    state = models.CharField(max_length=30, choices=OrderState, default=OrderState.ACKNOWLEDGED)
    own = models.CharField(max_length=30, choices=OrderState, default=OrderState.ACKNOWLEDGED)
    service_id = models.CharField(max_length=100, blank=True, help_text="The inventory's service, once known.")
    errors = models.JSONField(default=list, help_text="The item's errorMessage list.")
    body = models.JSONField(default=dict)

    class Meta:
        indexes = [BodyIndex("item_body")]
        constraints = [models.UniqueConstraint(fields=["order", "item_id"], name="item_id_per_order")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.item_id}"


def in_order(items: Iterable[ServiceOrderItem]) -> list[ServiceOrderItem]:
    """As the depth-first walk finds them. Sorted here: as the model's ordering it would burden every query."""
    return sorted(items, key=attrgetter("position"))


class CancelState(models.TextChoices):
    """States of a request to cancel (TMF641 TaskStateType, those it uses)."""

    ACCEPTED = "accepted"  # to be judged, once its date has come
    IN_PROGRESS = "inProgress"  # granted; what was done is being taken back
    DONE = "done"  # judged: the order is cancelled, or the request refused
    TERMINATED_WITH_ERROR = "terminatedWithError"  # it could not be judged


LIVE_CANCELS = (CancelState.ACCEPTED, CancelState.IN_PROGRESS)


class CancelServiceOrder(StoredResource):
    """A request to cancel an order. `body` says how it ended: completionMessage or errorMessage."""

    order = models.ForeignKey(ServiceOrder, models.CASCADE, related_name="cancels")
    state = models.CharField(max_length=30, choices=CancelState, default=CancelState.ACCEPTED)
    requested_date = models.DateTimeField(null=True)
    effective_date = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now(), editable=False, help_text="Nothing is done about it before.")
    attempts = models.PositiveSmallIntegerField(default=0, editable=False, help_text="Attempts that failed in a row.")

    objects: ClassVar = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["party", "created_at", "id"], name="cancel_party_created"),
            models.Index(fields=["created_at", "id"], name="cancel_created"),
            models.Index(fields=["due_at"], condition=models.Q(state__in=LIVE_CANCELS), name="cancel_due"),
            BodyIndex("cancel_body"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(state__in=LIVE_CANCELS), name="cancel_one_live_per_order"
            )
        ]

    def __str__(self) -> str:
        return self.pk
