"""Rows of the standard library. One library serves both modes; the engine gets a copy of what it needs.

Refuses prices of offers and levels (the engine's) and anything a single shop decides (``shops``).
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kamao.kernel.ids import new_uuid7


def in_language(zh: str, en: str) -> str:
    """Return the text of the active language, the other one if it is empty."""
    return (zh or en) if (get_language() or "zh").startswith("zh") else (en or zh)


class Kind(models.TextChoices):
    """How a SKU reaches the buyer; the values are the API's."""

    CODE = "code", _("code")
    TOPUP = "topup", _("top-up")
    VOUCHER = "voucher", _("voucher")
    LICENCE = "licence", _("licence")
    COURSE = "course", _("course")
    COLLECTIBLE = "collectible", _("collectible")
    PARCEL = "parcel", _("parcel")
    MANUAL = "manual", _("by hand")


class Instrument(models.TextChoices):
    """What the law may see in a SKU; compliance rules select by it."""

    NONE = "none", _("none")
    DIRECT_TOPUP = "direct_topup", _("direct top-up")
    ONE_OFF_VOUCHER = "one_off_voucher", _("one-off voucher")
    SINGLE_PURPOSE = "single_purpose", _("single-purpose prepaid card")
    MULTI_PURPOSE = "multi_purpose", _("multi-purpose prepaid card")
    GAME_CURRENCY = "game_currency", _("game currency")
    ESIM = "esim", _("eSIM or data plan")
    COLLECTIBLE = "collectible", _("digital collectible")
    SOFTWARE_KEY = "software_key", _("software key")
    MEMBERSHIP = "membership", _("membership")


class Status(models.TextChoices):
    """Whether something is offered; the engine's words."""

    ACTIVE = "active", _("active")
    HIDDEN = "hidden", _("hidden")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Promise(models.IntegerChoices):
    """Promise classes, in seconds from payment to delivery."""

    INSTANT = 0, _("instant")
    TEN_MINUTES = 600, _("within 10 minutes")
    DAY = 86_400, _("within 24 hours")
    THREE_DAYS = 259_200, _("within 72 hours")


class Category(models.Model):
    """A node of the category tree. ``path`` holds the ids from the root to this node."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=64)
    name_en = models.CharField(_("name (English)"), max_length=96, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, related_name="children", null=True, blank=True)
    path = ArrayField(models.UUIDField(), verbose_name=_("path"), editable=False)
    position = models.IntegerField(_("position"), default=0)
    colour = models.CharField(_("colour"), max_length=7, default="#4f6d8f")

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "slug"]
        indexes = [GinIndex(fields=["path"], name="ix_catalog_category_path")]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class Brand(models.Model):
    """A brand. ``authorised_only``: its goods sell only under a valid authorisation chain."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=96)
    name_en = models.CharField(_("name (English)"), max_length=96, blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#4f6d8f")
    authorised_only = models.BooleanField(_("authorised sellers only"), default=False)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["slug"]
        constraints = [models.UniqueConstraint(fields=["name_zh"], name="uq_catalog_brand_name_zh")]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class Scene(models.Model):
    """A themed collection that products are tagged with."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=64)
    name_en = models.CharField(_("name (English)"), max_length=96, blank=True)
    position = models.IntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("scene")
        verbose_name_plural = _("scenes")
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class TopupForm(models.Model):
    """A top-up form template: data for ``topup.parse_form``."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=64)
    name_en = models.CharField(_("name (English)"), max_length=96)
    fields = models.JSONField(_("fields"))

    class Meta:
        verbose_name = _("top-up form")
        verbose_name_plural = _("top-up forms")
        ordering = ["slug"]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class AfterSalesTemplate(models.Model):
    """After-sales terms: one line per reason (window, evidence, burden of proof, remedy order)."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=64)
    name_en = models.CharField(_("name (English)"), max_length=96)
    lines = models.JSONField(_("lines"))

    class Meta:
        verbose_name = _("after-sales template")
        verbose_name_plural = _("after-sales templates")
        ordering = ["slug"]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class Product(models.Model):
    """A standard product (SPU); what is sold are its SKUs."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    slug = models.SlugField(_("slug"), max_length=96, unique=True)
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="products", verbose_name=_("category")
    )
    brand = models.ForeignKey(
        Brand, models.PROTECT, related_name="products", null=True, blank=True, verbose_name=_("brand")
    )
    name_zh = models.CharField(_("name (Chinese)"), max_length=160)
    name_en = models.CharField(_("name (English)"), max_length=160, blank=True)
    scenes = models.ManyToManyField(Scene, related_name="products", blank=True, verbose_name=_("scenes"))
    aliases = ArrayField(
        models.CharField(max_length=160), verbose_name=_("aliases"), default=list, blank=True
    )
    description_zh = models.TextField(_("description (Chinese)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    picture = models.URLField(_("picture"), blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "name_zh"], name="uq_catalog_product_brand_name_zh", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class ProductRedirect(models.Model):
    """Where a merged or split product's old address leads; kept for ever, so that old links open."""

    slug = models.SlugField(_("old slug"), max_length=96, primary_key=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="redirects", verbose_name=_("leads to"))
    reason = models.CharField(
        _("reason"), max_length=12, choices=[("merge", _("merge")), ("split", _("split"))]
    )
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("product redirect")
        verbose_name_plural = _("product redirects")

    def __str__(self) -> str:
        return f"{self.slug} → {self.product_id}"


class Sku(models.Model):
    """A sellable variant.

    The face value says what the item is worth to its holder and is apart from the official price, which says
    what its issuer asks, with source and date. A ranged SKU (任意充) is sold in units of its face value: the
    quantity is the number of units, ``min_quantity``, ``max_quantity`` and ``multiple`` are 起购, 限购 and 倍数,
    and a unit price is a rate of one unit of face value. Category, scenes and weight repeat the product's,
    for the reads of a shop; ``operations`` keeps them equal.
    """

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    code = models.SlugField(_("SKU code"), max_length=96, unique=True)
    product = models.ForeignKey(Product, models.PROTECT, related_name="skus", verbose_name=_("product"))
    variant_zh = models.CharField(_("variant (Chinese)"), max_length=96, blank=True)
    variant_en = models.CharField(_("variant (English)"), max_length=96, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    instrument = models.CharField(_("instrument"), max_length=16, choices=Instrument, default=Instrument.NONE)
    ranged = models.BooleanField(_("ranged (any amount)"), default=False)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    face_value_e4 = models.BigIntegerField(_("face value (1/10 000)"), null=True, blank=True)
    face_currency = models.CharField(_("face currency"), max_length=3, blank=True)
    duration_days = models.IntegerField(_("duration (days)"), null=True, blank=True)
    region = models.CharField(_("region"), max_length=48, blank=True)
    official_price_e4 = models.BigIntegerField(_("official price (1/10 000)"), null=True, blank=True)
    official_source = models.CharField(_("source of the official price"), max_length=160, blank=True)
    official_on = models.DateField(_("official price as of"), null=True, blank=True)
    min_quantity = models.IntegerField(_("minimum quantity"), default=1)
    max_quantity = models.IntegerField(_("maximum quantity"), default=100)
    multiple = models.IntegerField(_("multiple of"), default=1)
    person_daily_max = models.IntegerField(_("per person and day"), null=True, blank=True)
    contact_daily_max = models.IntegerField(_("per contact and day"), null=True, blank=True)
    target_daily_max = models.IntegerField(_("per target and day"), null=True, blank=True)
    promise_s = models.IntegerField(_("promise"), choices=Promise, default=Promise.INSTANT)
    warranty_days = models.IntegerField(_("warranty (days)"), default=0)
    after_sales = models.ForeignKey(
        AfterSalesTemplate, models.PROTECT, null=True, blank=True, related_name="skus",
        verbose_name=_("after-sales template"),
    )  # fmt: skip
    topup_form = models.ForeignKey(
        TopupForm, models.PROTECT, null=True, blank=True, related_name="skus", verbose_name=_("top-up form")
    )
    target_rules = models.JSONField(_("target rules"), default=dict, blank=True)
    notice_zh = models.TextField(_("buy notice (Chinese)"), blank=True)
    notice_en = models.TextField(_("buy notice (English)"), blank=True)
    howto_zh = models.TextField(_("how to use (Chinese)"), blank=True)
    howto_en = models.TextField(_("how to use (English)"), blank=True)
    redeem_url = models.URLField(_("redeem address"), blank=True)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.ACTIVE)
    category = models.ForeignKey(Category, models.PROTECT, related_name="skus", editable=False)
    scene_ids = ArrayField(models.UUIDField(), default=list, editable=False)
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="skus", null=True, editable=False)
    weight = models.IntegerField(_("popularity"), default=0, db_default=0)
    promise_no = models.IntegerField(default=0, editable=False)
    """Number of the ``SkuPromise`` in force; 0 before the first snapshot."""
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        indexes = [
            models.Index("weight", "id", name="ix_catalog_sku_popular", condition=Q(status="active")),
            models.Index(
                "category", "weight", "id", name="ix_catalog_sku_category", condition=Q(status="active")
            ),
            models.Index("brand", "weight", "id", name="ix_catalog_sku_brand", condition=Q(status="active")),
            GinIndex(fields=["scene_ids"], name="ix_catalog_sku_scenes"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="ck_catalog_sku_kind"),
            models.CheckConstraint(
                condition=Q(min_quantity__gte=1)
                & Q(max_quantity__gte=F("min_quantity"))
                & Q(max_quantity__lte=1000)
                & Q(multiple__gte=1),
                name="ck_catalog_sku_quantities",
            ),
            models.CheckConstraint(
                condition=Q(ranged=False) | Q(face_value_e4__gt=0), name="ck_catalog_sku_ranged_face"
            ),
            models.CheckConstraint(
                condition=Q(official_price_e4__isnull=True) | Q(official_price_e4__gte=0),
                name="ck_catalog_sku_official_price",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class SkuPromise(models.Model):
    """What was promised about a SKU, as it read from a moment on. Never changed: orders name it by id."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="promises")
    number = models.IntegerField(_("number"))
    digest = models.BinaryField(_("SHA-256 of the content"), max_length=32)
    content = models.JSONField(_("content"))
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("SKU promise")
        verbose_name_plural = _("SKU promises")
        constraints = [models.UniqueConstraint(fields=["sku", "number"], name="uq_catalog_skupromise_number")]

    def __str__(self) -> str:
        return f"{self.sku_id} #{self.number}"


class SearchMiss(models.Model):
    """A search that found nothing, per day, place and (hashed) session: the raw material of demand
    signals.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    shop_id = models.UUIDField(_("shop"), null=True)
    query = models.CharField(_("searched for"), max_length=64)
    session_digest = models.BinaryField(max_length=16)
    times = models.IntegerField(_("times"), default=1)

    class Meta:
        verbose_name = _("search without result")
        verbose_name_plural = _("searches without result")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "query", "session_digest", "shop_id"],
                name="uq_catalog_searchmiss_day_query_session_shop", nulls_distinct=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day} {self.query}"
