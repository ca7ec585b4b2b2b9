"""Forms of the listing pages: a rule as a merchant thinks of it (percent and yuan), an override, a new
shop.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kamao.business.catalog.models import Brand, Category, Scene, in_language
from kamao.business.identity.models import Organisation
from kamao.business.shops.listing_rules import RuleDraft
from kamao.business.shops.models import ListingRule, Rounding, Shop, ShopTier
from kamao.business.shops.terms import Limits, TierMarkup
from kamao.kernel.money import E4

_BRANDS_MAX: Final = 200
_CHANNEL_ROWS: Final = 2
CHANNELS: Final = (
    ("shop", gettext_lazy("hosted shop")),
    ("taobao", gettext_lazy("Taobao")),
    ("tmall", gettext_lazy("Tmall")),
    ("pdd", gettext_lazy("Pinduoduo")),
    ("jd", gettext_lazy("JD.com")),
    ("douyin", gettext_lazy("Douyin")),
    ("xianyu", gettext_lazy("Xianyu")),
    ("wechat_shop", gettext_lazy("WeChat shop")),
    ("counter", gettext_lazy("counter")),
    ("other", gettext_lazy("other")),
)


def e4_of(value: Decimal | None) -> int | None:
    """Return a price in yuan as 1/10 000 of it."""
    return None if value is None else int(value * E4)


def yuan_of(value: int | None) -> Decimal | None:
    """Return 1/10 000 of a yuan as yuan, without needless zeros."""
    if value is None:
        return None
    number = Decimal(value) / E4
    return number.quantize(Decimal("0.01")) if value % 100 == 0 else number


def _price(label: Any, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=Decimal(0), max_digits=11, decimal_places=4,
        widget=forms.NumberInput(attrs={"step": "any", "min": "0", "inputmode": "decimal"}), **more,
    )  # fmt: skip


def _percent(label: Any, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        max_digits=6,
        decimal_places=1,
        min_value=Decimal("-99.9"),
        max_value=Decimal(10_000),
        widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal"}),
        **more,
    )


class RuleForm(forms.Form):
    """A listing rule. ``draft()`` is what it says, once valid."""

    scope = forms.ChoiceField(label=gettext_lazy("What"))
    effect = forms.ChoiceField(
        label=gettext_lazy("Effect"), initial="list",
        choices=[("list", gettext_lazy("list it")), ("hide", gettext_lazy("keep it out"))],
    )  # fmt: skip
    markup = _percent(gettext_lazy("Markup %"), initial=Decimal(3))
    plus = forms.DecimalField(
        label=gettext_lazy("plus yuan"), required=False, max_digits=11, decimal_places=4,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )  # fmt: skip
    rounding = forms.ChoiceField(label=gettext_lazy("Round up"), choices=Rounding.choices)
    floor = _price(gettext_lazy("Never below (yuan)"))
    ceiling = _price(gettext_lazy("Never above (yuan)"))
    official = _percent(gettext_lazy("At most % of the official price"))
    closed = forms.CharField(
        label=gettext_lazy("Not sold at these hours"), required=False, max_length=120,
        help_text=gettext_lazy("For example 23:00-07:00; several with blanks between."),
    )  # fmt: skip
    follows = forms.BooleanField(
        label=gettext_lazy("List new goods of this kind by themselves"), required=False, initial=True
    )
    begins = forms.DateTimeField(
        label=gettext_lazy("Valid from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    ends = forms.DateTimeField(
        label=gettext_lazy("Valid until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, shop: Shop, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope: Any = self.fields["scope"]
        scope.choices = scope_choices()
        self._tiers = list(ShopTier.objects.filter(shop=shop).order_by("name"))
        for row in range(_CHANNEL_ROWS):
            self.fields[f"channel_{row}"] = forms.ChoiceField(
                label=_("Sales channel"), required=False, choices=[("", "–"), *CHANNELS]
            )
            self.fields[f"channel_floor_{row}"] = _price(_("at least (yuan)"))
            self.fields[f"channel_ceiling_{row}"] = _price(_("at most (yuan)"))
        for tier in self._tiers:
            self.fields[f"tier_{tier.id.hex}"] = _percent(
                _("Markup in percent for sub-shops of tier %(tier)s") % {"tier": tier.name}
            )

    @property
    def main_fields(self) -> list[Any]:
        """The fields that everyone sets."""
        return [self[name] for name in ("scope", "effect", "markup", "plus", "rounding")]

    @property
    def more_fields(self) -> list[Any]:
        """The fields behind "more"."""
        names = ("floor", "ceiling", "official", "closed", "begins", "ends", "follows")
        return [self[name] for name in names] + [self[f"tier_{tier.id.hex}"] for tier in self._tiers]

    @property
    def channel_rows(self) -> list[list[Any]]:
        """Channel, floor and ceiling, row by row."""
        return [
            [self[f"channel_{row}"], self[f"channel_floor_{row}"], self[f"channel_ceiling_{row}"]]
            for row in range(_CHANNEL_ROWS)
        ]

    def draft(self) -> RuleDraft:
        """Return the rule that the form describes."""
        data = self.cleaned_data
        scope, _separator, scope_id = data["scope"].partition(":")
        official = data["official"]
        return RuleDraft(
            scope=scope, scope_id=UUID(scope_id) if scope_id else None, lists=data["effect"] == "list",
            markup_per_mille=int((data["markup"] or 0) * 10), markup_e4=e4_of(data["plus"]) or 0,
            tier_markups={
                tier.id: TierMarkup(per_mille=int(data[f"tier_{tier.id.hex}"] * 10))
                for tier in self._tiers
                if data[f"tier_{tier.id.hex}"] is not None
            },
            rounding=data["rounding"], floor_e4=e4_of(data["floor"]), ceiling_e4=e4_of(data["ceiling"]),
            official_ceiling_per_mille=None if official is None else int(official * 10),
            channel_limits={
                data[f"channel_{row}"]: Limits(
                    e4_of(data[f"channel_floor_{row}"]), e4_of(data[f"channel_ceiling_{row}"])
                )
                for row in range(_CHANNEL_ROWS)
                if data[f"channel_{row}"]
            },
            closed_hours=tuple(data["closed"].replace("，", " ").replace(",", " ").split()),
            follows_new=data["follows"], valid_from=data["begins"], valid_until=data["ends"],
        )  # fmt: skip


def rule_initial(rule: ListingRule) -> dict[str, Any]:
    """Return what the form shows of a stored rule."""
    initial: dict[str, Any] = {
        "scope": f"{rule.scope}:{rule.scope_id}" if rule.scope_id else rule.scope,
        "effect": "list" if rule.lists else "hide",
        "markup": Decimal(rule.markup_per_mille) / 10,
        "plus": yuan_of(rule.markup_e4) if rule.markup_e4 else None,
        "rounding": rule.rounding,
        "floor": yuan_of(rule.floor_e4),
        "ceiling": yuan_of(rule.ceiling_e4),
        "official": None
        if rule.official_ceiling_per_mille is None
        else Decimal(rule.official_ceiling_per_mille) / 10,
        "closed": " ".join(rule.closed_hours),
        "follows": rule.follows_new,
        "begins": rule.valid_from,
        "ends": rule.valid_until,
    }
    for row, (channel, limits) in enumerate(list(rule.channel_limits.items())[:_CHANNEL_ROWS]):
        initial[f"channel_{row}"] = channel
        initial[f"channel_floor_{row}"] = yuan_of(limits["floor_e4"])
        initial[f"channel_ceiling_{row}"] = yuan_of(limits["ceiling_e4"])
    for tier, markup in rule.tier_markups.items():
        initial[f"tier_{UUID(tier).hex}"] = Decimal(markup["per_mille"]) / 10
    return initial


def scope_choices() -> list[tuple[str, Any]]:
    """Return everything a rule can speak of, grouped: all, categories, scenes, brands, suppliers."""
    names = {row.id: in_language(row.name_zh, row.name_en) for row in Category.objects.all()}
    categories = [
        (f"category:{row.id}", " › ".join(names[part] for part in row.path if part in names))
        for row in Category.objects.order_by("position", "slug")
    ]
    scenes = [(f"scene:{row.id}", str(row)) for row in Scene.objects.all()]
    brands = [(f"brand:{row.id}", str(row)) for row in Brand.objects.order_by("id")[:_BRANDS_MAX]]
    suppliers = [
        (f"supplier:{row.id}", row.display_name)
        for row in Organisation.objects.filter(kind="supplier", status="active").order_by("display_name")[
            :_BRANDS_MAX
        ]
    ]
    return [
        ("everything", _("Everything")),
        (_("Category"), categories),
        (_("Scene"), scenes),
        (_("Brand"), brands),
        (_("Supplier"), suppliers),
    ]


class OverrideForm(forms.Form):
    """What a merchant decides for one item."""

    price = _price(gettext_lazy("Price (yuan)"), help_text=gettext_lazy("Empty: by the rule."))
    title = forms.CharField(label=gettext_lazy("Title"), required=False, max_length=120)
    position = forms.IntegerField(
        label=gettext_lazy("Place at the top"), required=False, min_value=0, max_value=99_999,
        help_text=gettext_lazy("1 comes first; empty: by popularity."),
    )  # fmt: skip
    hidden = forms.BooleanField(label=gettext_lazy("Hide from the shop"), required=False)


class OpenShopForm(forms.Form):
    """A new shop."""

    name = forms.CharField(label=gettext_lazy("Name of the shop"), max_length=80)
    slug = forms.CharField(
        label=gettext_lazy("Address"), max_length=48, min_length=3,
        help_text=gettext_lazy("Lower-case letters, digits and hyphens: the shop is found at /s/address/."),
    )  # fmt: skip


class ItemFilterForm(forms.Form):
    """What the list of items is narrowed to."""

    q = forms.CharField(required=False, max_length=64)
    category = forms.UUIDField(required=False)
    after = forms.SlugField(required=False, max_length=96)
    show = forms.ChoiceField(required=False, choices=[("", ""), ("all", "")])
