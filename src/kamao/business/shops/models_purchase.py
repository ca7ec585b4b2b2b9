"""Rows of buying in a shop: what a buyer saw when ordering, limits of attempts, wishes for goods that are
sold out.

Refuses money and states (the engine's), contacts in the clear (sealed, with a keyed fingerprint beside) and
codes.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from kamao.kernel.ids import new_uuid7


class ShopPurchase(models.Model):
    """The shop's side of one purchase; its id is the engine's purchase id.

    ``lines`` is the snapshot of what was promised, one entry per order in the engine's order: see
    ``snapshots.Line``.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    shop = models.ForeignKey("shops.Shop", models.PROTECT, related_name="purchases", verbose_name=_("shop"))
    cell = models.SmallIntegerField(_("mode"))
    reference = models.CharField(_("reference"), max_length=64)
    contact_key = models.BinaryField(max_length=32)
    contact_sealed = models.BinaryField(null=True)
    password_key = models.BinaryField(max_length=32)
    device_key = models.BinaryField(max_length=32, null=True)
    language = models.CharField(max_length=8)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    lines = models.JSONField(_("what was promised"))
    identity_evidence = models.JSONField(_("identity step"), default=dict)
    order_ids = models.JSONField(default=list)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("to be paid until"))

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints = [
            models.UniqueConstraint(fields=["shop", "reference"], name="uq_shops_shoppurchase_reference"),
        ]
        indexes = [
            models.Index(fields=["shop", "contact_key", "created_at"], name="ix_shops_purchase_contact"),
            GinIndex(fields=["order_ids"], name="ix_shops_purchase_orders"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class RestockWish(models.Model):
    """Somebody wants to hear when a sold-out SKU is back (到货提醒). One wish per shop, SKU and contact."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    shop = models.ForeignKey(
        "shops.Shop", models.CASCADE, related_name="restock_wishes", verbose_name=_("shop")
    )
    sku = models.ForeignKey("catalog.Sku", models.CASCADE, related_name="+")
    contact_key = models.BinaryField(max_length=32)
    contact_sealed = models.BinaryField()
    language = models.CharField(max_length=8)
    created_at = models.DateTimeField(_("created"))
    told_at = models.DateTimeField(_("told"), null=True)

    class Meta:
        verbose_name = _("restock wish")
        verbose_name_plural = _("restock wishes")
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "sku", "contact_key"], name="uq_shops_restockwish_contact"
            ),
        ]
        indexes = [
            models.Index(
                fields=["sku"], name="ix_shops_restockwish_open", condition=models.Q(told_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}"


class Attempt(models.Model):
    """How often a key was tried within a window; written by one upsert (``attempts``)."""

    pk = models.CompositePrimaryKey("key", "window_start")
    key = models.BinaryField(max_length=32)
    window_start = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        indexes = [models.Index(fields=["window_start"], name="ix_shops_attempt_window")]

    def __str__(self) -> str:
        return str(self.window_start)
