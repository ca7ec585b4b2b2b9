"""Rows of the shops: a shop, its tiers for sub-shops, its listing rules with history, overrides, bundles.

Listing a category, a scene or everything is one ``ListingRule`` row. A rule row never changes: it holds from
the change ``since_no`` until the change ``until_no`` of its shop, so that any change can be undone and
explained.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from kamao.business.catalog.models import Sku, in_language
from kamao.business.identity.models import Organisation
from kamao.business.shops.models_purchase import Attempt, RestockWish, ShopPurchase
from kamao.kernel.ids import new_uuid7

__all__ = [
    "Attempt",
    "Bundle",
    "BundleItem",
    "ListingChange",
    "ListingOverride",
    "ListingRule",
    "RestockWish",
    "Rounding",
    "Scope",
    "Shop",
    "ShopPurchase",
    "ShopTier",
]


class Shop(models.Model):
    """A merchant's shop of one mode. A sub-shop has a parent and a tier that its parent gave it."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="shops", verbose_name=_("merchant")
    )
    cell = models.SmallIntegerField(_("mode"), default=0)
    slug = models.SlugField(_("address"), max_length=48, unique=True)
    name = models.CharField(_("name"), max_length=80)
    intro = models.CharField(_("introduction"), max_length=200, blank=True)
    notice = models.TextField(_("notice"), blank=True)
    contact = models.CharField(_("customer service"), max_length=120, blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#d9480f")
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    open = models.BooleanField(_("open"), default=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="sub_shops", null=True, blank=True, verbose_name=_("parent shop")
    )
    tier = models.ForeignKey(
        "ShopTier", models.PROTECT, related_name="shops", null=True, blank=True, verbose_name=_("tier")
    )
    change_no = models.IntegerField(_("rules version"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        constraints = [
            models.CheckConstraint(condition=Q(cell__in=[0, 1]), name="ck_shops_shop_cell"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True, tier__isnull=True)
                | Q(parent__isnull=False, tier__isnull=False),
                name="ck_shops_shop_tier_with_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ShopTier(models.Model):
    """A tier that a shop sells to its sub-shops at; a rule may mark it up differently."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="tiers")
    name = models.CharField(_("name"), max_length=48)
    discount_per_mille = models.IntegerField(_("share of the margin given (‰)"), default=500)
    """Where a rule says nothing for the tier: this share of the shop's own margin goes to the sub-shop."""

    class Meta:
        verbose_name = _("sub-shop tier")
        verbose_name_plural = _("sub-shop tiers")
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], name="uq_shops_shoptier_shop_name"),
            models.CheckConstraint(
                condition=Q(discount_per_mille__gte=0) & Q(discount_per_mille__lte=1000),
                name="ck_shops_shoptier_discount",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ListingChange(models.Model):
    """One change of a shop's rules: the versions that undo goes back through."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="changes")
    number = models.IntegerField(_("version"))
    act = models.CharField(
        _("act"), max_length=8,
        choices=[("add", _("added")), ("edit", _("edited")), ("remove", _("removed")), ("undo", _("undone"))],
    )  # fmt: skip
    undoes_no = models.IntegerField(null=True)
    user_id = models.UUIDField(null=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of listing rules")
        verbose_name_plural = _("changes of listing rules")
        constraints = [
            models.UniqueConstraint(fields=["shop", "number"], name="uq_shops_listingchange_number")
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} #{self.number} {self.act}"


class Scope(models.TextChoices):
    """What a rule speaks of."""

    EVERYTHING = "everything", _("everything")
    CATEGORY = "category", _("category")
    SCENE = "scene", _("scene")
    SUPPLIER = "supplier", _("supplier")
    BRAND = "brand", _("brand")
    SKU = "sku", _("SKU")


class Rounding(models.TextChoices):
    """How a retail price is rounded; always up, so that rounding never eats the margin."""

    NONE = "none", _("to the fen")
    TENTH = "tenth", _("to 0.1")
    INTEGER = "integer", _("to a whole yuan")
    END_9 = "end_9", _("to end in .9")
    END_99 = "end_99", _("to end in .99")
    END_88 = "end_88", _("to end in .88")
    FIVE = "five", _("to a multiple of 5")


class ListingRule(models.Model):
    """One rule: what it lists (or keeps out) and how its retail prices come from cost."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="rules")
    key = models.UUIDField(default=new_uuid7)
    """Stays the same through edits and undo; what the API calls the listing rule's id."""
    since_no = models.IntegerField()
    until_no = models.IntegerField(null=True)
    lists = models.BooleanField(_("lists"), default=True)
    """False: the rule keeps its scope out of the shop."""
    scope = models.CharField(_("scope"), max_length=12, choices=Scope)
    scope_id = models.UUIDField(_("of"), null=True)
    markup_per_mille = models.IntegerField(_("markup ‰"), default=0)
    markup_e4 = models.BigIntegerField(_("fixed markup (1/10 000)"), default=0)
    tier_markups = models.JSONField(_("markups per tier"), default=dict)
    rounding = models.CharField(_("rounding"), max_length=8, choices=Rounding, default=Rounding.NONE)
    floor_e4 = models.BigIntegerField(_("floor"), null=True)
    ceiling_e4 = models.BigIntegerField(_("ceiling"), null=True)
    official_ceiling_per_mille = models.IntegerField(_("at most ‰ of the official price"), null=True)
    channel_limits = models.JSONField(_("limits per sales channel"), default=dict)
    closed_hours = ArrayField(models.CharField(max_length=11), verbose_name=_("closed hours"), default=list)
    follows_new = models.BooleanField(_("lists new goods too"), default=True)
    goods_until = models.DateTimeField(_("goods until"))
    """Without ``follows_new`` the rule holds for SKUs made until then."""
    valid_from = models.DateTimeField(_("valid from"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)

    class Meta:
        verbose_name = _("listing rule")
        verbose_name_plural = _("listing rules")
        indexes = [models.Index(fields=["shop", "until_no"], name="ix_shops_listingrule_shop")]
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "key"], name="uq_shops_listingrule_open", condition=Q(until_no__isnull=True)
            ),
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="ck_shops_listingrule_scope"),
            models.CheckConstraint(
                condition=Q(scope="everything", scope_id__isnull=True)
                | (~Q(scope="everything") & Q(scope_id__isnull=False)),
                name="ck_shops_listingrule_scope_id",
            ),
            models.CheckConstraint(
                condition=Q(floor_e4__isnull=True)
                | Q(ceiling_e4__isnull=True)
                | Q(ceiling_e4__gte=F("floor_e4")),
                name="ck_shops_listingrule_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} +{self.markup_per_mille}‰"


class ListingOverride(models.Model):
    """What a merchant decided for one SKU against the rules."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="overrides")
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+")
    price_e4 = models.BigIntegerField(_("price"), null=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    hidden = models.BooleanField(_("hidden"), default=False)
    position = models.IntegerField(_("position"), null=True)
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("listing override")
        verbose_name_plural = _("listing overrides")
        constraints = [
            models.UniqueConstraint(fields=["shop", "sku"], name="uq_shops_listingoverride_shop_sku"),
            models.CheckConstraint(
                condition=Q(price_e4__isnull=True) | Q(price_e4__gte=0), name="ck_shops_listingoverride_price"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.sku_id}"


class Bundle(models.Model):
    """Several SKUs sold as one, at the sum of their retail prices less a discount, or at a fixed price."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="bundles")
    slug = models.SlugField(_("address"), max_length=64)
    name_zh = models.CharField(_("name (Chinese)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120, blank=True)
    intro = models.CharField(_("introduction"), max_length=200, blank=True)
    price_e4 = models.BigIntegerField(_("fixed price"), null=True)
    discount_per_mille = models.IntegerField(_("discount ‰"), default=0)
    open = models.BooleanField(_("on sale"), default=True)
    position = models.IntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("bundle")
        verbose_name_plural = _("bundles")
        ordering = ["position", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "slug"], name="uq_shops_bundle_shop_slug"),
            models.CheckConstraint(
                condition=Q(discount_per_mille__gte=0) & Q(discount_per_mille__lt=1000),
                name="ck_shops_bundle_discount",
            ),
        ]

    def __str__(self) -> str:
        return in_language(self.name_zh, self.name_en)


class BundleItem(models.Model):
    """One SKU of a bundle, with its quantity."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    bundle = models.ForeignKey(Bundle, models.CASCADE, related_name="items")
    sku = models.ForeignKey(Sku, models.PROTECT, related_name="+")
    quantity = models.IntegerField(_("quantity"), default=1)
    position = models.IntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("part of a bundle")
        verbose_name_plural = _("parts of a bundle")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "sku"], name="uq_shops_bundleitem_bundle_sku"),
            models.CheckConstraint(
                condition=Q(quantity__gte=1) & Q(quantity__lte=1000), name="ck_shops_bundleitem_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id} × {self.quantity}"
