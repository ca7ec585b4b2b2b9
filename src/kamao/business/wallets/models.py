"""The table of announced top-ups. Rows are decided once; `operations` writes them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from kamao.business.identity.models import Organisation
from kamao.kernel.ids import new_uuid7


class TopupState(models.TextChoices):
    """What became of an announcement."""

    PENDING = "pending", _("waiting for the money")
    BOOKED = "booked", _("booked")
    DECLINED = "declined", _("declined")


class Topup(models.Model):
    """Money that a merchant says it has sent to the operator's bank; `bank_reference` names the transfer."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="topups")
    cell = models.SmallIntegerField(_("mode"))
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    currency = models.CharField(_("currency"), max_length=3)
    bank_reference = models.CharField(_("bank reference"), max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=TopupState, default=TopupState.PENDING)
    posting_id = models.UUIDField(_("posting"), null=True)
    created_at = models.DateTimeField(_("announced at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)

    class Meta:
        verbose_name = _("announced top-up")
        verbose_name_plural = _("announced top-ups")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="ck_wallets_topup_amount"),
            models.UniqueConstraint(
                fields=["organisation", "cell", "bank_reference"], name="uq_wallets_topup_reference"
            ),
            models.CheckConstraint(
                condition=models.Q(state="pending", decided_at__isnull=True)
                | models.Q(state__in=["booked", "declined"], decided_at__isnull=False),
                name="ck_wallets_topup_decided",
            ),
        ]
        indexes = [models.Index(fields=["organisation", "cell", "-id"], name="ix_wallets_topup_own")]

    def __str__(self) -> str:
        return f"{self.bank_reference}: {self.amount_minor} {self.currency}"
