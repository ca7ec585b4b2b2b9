"""Rows of compliance. Owns their shape and constraints; the module named after each concern writes them.

Refuses personal data in the clear: subjects are 32-byte keyed hashes, codes are keyed hashes, messages are
sealed.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kamao.kernel.ids import new_uuid7


class RuleSetting(models.Model):
    """The operator's choice for one rule from a moment on. Only added to: the history says who set what
    when.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    rule = models.CharField(_("rule"), max_length=32)
    is_enabled = models.BooleanField(_("in force"), default=True)
    params = models.JSONField(_("numbers"), default=dict, blank=True)
    effective_from = models.DateTimeField(_("from"))
    author = models.CharField(_("set by"), max_length=120)
    reason = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(_("set at"))

    class Meta:
        db_table = "compliance_rule_setting"
        verbose_name = _("rule setting")
        verbose_name_plural = _("rule settings")
        constraints = [
            models.UniqueConstraint(fields=["rule", "effective_from"], name="uq_compliance_rule_setting")
        ]

    def __str__(self) -> str:
        return self.rule


class DecisionRecord(models.Model):
    """One decision about a purchase or a subject: which rule, what followed. Ids and hashes only; only
    added to.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    rule = models.CharField(_("rule"), max_length=32)
    action = models.CharField(_("action"), max_length=16)
    subject_kind = models.CharField(_("about"), max_length=16, blank=True)
    subject_key = models.BinaryField(null=True)
    merchant_id = models.UUIDField(_("merchant"), null=True)
    reference = models.UUIDField(_("purchase"), null=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        db_table = "compliance_decision"
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        indexes = [
            models.Index(fields=["rule", "at"], name="ix_compliance_decision_rule"),
            models.Index(
                fields=["reference"], name="ix_compliance_decision_ref", condition=Q(reference__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.action}"


class Counter(models.Model):
    """How much a subject has used of a limit in one window; raised by one conditional upsert."""

    key = models.BinaryField(primary_key=True)
    units = models.BigIntegerField()
    amount_minor = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "compliance_counter"
        indexes = [models.Index(fields=["expires_at"], name="ix_compliance_counter_expiry")]
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gte=0, amount_minor__gte=0), name="ck_compliance_counter_sign"
            )
        ]

    def __str__(self) -> str:
        return bytes(self.key).hex()[:8]


class CounterUse(models.Model):
    """What one purchase took of one counter, so that it can be given back exactly once."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    reference = models.UUIDField()
    counter = models.BinaryField()
    units = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "compliance_counter_use"
        indexes = [models.Index(fields=["expires_at"], name="ix_compliance_use_expiry")]
        constraints = [
            models.UniqueConstraint(fields=["reference", "counter"], name="uq_compliance_counter_use")
        ]

    def __str__(self) -> str:
        return str(self.reference)


class BlockEntry(models.Model):
    """A contact, address, device or target that may not buy: everywhere (no organisation) or in one
    merchant's shops.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation_id = models.UUIDField(_("organisation"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=8)
    subject_key = models.BinaryField()
    hint = models.CharField(_("masked"), max_length=40)
    reason = models.CharField(_("reason"), max_length=200)
    author = models.CharField(_("set by"), max_length=120)
    created_at = models.DateTimeField(_("set at"))
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.CharField(_("lifted by"), max_length=120, blank=True)

    class Meta:
        db_table = "compliance_block"
        verbose_name = _("block list entry")
        verbose_name_plural = _("block list")
        indexes = [
            models.Index(
                fields=["subject_key"], name="ix_compliance_block_key", condition=Q(lifted_at__isnull=True)
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["contact", "address", "device", "target"]),
                name="ck_compliance_block_kind",
            )
        ]

    def __str__(self) -> str:
        return self.hint


class Challenge(models.Model):
    """A picture with a question, answered at most once; the answer is sealed because the picture is drawn
    from it.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    purpose = models.CharField(max_length=16)
    answer_sealed = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    is_solved = models.BooleanField(default=False)

    class Meta:
        db_table = "compliance_challenge"
        indexes = [models.Index(fields=["expires_at"], name="ix_compliance_challenge_expiry")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_solved=False) | Q(tried_at__isnull=False), name="ck_compliance_challenge_tried"
            )
        ]

    def __str__(self) -> str:
        return self.purpose


class PhoneCode(models.Model):
    """A code sent to a phone: keyed hashes of phone and code, few tries, a short life, one use."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    purpose = models.CharField(max_length=16)
    phone_key = models.BinaryField()
    code_key = models.BinaryField()
    tries_left = models.SmallIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "compliance_phone_code"
        indexes = [models.Index(fields=["expires_at"], name="ix_compliance_phone_expiry")]
        constraints = [
            models.CheckConstraint(condition=Q(tries_left__gte=0), name="ck_compliance_phone_tries"),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(verified_at__isnull=False),
                name="ck_compliance_phone_used",
            ),
        ]

    def __str__(self) -> str:
        return self.purpose


class SandboxMessage(models.Model):
    """A text message that the sandbox SMS twin "sent": shown in the demo, sealed at rest, kept for a day."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    hint = models.CharField(max_length=40)
    reference = models.UUIDField(null=True)
    text_sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "compliance_sandbox_message"
        indexes = [
            models.Index(fields=["created_at"], name="ix_compliance_message_at"),
            models.Index(fields=["reference"], name="ix_compliance_message_ref"),
        ]

    def __str__(self) -> str:
        return self.hint
