"""Rows of webhooks. Owns their shape and constraints; `operations`, `fan_out` and `sender` write them.

Four tables: an endpoint (who wants what), a message (one event's final body, immutable), a delivery (one
message on its way to one endpoint) and an attempt (one line of the log, immutable). Refuses secrets in the
clear.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from kamao.kernel.ids import new_uuid7


class EndpointState(models.TextChoices):
    """Whether an endpoint gets deliveries."""

    ENABLED = "enabled", _("enabled")
    DISABLED = "disabled", _("disabled")
    REMOVED = "removed", _("removed")


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("sending")
    DELIVERED = "delivered", _("delivered")
    EXHAUSTED = "exhausted", _("given up")


class Endpoint(models.Model):
    """An address of an organisation that wants events of one cell (live or test)."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation_id = models.UUIDField(_("organisation"))
    cell = models.SmallIntegerField(_("cell"))
    url = models.CharField(_("address"), max_length=2000, blank=True)
    description = models.CharField(_("note"), max_length=200, blank=True)
    event_types = ArrayField(
        models.CharField(max_length=64), verbose_name=_("events"), default=list, blank=True
    )
    state = models.CharField(_("state"), max_length=16, choices=EndpointState, default=EndpointState.ENABLED)
    disabled_reason = models.CharField(_("reason"), max_length=32, blank=True)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    secret_sealed = models.BinaryField()
    previous_secret_sealed = models.BinaryField(null=True)
    previous_secret_until = models.DateTimeField(_("old secret signs until"), null=True, blank=True)
    throttles_in_row = models.SmallIntegerField(default=0)
    throttled_until = models.DateTimeField(_("throttled until"), null=True, blank=True)
    failing_since = models.DateTimeField(_("unreachable since"), null=True, blank=True)
    is_for_orders = models.BooleanField(
        default=False, help_text="signs for the addresses that orders bring along; has no address of its own"
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        db_table = "webhook_endpoint"
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        indexes = [models.Index(fields=["organisation_id", "cell"], name="ix_webhook_endpoint_owner")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["enabled", "disabled", "removed"]),
                name="ck_webhook_endpoint_state",
            ),
            models.CheckConstraint(
                condition=models.Q(previous_secret_sealed__isnull=True)
                | models.Q(previous_secret_until__isnull=False),
                name="ck_webhook_endpoint_overlap",
            ),
            models.CheckConstraint(
                condition=models.Q(is_for_orders=True) ^ ~models.Q(url=""), name="ck_webhook_endpoint_address"
            ),
            models.UniqueConstraint(
                fields=["organisation_id", "cell"],
                condition=models.Q(is_for_orders=True),
                name="uq_webhook_endpoint_for_orders",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class Message(models.Model):
    """One event's body as every receiver gets it; its id is the event's id."""

    id = models.UUIDField(primary_key=True, editable=False)
    organisation_id = models.UUIDField(_("organisation"))
    cell = models.SmallIntegerField(_("cell"))
    seq = models.BigIntegerField(_("sequence"))
    event_type = models.CharField(_("event"), max_length=64)
    body = models.TextField(_("body"))
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        db_table = "webhook_message"
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        indexes = [models.Index(fields=["created_at"], name="ix_webhook_message_created")]
        constraints = [models.UniqueConstraint(fields=["cell", "seq"], name="uq_webhook_message_seq")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.seq}"


class Delivery(models.Model):
    """One message on its way to one endpoint: at least once, always under the message's id."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, db_index=False, related_name="deliveries"
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    url = models.CharField(_("address"), max_length=2000, null=True, help_text="an order's own address")
    state = models.CharField(_("state"), max_length=16, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts_made = models.SmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    resume_at = models.DateTimeField(
        null=True, help_text="the scheduled time while an extra, early attempt is due"
    )
    claimed_by = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    last_outcome = models.CharField(_("last outcome"), max_length=16, blank=True)
    last_status = models.SmallIntegerField(_("last status"), null=True)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True)
    settled_at = models.DateTimeField(_("delivered or given up at"), null=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        db_table = "webhook_delivery"
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        indexes = [
            models.Index(fields=["endpoint", "id"], name="ix_webhook_delivery_log"),
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                condition=models.Q(state="waiting"),
                name="ix_webhook_delivery_waiting",
            ),
            models.Index(
                fields=["lease_until"], condition=models.Q(state="sending"), name="ix_webhook_delivery_leased"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["message", "endpoint"], name="uq_webhook_delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sending", "delivered", "exhausted"]),
                name="ck_webhook_delivery_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="sending") | models.Q(lease_until__isnull=False),
                name="ck_webhook_delivery_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} → {self.endpoint_id}"


class Attempt(models.Model):
    """One attempt: what was sent when, and what came back."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.SmallIntegerField(_("attempt"))
    is_extra = models.BooleanField(_("outside the schedule"), default=False)
    at = models.DateTimeField(_("at"))
    outcome = models.CharField(_("outcome"), max_length=16)
    status = models.SmallIntegerField(_("status"), null=True)
    latency_ms = models.IntegerField(_("latency in ms"))
    excerpt = models.CharField(_("reply"), max_length=500, blank=True)

    class Meta:
        db_table = "webhook_attempt"
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"


class Cursor(models.Model):
    """How far a cell's events have been turned into deliveries."""

    cell = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)

    class Meta:
        db_table = "webhook_cursor"
        verbose_name = _("webhook cursor")
        verbose_name_plural = _("webhook cursors")

    def __str__(self) -> str:
        return f"{self.cell}: {self.seq}"
