"""The engine's tables: what is owed, what was tried, what is known."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from ordering.models import ServiceOrder, ServiceOrderItem


class Target(models.Model):
    """One system that does work: where it is, how it is spoken to, how many calls it bears."""

    class Delivery(models.TextChoices):
        IDEMPOTENT = "idempotent"  # the same operation key twice is applied once: repeat
        QUERYABLE = "queryable"  # ask for the operation key first, then decide
        AT_MOST_ONCE = "at_most_once"  # neither: a person decides (fallout "outcome unknown")

    class State(models.TextChoices):
        OPEN = "open"  # called
        PAUSED = "paused"  # steps wait

    name = models.SlugField(primary_key=True, max_length=80)
    connector = models.CharField(max_length=40, help_text="A key of settings.CONNECTORS.")
    base_url = models.URLField(max_length=1000, blank=True)
    credentials = models.CharField(
        max_length=200, blank=True, help_text="env:NAME or file:/path of a bearer token; never the secret itself."
    )
    headers = models.JSONField(default=dict, blank=True, help_text="Sent with every call. No secrets.")
    delivery = models.CharField(max_length=20, choices=Delivery, default=Delivery.IDEMPOTENT)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is paused.")
    concurrency = models.PositiveSmallIntegerField(default=16, help_text="Calls under way per worker.")
    is_default = models.BooleanField(default=False, help_text="Serves specifications without a definition.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=models.Q(is_default=True), name="one_default")
        ]

    def __str__(self) -> str:
        return self.name


class Definition(models.Model):
    """How one specification is fulfilled for one action: a versioned document that never changes once active."""

    class State(models.TextChoices):
        DRAFT = "draft"  # being written
        ACTIVE = "active"  # used by new plans; one per specification and action
        RETIRED = "retired"  # no longer used by new plans

    id = models.BigAutoField(primary_key=True)
    specification = models.CharField(max_length=300, help_text="Name of the service specification.")
    action = models.CharField(max_length=10, help_text="add, modify or delete.")
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    document = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the canonical document.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["specification", "action", "version"], name="definition_version"),
            models.UniqueConstraint(
                fields=["specification", "action"], condition=models.Q(state="active"), name="definition_one_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.specification} {self.action} v{self.version}"


class Plan(models.Model):
    """What one order needs done. Owed by the order's creation event, made by decomposition."""

    class State(models.TextChoices):
        OWED = "owed"  # the order is to be judged, decomposed and planned
        PENDING = "pending"  # the client has to supply something first
        ACTIVE = "active"  # its steps are driven
        DONE = "done"  # nothing left to do
        REFUSED = "refused"  # the order was rejected
        CANCELLING = "cancelling"  # nothing new is begun; once paused no longer, what was done is taken back
        CANCELLED = "cancelled"  # taken back, or never made

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(ServiceOrder, models.CASCADE, related_name="plans")
    generation = models.PositiveSmallIntegerField(default=1, help_text="Grows with each amendment.")
    state = models.CharField(max_length=10, choices=State, default=State.OWED)
    paused = models.BooleanField(
        default=False, help_text="No step is begun: the order is on hold, or its plan is being cancelled."
    )
    pins = models.JSONField(default=list, help_text="The definitions it was made from: key, version, digest.")
    created_at = models.DateTimeField(db_default=Now())
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now(), help_text="Decomposition is not tried before.")
    grace_until = models.DateTimeField(null=True, help_text="Cancelling: until when accepted work is waited for.")
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "generation"], name="plan_generation")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(state="owed"), name="plan_owed")]

    def __str__(self) -> str:
        return f"plan of {self.order_id}"


class FulfilmentItem(models.Model):
    """One node of an order item's decomposition: a CFS, an RFS or a resource, with its own action."""

    class State(models.TextChoices):
        OPEN = "open"  # steps of it are to be done
        DONE = "done"  # its steps are done and the inventory tells so
        CANCELLED = "cancelled"  # taken back or never started

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="items")
    order_item = models.ForeignKey(ServiceOrderItem, models.CASCADE, related_name="fulfilment")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    position = models.PositiveIntegerField()
    specification_id = models.CharField(max_length=200, blank=True)
    specification_name = models.CharField(max_length=300, blank=True)
    specification_version = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=120, blank=True, help_text="@type of the specification.")
    action = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    service_id = models.CharField(
        max_length=100, blank=True, help_text="The inventory's service, reserved at planning."
    )
    service = models.JSONField(default=dict, help_text="What the service shall be: the TMF638 document.")
    steps_open = models.PositiveIntegerField(default=0, help_text="Own steps not done.")
    tree_open = models.PositiveIntegerField(default=1, help_text="Itself and its children, those not done.")

    class Meta:
        indexes = [models.Index(fields=["service_id"], name="fulfilment_service")]

    def __str__(self) -> str:
        return f"{self.action} {self.specification_name}"


class Step(models.Model):
    """One thing to be done by one target, with its claim, its timer and its outcome."""

    class State(models.TextChoices):
        WAITING = "waiting"  # predecessors are not done
        READY = "ready"  # may be claimed once due_at has come
        RUNNING = "running"  # claimed; a call may be under way
        ACCEPTED = "accepted"  # the target works; its answer is awaited until answer_by, looked for at due_at
        DONE = "done"  # achieved
        HELD = "held"  # fell out; a person decides
        CANCELLED = "cancelled"  # will not be done

    class Mode(models.TextChoices):
        DO = "do"  # the step itself
        UNDO = "undo"  # its compensation

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="steps")
    item = models.ForeignKey(FulfilmentItem, models.CASCADE, related_name="steps")
    order_id = models.CharField(
        max_length=100, editable=False, help_text="The plan's order: part of the operation key."
    )
    key = models.CharField(max_length=100)
    connector = models.CharField(max_length=40, blank=True, help_text="Empty: nothing is called.")
    target = models.CharField(max_length=80, blank=True)
    spec = models.JSONField(default=dict, help_text="The step as its definition has it: timeout, retry, outputs, …")
    request = models.JSONField(null=True, help_text="Template or, when not deferred, the rendered request.")
    deferred = models.BooleanField(default=False, help_text="The request refers to outputs: rendered when claimed.")
    mode = models.CharField(max_length=4, choices=Mode, default=Mode.DO)
    generation = models.PositiveSmallIntegerField(default=1, help_text="Part of the operation key.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    waiting_on = models.PositiveIntegerField(default=0, help_text="Predecessors not done.")
    due_at = models.DateTimeField(db_default=Now())
    answer_by = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Calls that were to do the work.")
    polls = models.PositiveIntegerField(default=0, help_text="Looks at the answer since it was accepted.")
    in_doubt = models.BooleanField(default=False, help_text="A call may have been made whose outcome nobody knows.")
    correlation = models.CharField(max_length=1000, blank=True, help_text="How the target names the work it accepted.")
    outputs = models.JSONField(null=True)
    error = models.JSONField(null=True, help_text="The last failure: category, code, message.")
    timeout = models.FloatField(default=30, help_text="Deadline of one call, seconds.")
    fence = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "key"], name="step_key_per_item")]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state__in=["ready", "accepted"]), name="step_due"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="step_leased"),
            models.Index(fields=["claim"], condition=models.Q(state="running"), name="step_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.target})" if self.target else self.key

    @property
    def operation_key(self) -> str:
        """Stable over retries and owners: what a target knows this operation by."""
        return f"{self.order_id}.{self.pk}.{self.mode}.{self.generation}"


class ManualTask(Step):
    """A step that a person does, under a name of its own: seen and permitted apart from other steps."""

    class Meta:
        proxy = True


class StepLink(models.Model):
    """`successor` waits until `predecessor` is done."""

    id = models.BigAutoField(primary_key=True)
    predecessor = models.ForeignKey(Step, models.CASCADE, related_name="links_out")
    successor = models.ForeignKey(Step, models.CASCADE, related_name="links_in")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["predecessor", "successor"], name="step_link_once")]

    def __str__(self) -> str:
        return f"{self.predecessor_id} → {self.successor_id}"


class Attempt(models.Model):
    """The intent to call, committed before the first byte leaves, and what came of it."""

    class Outcome(models.TextChoices):
        STARTED = "started"  # a call is under way, or its outcome was lost
        DONE = "done"  # achieved
        ACCEPTED = "accepted"  # the target works on it
        TRANSIENT = "transient"  # failed, worth another try
        PERMANENT = "permanent"  # refused
        UNKNOWN = "unknown"  # nobody can tell

    id = models.BigAutoField(primary_key=True)
    step = models.ForeignKey(Step, models.CASCADE, related_name="tries")
    fence = models.PositiveIntegerField(help_text="The claim it was made under.")
    verb = models.CharField(max_length=10, help_text="apply, look_up, poll or undo.")
    operation_key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64, blank=True)
    owner = models.CharField(max_length=100)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.STARTED)
    message = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "fence"], name="attempt_per_claim")]

    def __str__(self) -> str:
        return f"{self.operation_key} {self.outcome}"


class Answer(models.Model):
    """The inbox of asynchronous answers: early, late, twice or out of order, each kept once."""

    id = models.BigAutoField(primary_key=True)
    step = models.ForeignKey(Step, models.CASCADE, related_name="answers")
    operation_key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    body = models.JSONField()
    received_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["operation_key", "digest"], name="answer_once")]
        indexes = [models.Index(fields=["step"], condition=models.Q(used_at=None), name="answer_unused")]

    def __str__(self) -> str:
        return f"answer to {self.operation_key}"


class Fallout(models.Model):
    """A failure that retry does not cure. Its step waits for a person."""

    class State(models.TextChoices):
        OPEN = "open"  # nobody cares for it yet
        CLAIMED = "claimed"  # an operator works on it
        ON_HOLD = "on_hold"  # waits for something outside
        RESOLVED = "resolved"  # the step goes on
        CANCELLED = "cancelled"  # its step was given up

    class Category(models.TextChoices):
        TRANSIENT = "transient"  # the target kept failing: its owner
        DATA = "data"  # the request could not be made from the data: whoever ordered
        REFUSED = "refused"  # the target said no: whoever ordered, or its owner
        CONFIGURATION = "configuration"  # target or definition is wrong: the designer
        UNKNOWN_OUTCOME = "unknown_outcome"  # it may have happened: somebody looks at the target
        COMPENSATION = "compensation"  # taking back failed: an operator
        BUG = "bug"  # our fault: the developers

    id = models.BigAutoField(primary_key=True)
    step = models.ForeignKey(Step, models.CASCADE, related_name="fallouts", null=True)
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="fallouts")
    order = models.ForeignKey(ServiceOrder, models.CASCADE, related_name="fallouts")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    category = models.CharField(max_length=20, choices=Category)
    code = models.CharField(max_length=100)
    message = models.TextField()
    target = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=200, blank=True)
    resolution = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["step"],
                condition=models.Q(state__in=["open", "claimed", "on_hold"]),
                name="fallout_one_live_per_step",
            )
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="fallout_state")]

    def __str__(self) -> str:
        return f"{self.category}: {self.message[:80]}"
