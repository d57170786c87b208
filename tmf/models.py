"""What the three APIs share in the database: clients, stored resources, events, listeners, the journal."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models.functions import Now
from oauth2_provider.models import AbstractApplication

from tmf.ids import new_id

if TYPE_CHECKING:
    from tmf.actors import Actor


class Client(AbstractApplication):  # type: ignore[misc]
    """A machine client of the APIs. What it orders belongs to its party."""

    party = models.CharField(max_length=200, blank=True, help_text="The party this client acts for.")
    scopes = models.TextField(
        blank=True, help_text="What it may ask for, separated by blanks. Empty: what every BSS may; never `admin`."
    )

    unique_external_id = models.BooleanField(
        default=False, help_text="Refuse an order whose externalId the party has used before (409)."
    )

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"


M = TypeVar("M", bound="StoredResource")


class OwnedQuerySet(models.QuerySet[M]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor may know of: its party's rows, or every row for an administrator."""
        if actor.is_admin or not self.model.OWNED:
            return self
        return self.filter(party=actor.party)


class StoredResource(models.Model):
    """A TMF resource: columns for what is filtered, joined or moved by the engine; `body` for the rest.

    `body` holds the attributes that have no column, as they came. `revision` counts the changes;
    it is the ETag and the sequence of the resource's last event.
    """

    OWNED: ClassVar[bool] = True

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    party = models.CharField(max_length=200, blank=True, editable=False, help_text="The party it belongs to.")
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    body = models.JSONField(default=dict, editable=False)

    objects: ClassVar[models.Manager[Any]]

    class Meta:
        abstract = True


class Event(models.Model):
    """A thing that happened, written in the transaction of its change: the outbox row and the notification.

    `sequence` orders the events of one resource. `dispatched_at` is empty while it is owed to
    listeners and handlers.
    """

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    api = models.CharField(max_length=20, help_text="catalog, inventory or ordering: whose hub hears it.")
    type = models.CharField(max_length=80, help_text="TMF event type, such as ServiceOrderStateChangeEvent.")
    resource = models.CharField(max_length=40, help_text="Resource name in the payload, such as serviceOrder.")
    resource_id = models.CharField(max_length=100)
    sequence = models.PositiveIntegerField()
    party = models.CharField(max_length=200, blank=True)
    public = models.BooleanField(default=False, help_text="Of what belongs to nobody: every party's listeners hear it.")
    occurred_at = models.DateTimeField(db_default=Now())
    payload = models.JSONField(help_text="The resource's representation, without hrefs' host, as it was then.")
    aside = models.JSONField(null=True, help_text="What other versions of the API say beside or instead of it.")
    field_path = models.CharField(max_length=400, blank=True)
    correlation_id = models.CharField(max_length=200, blank=True)
    traceparent = models.CharField(max_length=60, blank=True, help_text="W3C trace context of its cause.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Dispatches that failed.")
    due_at = models.DateTimeField(db_default=Now(), help_text="Not dispatched before.")
    dispatched_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True, help_text="Told to listeners, but a handler gave up: see the error.")
    error = models.TextField(blank=True, help_text="The last failure of a dispatch.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resource", "resource_id", "sequence"], name="event_sequence_per_resource")
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(dispatched_at=None), name="event_undispatched"),
            models.Index(fields=["failed_at"], condition=models.Q(failed_at__isnull=False), name="event_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.resource_id} #{self.sequence}"


class Subscription(models.Model):
    """A listener registered at one API's hub (TMF630 part 1, hub)."""

    class State(models.TextChoices):
        ACTIVE = "active"  # hears events
        DISABLED = "disabled"  # answered 410 Gone, or switched off by an operator

    id = models.CharField(primary_key=True, max_length=100, default=new_id, editable=False)
    api = models.CharField(max_length=20)
    version = models.CharField(max_length=5, default="v4", help_text="Of the API: in which form it hears events.")
    callback = models.URLField(max_length=2000)
    query = models.CharField(max_length=2000, blank=True)
    digest = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="SHA-256 of callback and query: too long to index.",
    )
    base_url = models.CharField(max_length=300, blank=True, help_text="How the listener reaches us: root of hrefs.")
    party = models.CharField(max_length=200, blank=True)
    sees_all = models.BooleanField(default=False, help_text="Registered by an administrator: hears every party.")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    created_at = models.DateTimeField(db_default=Now())
    failures = models.PositiveIntegerField(default=0, help_text="Deliveries failed in a row.")
    resume_at = models.DateTimeField(null=True, help_text="Breaker: nothing is sent before, save one probe at a time.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["api", "version", "party", "digest"], condition=~models.Q(digest=""), name="subscription_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.api} → {self.callback}"


class Delivery(models.Model):
    """One event owed to one listener. In order per (subscription, resource)."""

    class State(models.TextChoices):
        PENDING = "pending"  # owed
        DELIVERED = "delivered"  # answered 2xx
        DEAD = "dead"  # given up after its time, or refused for good

    id = models.BigAutoField(primary_key=True)
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    resource = models.CharField(max_length=40)
    resource_id = models.CharField(max_length=100)
    sequence = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="Last HTTP status.")
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["subscription", "event"], name="delivery_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="pending"), name="delivery_owed"),
            models.Index(
                fields=["subscription", "due_at", "id"], condition=models.Q(state="pending"), name="delivery_due"
            ),
            models.Index(fields=["claim"], condition=models.Q(state="pending"), name="delivery_claim"),
            models.Index(
                fields=["subscription", "resource", "resource_id", "sequence"],
                condition=models.Q(state="pending"),
                name="delivery_line",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.subscription}"


class IdempotencyKey(models.Model):
    """A key that a client sent with a POST, and the answer it got. Written with what the POST made, or not at all."""

    id = models.BigAutoField(primary_key=True)
    client = models.CharField(max_length=255, help_text="The client's client_id.")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of party, path and document.")
    created_at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField(db_default=0)
    headers = models.JSONField(null=True)
    body = models.TextField(db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_created")]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"


class JournalEntry(models.Model):
    """One transition or operator's verb: who, when, before, after, why. Append-only."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    entity = models.CharField(max_length=40, help_text="ServiceOrder, ServiceOrderItem, Service, Plan, Step, …")
    entity_id = models.CharField(max_length=120)
    order_id = models.CharField(max_length=100, blank=True, help_text="The order whose story this belongs to.")
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40)
    reason = models.CharField(max_length=1000, blank=True)
    actor = models.CharField(max_length=200, help_text="Client, operator, or the engine's process.")
    data = models.JSONField(null=True)

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = [
            models.Index(fields=["order_id", "id"], name="journal_order"),
            models.Index(fields=["entity", "entity_id"], name="journal_entity"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.entity_id}: {self.before} → {self.after}"


class Process(models.Model):
    """A liveness signal: one row per running worker or sweeper process, refreshed while it lives."""

    id = models.CharField(primary_key=True, max_length=100, help_text="Unique per process start.")
    kind = models.CharField(max_length=20, help_text="worker or sweeper.")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "processes"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
