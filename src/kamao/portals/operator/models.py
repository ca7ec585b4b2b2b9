"""The engine's tables of the live cell as read-only rows for the back office. Owns no table: nothing here is
migrated.

Sealed bytes, wrapped keys and commitments are not mapped, so that no page can show them by mistake.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from kamao.kernel.ids import encode


class EngineRow(models.Model):
    """A row that only the engine writes."""

    class Meta:
        abstract = True


class Account(EngineRow):
    """A ledger account with its balance (without what is not rolled up yet)."""

    id = models.UUIDField(primary_key=True)
    name = models.TextField(_("name"))
    kind = models.TextField(_("kind"))
    owner = models.UUIDField(_("owner"), null=True)
    currency = models.TextField(_("currency"))
    custodian = models.TextField(_("custodian"), null=True)
    floored = models.BooleanField(_("floored"))
    floor_minor = models.BigIntegerField(_("floor"))
    balance = models.BigIntegerField(_("balance"))
    pending = models.BigIntegerField(_("held"))
    entry_no = models.BigIntegerField(_("entries"))
    created_at = models.DateTimeField(_("opened"))

    class Meta:
        managed = False
        db_table = '"cell0"."ledger_account"'
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.name


class Posting(EngineRow):
    """One debit and one credit of the same amount."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField(_("kind"))
    debit = models.UUIDField(_("debit"))
    credit = models.UUIDField(_("credit"))
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    currency = models.TextField(_("currency"))
    order_id = models.UUIDField(_("order"), null=True)
    subject = models.UUIDField(_("subject"), null=True)
    created_at = models.DateTimeField(_("at"))

    class Meta:
        managed = False
        db_table = '"cell0"."ledger_posting"'
        verbose_name = _("posting")
        verbose_name_plural = _("postings")

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor} {self.currency}"


class Order(EngineRow):
    """An order."""

    id = models.UUIDField(primary_key=True)
    merchant = models.UUIDField(_("merchant"))
    reference = models.TextField(_("reference"))
    sku = models.UUIDField(_("SKU"))
    offer = models.UUIDField(_("offer"), null=True)
    quantity = models.IntegerField(_("quantity"))
    unit_price_e4 = models.BigIntegerField(_("unit price (1/10 000)"))
    amount_minor = models.BigIntegerField(_("amount (minor units)"))
    currency = models.TextField(_("currency"))
    state = models.TextField(_("state"))
    captured_minor = models.BigIntegerField(_("captured"))
    refunded_escrow_minor = models.BigIntegerField(_("refunded before settlement"))
    refunded_settled_minor = models.BigIntegerField(_("refunded after settlement"))
    settled_minor = models.BigIntegerField(_("settled"))
    delivered_quantity = models.IntegerField(_("delivered"))
    units_refunded = models.IntegerField(_("units refunded"))
    intake = models.TextField(_("intake"))
    sales_channel = models.TextField(_("sales channel"), null=True)
    channel_order_no = models.TextField(_("channel order"), null=True)
    purchase = models.UUIDField(_("purchase"), null=True)
    message = models.TextField(_("message"), null=True)
    created_at = models.DateTimeField(_("created"))
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    settles_at = models.DateTimeField(_("settles at"), null=True)

    class Meta:
        managed = False
        db_table = '"cell0"."trade_order"'
        verbose_name = _("order")
        verbose_name_plural = _("orders")

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The public number."""
        return encode("ord", self.id)


class Event(EngineRow):
    """A sequenced event."""

    id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField(_("sequence"))
    type = models.TextField(_("type"))
    organisation = models.UUIDField(_("organisation"))
    order_id = models.UUIDField(_("order"), null=True)
    before = models.TextField(_("before"), null=True)
    after = models.TextField(_("after"), null=True)
    actor = models.TextField(_("actor"))
    reason = models.TextField(_("reason"))
    created_at = models.DateTimeField(_("at"))

    class Meta:
        managed = False
        db_table = '"cell0"."trade_event"'
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"


class Lot(EngineRow):
    """One import of codes."""

    id = models.UUIDField(primary_key=True)
    offer = models.UUIDField(_("offer"))
    supplier = models.UUIDField(_("supplier"))
    sku = models.UUIDField(_("SKU"))
    source = models.TextField(_("source"))
    unit_cost_e4 = models.BigIntegerField(_("unit cost (1/10 000)"), null=True)
    state = models.TextField(_("state"))
    created_at = models.DateTimeField(_("imported"))

    class Meta:
        managed = False
        db_table = '"cell0"."stock_lot"'
        verbose_name = _("lot")
        verbose_name_plural = _("lots")

    def __str__(self) -> str:
        return encode("lot", self.id)


class Code(EngineRow):
    """A code: where it is, never what it is."""

    id = models.UUIDField(primary_key=True)
    offer = models.UUIDField(_("offer"))
    lot = models.UUIDField(_("lot"))
    holder = models.UUIDField(_("holder"), null=True)
    state = models.TextField(_("state"))

    class Meta:
        managed = False
        db_table = '"cell0"."stock_code"'
        verbose_name = _("code")
        verbose_name_plural = _("codes")

    def __str__(self) -> str:
        return encode("itm", self.id)


class Reveal(EngineRow):
    """Who saw a code, when and why."""

    id = models.UUIDField(primary_key=True)
    code = models.UUIDField(_("code"))
    order_id = models.UUIDField(_("order"), null=True)
    actor = models.TextField(_("actor"))
    reason = models.TextField(_("reason"))
    created_at = models.DateTimeField(_("at"))

    class Meta:
        managed = False
        db_table = '"cell0"."stock_reveal"'
        verbose_name = _("reveal")
        verbose_name_plural = _("reveals")

    def __str__(self) -> str:
        return f"{self.actor} {self.code}"


class EngineSku(EngineRow):
    """A SKU as the engine knows it."""

    id = models.UUIDField(primary_key=True)
    code = models.TextField(_("code"))
    kind = models.TextField(_("kind"))
    currency = models.TextField(_("currency"))
    official_price_e4 = models.BigIntegerField(_("official price (1/10 000)"), null=True)
    status = models.TextField(_("status"))
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        managed = False
        db_table = '"ref_live"."pricing_sku"'
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")

    def __str__(self) -> str:
        return self.code


class Offer(EngineRow):
    """A supplier's offer."""

    id = models.UUIDField(primary_key=True)
    supplier = models.UUIDField(_("supplier"))
    sku = models.ForeignKey(EngineSku, models.DO_NOTHING, db_column="sku", verbose_name=_("SKU"))
    fulfilment = models.TextField(_("fulfilment"))
    sale_model = models.TextField(_("sale model"))
    currency = models.TextField(_("currency"))
    status = models.TextField(_("status"))
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        managed = False
        db_table = '"ref_live"."pricing_offer"'
        verbose_name = _("offer")
        verbose_name_plural = _("offers")

    def __str__(self) -> str:
        return encode("ofr", self.id)
