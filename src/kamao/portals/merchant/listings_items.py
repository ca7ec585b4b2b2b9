"""Items of a shop: every listed item with its state and price, goods that could be listed, one item with its
reasons.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from kamao.business.catalog.filters import SkuFilter
from kamao.business.catalog.models import Category, in_language
from kamao.business.identity.permissions import Permission
from kamao.business.shops.goods import read_goods_by_code
from kamao.business.shops.items import shop_items
from kamao.business.shops.models import ListingOverride, Shop
from kamao.business.shops.operations import Override, put_overrides
from kamao.business.shops.pages import shop_listings
from kamao.business.shops.resolving import STATES, Listing
from kamao.kernel.errors import Refusal
from kamao.portals.accounts.acting import actor_of, message_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page, say
from kamao.portals.kit.refusals import language
from kamao.portals.merchant.frame import KIND, merchant_page
from kamao.portals.merchant.listings import describe, frame, own_shop_by_slug
from kamao.portals.merchant.listings_forms import ItemFilterForm, OverrideForm, e4_of, yuan_of


def line_of(listing: Listing) -> dict[str, Any]:
    """Return an item for a table: names and state in the reader's language, margin worked out."""
    zh, en = STATES[listing.state]
    retail = listing.retail
    margin = retail.unit_price_e4 - listing.cost_e4 if retail and listing.cost_e4 is not None else None
    return {
        "listing": listing,
        "code": listing.goods.code,
        "name": listing.title or listing.goods.name(language()),
        "currency": listing.goods.currency,
        "cost_e4": listing.cost_e4,
        "price_e4": retail.unit_price_e4 if retail else None,
        "margin_e4": margin,
        "loses": margin is not None and margin < 0,
        "limited": retail.limited if retail else False,
        "official_e4": listing.goods.official_price_e4,
        "state": in_language(zh, en),
        "on_sale": listing.on_sale,
        "not_listed": listing.state == "not_listed",
    }


@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def items(request: ConsoleRequest, slug: str) -> HttpResponse:
    """List items with price, cost, profit and state; or, to choose from, everything that is supplied."""
    shop = own_shop_by_slug(request, slug)
    form = ItemFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    everything = wanted.get("show") == "all"
    found = shop_items(
        shop,
        at=timezone.now(),
        filters=SkuFilter(category_id=wanted.get("category")),
        query=wanted.get("q", ""),
        after=wanted.get("after", ""),
        listed=not everything,
    )
    context = {
        **frame(request, shop),
        "lines": [line_of(listing) for listing in found.items],
        "after": found.next_after,
        "everything": everything,
        "categories": Category.objects.order_by("position", "slug"),
        "category": wanted.get("category"),
        "is_filtered": bool(wanted.get("q") or wanted.get("category")),
        "page_help": _("Every item says why it is on sale or not. Open one for the reasons of its price."),
    }
    return merchant_page(request, "merchant/listings/items.html", context)


def _one(shop: Shop, code: str) -> Listing:
    goods = read_goods_by_code([code]).get(code)
    if goods is None:
        raise Refusal("listing_not_found")
    return shop_listings(shop, [goods.id], at=timezone.now())[0]


@console_page(KIND, permission=Permission.LISTINGS_MANAGE)
def item(request: ConsoleRequest, slug: str, code: str) -> HttpResponse:
    """Show one item with the steps of its price, and decide about it alone."""
    shop = own_shop_by_slug(request, slug)
    listing = _one(shop, code)
    stored = ListingOverride.objects.filter(shop=shop, sku=listing.goods.id).first()
    initial = (
        {
            "price": yuan_of(stored.price_e4),
            "title": stored.title,
            "position": stored.position,
            "hidden": stored.hidden,
        }
        if stored
        else {}
    )
    form = OverrideForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        override = Override(
            sku=listing.goods.id, price_e4=e4_of(data["price"]), title=data["title"], hidden=data["hidden"],
            position=data["position"],
        )  # fmt: skip
        try:
            put_overrides(shop, [override], actor=actor_of(request), at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, message_of(refusal))
        else:
            say(request, _("Saved. The shop shows it at once."))
            return HttpResponseRedirect(reverse("merchant:listing_item", args=[shop.slug, code]))
    rule = next(
        (
            row
            for row in shop.rules.filter(until_no__isnull=True)
            if listing.rule and row.key == listing.rule.key
        ),
        None,
    )
    steps = listing.retail.steps if listing.retail else ()
    context = {
        **frame(request, shop),
        "line": line_of(listing),
        "steps": [{"words": in_language(step.zh, step.en), "price_e4": step.unit_price_e4} for step in steps],
        "rule_line": describe([rule])[0] if rule else None,
        "form": form,
        "page_help": _("The price is worked out from your cost, step by step, whenever somebody looks."),
    }
    return merchant_page(request, "merchant/listings/item.html", context)
