"""Rows of payments. Owns their shape and constraints; `accounts`, `intents`, `notices`, `refunds` and
`reconciliation` write.

Refuses credentials in the clear (sealed, bound to the account's id) and personal data of buyers.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kamao.business.payments.states import (
    ATTEMPT_STATES_OPEN,
    ATTEMPT_TRANSITIONS,
    BREAK_KINDS,
    INTENT_STATES_LIVE,
    INTENT_TRANSITIONS,
    NOTICE_OUTCOMES,
)
from kamao.kernel.ids import new_uuid7

KEY_LENGTH = 40
NUMBER_LENGTH = 32


class ProviderAccount(models.Model):
    """An account at a payment provider; its key names the ledger's `cash:<key>` and never changes."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    key = models.CharField(_("key"), max_length=KEY_LENGTH, unique=True)
    kind = models.CharField(_("provider"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    organisation_id = models.UUIDField(_("organisation"), null=True, blank=True)
    cell = models.SmallIntegerField(_("cell"))
    currency = models.CharField(_("currency"), max_length=3)
    custodian = models.CharField(_("custodian"), max_length=80)
    merchant_number = models.CharField(_("merchant number"), max_length=64)
    credentials_sealed = models.BinaryField()
    is_test = models.BooleanField(_("moves no real money"))
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        db_table = "payment_account"
        verbose_name = _("provider account")
        verbose_name_plural = _("provider accounts")
        constraints = [
            models.CheckConstraint(condition=Q(cell__in=[0, 1]), name="ck_payment_account_cell"),
            models.CheckConstraint(condition=~Q(custodian=""), name="ck_payment_account_custodian"),
        ]

    def __str__(self) -> str:
        return self.name


class PaymentIntent(models.Model):
    """One collection order at a provider for one purchase; `number` is what the provider calls
    `out_trade_no`.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    number = models.CharField(_("payment number"), max_length=NUMBER_LENGTH, unique=True)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="intents", verbose_name=_("account")
    )
    cell = models.SmallIntegerField(_("cell"))
    purchase_id = models.UUIDField(_("purchase"))
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    subject = models.CharField(_("subject"), max_length=120)
    return_url = models.CharField(max_length=1000, blank=True)
    notify_url = models.CharField(max_length=1000, blank=True)
    state = models.CharField(_("state"), max_length=12)
    pay_url = models.CharField(max_length=1000, blank=True)
    provider_order_no = models.CharField(_("provider's order number"), max_length=64, blank=True)
    last_answer = models.CharField(_("last answer"), max_length=80, blank=True)
    checks = models.IntegerField(_("checks"), default=0)
    expires_at = models.DateTimeField(_("expires at"))
    next_check_at = models.DateTimeField(_("next check at"), null=True)
    polled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        db_table = "payment_intent"
        verbose_name = _("payment intent")
        verbose_name_plural = _("payment intents")
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="ix_payment_intent_due",
                condition=Q(state__in=sorted(INTENT_STATES_LIVE)),
            ),
            models.Index(fields=["purchase_id"], name="ix_payment_intent_purchase"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=sorted(INTENT_TRANSITIONS)), name="ck_payment_intent_state"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="ck_payment_intent_amount"),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(INTENT_STATES_LIVE)) | Q(next_check_at__isnull=False),
                name="ck_payment_intent_checked",
            ),
            models.UniqueConstraint(
                fields=["purchase_id", "account"],
                condition=Q(state__in=sorted(INTENT_STATES_LIVE)),
                name="uq_payment_intent_live",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Notice(models.Model):
    """An authenticated notice, stored in the transaction of what it caused; one row per event id however
    often it came.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="notices", verbose_name=_("account")
    )
    event_id = models.CharField(_("event"), max_length=80)
    number = models.CharField(_("number"), max_length=64)
    body = models.TextField(_("body"))
    outcome = models.CharField(_("outcome"), max_length=20)
    reason = models.CharField(_("reason"), max_length=80, blank=True)
    copies = models.IntegerField(_("times received"), default=1)
    received_at = models.DateTimeField(_("received at"))
    last_received_at = models.DateTimeField(_("last received at"))

    class Meta:
        db_table = "payment_notice"
        verbose_name = _("payment notice")
        verbose_name_plural = _("payment notices")
        indexes = [models.Index(fields=["number"], name="ix_payment_notice_number")]
        constraints = [
            models.UniqueConstraint(fields=["account", "event_id"], name="uq_payment_notice_event"),
            models.CheckConstraint(
                condition=Q(outcome__in=list(NOTICE_OUTCOMES)), name="ck_payment_notice_outcome"
            ),
        ]

    def __str__(self) -> str:
        return self.event_id


class RejectedNotice(models.Model):
    """A notice that failed its check, counted by content; the newest few hundred per account are kept."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    account = models.ForeignKey(
        ProviderAccount, models.CASCADE, related_name="rejected", verbose_name=_("account")
    )
    digest = models.BinaryField()
    reason = models.CharField(_("reason"), max_length=20)
    source = models.CharField(_("address"), max_length=64, blank=True)
    copies = models.IntegerField(_("times received"), default=1)
    first_at = models.DateTimeField(_("first received at"))
    last_at = models.DateTimeField(_("last received at"))

    class Meta:
        db_table = "payment_rejected_notice"
        verbose_name = _("rejected notice")
        verbose_name_plural = _("rejected notices")
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="uq_payment_rejected_notice")
        ]

    def __str__(self) -> str:
        return self.reason


class RefundAttempt(models.Model):
    """Our side of one refund at a provider: the engine's refund `refund_id`, under the number it keeps for
    ever.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    number = models.CharField(_("refund number"), max_length=NUMBER_LENGTH, unique=True)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="refunds", verbose_name=_("account")
    )
    cell = models.SmallIntegerField(_("cell"))
    refund_id = models.UUIDField(_("refund"), unique=True)
    provider_payment_no = models.CharField(_("provider's payment number"), max_length=64)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=12)
    sends = models.IntegerField(_("times sent"), default=0)
    checks = models.IntegerField(_("checks"), default=0)
    last_answer = models.CharField(_("last answer"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"))
    next_check_at = models.DateTimeField(_("next check at"), null=True)
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        db_table = "payment_refund_attempt"
        verbose_name = _("refund attempt")
        verbose_name_plural = _("refund attempts")
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="ix_payment_refund_due",
                condition=Q(next_check_at__isnull=False),
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=sorted(ATTEMPT_TRANSITIONS)), name="ck_payment_refund_state"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="ck_payment_refund_amount"),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(ATTEMPT_STATES_OPEN)) | Q(next_check_at__isnull=False),
                name="ck_payment_refund_checked",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ProviderCall(models.Model):
    """One line of evidence: what a provider was asked about a number and what it answered. Only added to."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="calls", verbose_name=_("account")
    )
    number = models.CharField(_("number"), max_length=64)
    act = models.CharField(_("act"), max_length=16)
    answer = models.CharField(_("answer"), max_length=20)
    detail = models.CharField(_("detail"), max_length=120, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        db_table = "payment_call"
        verbose_name = _("provider call")
        verbose_name_plural = _("provider calls")
        indexes = [models.Index(fields=["number", "at"], name="ix_payment_call_number")]

    def __str__(self) -> str:
        return f"{self.act} {self.number}"


class Bill(models.Model):
    """A provider's bill of one business day as it was last fetched."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="bills", verbose_name=_("account")
    )
    day = models.DateField(_("day"))
    is_final = models.BooleanField(_("final"))
    payments_minor = models.BigIntegerField(_("payments"))
    refunds_minor = models.BigIntegerField(_("refunds"))
    lines = models.IntegerField(_("lines"))
    ledger_minor = models.BigIntegerField(_("change of the ledger's cash account"))
    fetched_at = models.DateTimeField(_("fetched at"))

    class Meta:
        db_table = "payment_bill"
        verbose_name = _("provider bill")
        verbose_name_plural = _("provider bills")
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="uq_payment_bill_day")]

    def __str__(self) -> str:
        return str(self.day)


class BillLine(models.Model):
    """One payment or refund on a provider's bill, kept so that a later day's reconciliation can look back."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="bill_lines", verbose_name=_("account")
    )
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=8)
    number = models.CharField(_("number"), max_length=64)
    order_number = models.CharField(_("payment number"), max_length=64)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    at = models.DateTimeField(_("at"))

    class Meta:
        db_table = "payment_bill_line"
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        indexes = [models.Index(fields=["account", "day"], name="ix_payment_bill_line_day")]
        constraints = [
            models.UniqueConstraint(fields=["account", "kind", "number"], name="uq_payment_bill_line"),
            models.CheckConstraint(
                condition=Q(kind__in=["payment", "refund"]), name="ck_payment_bill_line_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Break(models.Model):
    """A difference between us, the provider's bill and the ledger: named, aged, closed only when it is
    gone.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    account = models.ForeignKey(
        ProviderAccount, models.PROTECT, related_name="breaks", verbose_name=_("account")
    )
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=32)
    number = models.CharField(_("number"), max_length=64)
    ours_minor = models.BigIntegerField(_("ours"))
    theirs_minor = models.BigIntegerField(_("theirs"))
    opened_at = models.DateTimeField(_("opened at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        db_table = "payment_break"
        verbose_name = _("reconciliation break")
        verbose_name_plural = _("reconciliation breaks")
        indexes = [
            models.Index(
                fields=["opened_at"], name="ix_payment_break_open", condition=Q(closed_at__isnull=True)
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(BREAK_KINDS)), name="ck_payment_break_kind"),
            models.UniqueConstraint(fields=["account", "kind", "number"], name="uq_payment_break"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"
