"""Looking around in a shop: categories, search, suggestions, cards. Refuses nothing but unknown shops."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from kamao.business.catalog.demand import note_miss
from kamao.business.catalog.filters import SkuFilter
from kamao.business.catalog.models import Category, Scene
from kamao.business.catalog.search import normalise_query
from kamao.business.shops.basket import fill_basket
from kamao.business.shops.cart import CartLine
from kamao.business.shops.models import Bundle
from kamao.business.shops.shelf import Card, read_shelf
from kamao.portals.market.art import art_title, colour_for
from kamao.portals.market.looks import promise_text
from kamao.portals.market.parts import bundle_look
from kamao.portals.market.visits import Visit, open_visit


def _card_look(visit: Visit, card: Card) -> dict[str, Any]:
    url = reverse("market:product", args=[visit.shop.slug, card.product_slug])
    return {
        "url": f"{url}?{urlencode({'sku': card.sku})}",
        "name": card.name,
        "detail": card.detail,
        "brand": art_title(card.brand, card.product),
        "colour": colour_for(card.brand_zh, card.colour),
        "price_e4": card.price_e4,
        "currency": card.currency,
        "official_e4": card.official_price_e4,
        "from_price": card.choices > 1,
        "in_stock": card.stock != "none",
        "is_low": card.stock == "low",
        "is_instant": card.promise_s == 0,
        "promise": promise_text(card.promise_s),
    }


@require_GET
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """The shelf: chips, bundles, cards; ``q`` searches, ``category`` and ``scene`` narrow."""
    visit = open_visit(request, slug)
    query = normalise_query(request.GET.get("q", ""))
    categories = list(Category.objects.filter(parent__isnull=True))
    scenes = list(Scene.objects.all())
    category = next((one for one in categories if one.slug == request.GET.get("category")), None)
    scene = next((one for one in scenes if one.slug == request.GET.get("scene")), None)
    filters = SkuFilter(category_id=category.id if category else None, scene_id=scene.id if scene else None)
    shelf = read_shelf(
        visit.shop, at=visit.at, filters=filters, query=query, cursor=request.GET.get("after", "")[:200]
    )
    if query and not shelf.cards and not request.GET.get("after"):
        # What buyers look for in vain tells merchants and suppliers what to offer next.
        note_miss(query, session=visit.device or "", at=visit.at, shop=visit.shop.id)
    kept = {"q": query, "category": category.slug if category else "", "scene": scene.slug if scene else ""}
    following = {key: value for key, value in {**kept, "after": shelf.next_cursor}.items() if value}
    context: dict[str, Any] = {
        "cards": [_card_look(visit, card) for card in shelf.cards],
        "next_url": f"?{urlencode(following)}" if shelf.next_cursor else "",
    }
    if request.headers.get("X-Part") == "cards":
        return visit.render("cards", context)
    plain = not (query or category or scene or request.GET.get("after"))
    context |= {
        "query": query,
        "category": kept["category"],
        "scene": kept["scene"],
        "categories": categories,
        "scenes": scenes,
        "bundles": _bundles(visit) if plain else [],
    }
    return visit.render("home", context)


def _bundles(visit: Visit) -> list[dict[str, Any]]:
    slugs = list(Bundle.objects.filter(shop=visit.shop, open=True).values_list("slug", flat=True)[:6])
    if not slugs:
        return []
    basket = fill_basket(visit.shop, [CartLine(key=slug, bundle=slug) for slug in slugs], at=visit.at)
    looks = [bundle_look(visit, line) for line in basket.lines if line.orders]
    return [look for look in looks if look["in_stock"]]


@require_GET
def suggest(request: HttpRequest, slug: str) -> HttpResponse:
    """Up to eight things on sale for what was typed so far."""
    visit = open_visit(request, slug)
    query = normalise_query(request.GET.get("q", ""))
    found = read_shelf(visit.shop, at=visit.at, query=query, limit=8).cards[:8] if query else ()
    looks = [_card_look(visit, card) for card in found]
    return render(request, "market/suggest.html", {"suggestions": looks})
