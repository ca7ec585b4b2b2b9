"""Buying: product page, bundle page, cart, checkout, wishes for sold-out goods. A refusal keeps what was
typed.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kamao.business.catalog.models import Product, ProductRedirect, in_language
from kamao.business.compliance import captcha
from kamao.business.keyring import node_keyring
from kamao.business.shops import cart as carts
from kamao.business.shops import wishes
from kamao.business.shops.basket import BasketLine, fill_basket
from kamao.business.shops.cart import Cart, CartLine
from kamao.business.shops.models import Bundle, ShopPurchase
from kamao.business.shops.purchases import number_of
from kamao.business.shops.wares import Ware, product_wares, read_wares
from kamao.kernel.errors import Refusal
from kamao.kernel.limits import ORDER_QUANTITY_MAX
from kamao.portals.kit.refusals import language
from kamao.portals.market.desk import Desk
from kamao.portals.market.forms import QuantityForm, WishForm
from kamao.portals.market.parts import (
    bundle_look,
    check_look,
    order_target_shown,
    target_form,
    typed_target,
    ware_look,
)
from kamao.portals.market.visits import Visit, open_visit


def _placed(visit: Visit, purchase: ShopPurchase, *, cart: Cart | None = None) -> HttpResponse:
    """Lead on to the pay page and remember the purchase on this device."""
    response = redirect("market:pay", visit.shop.slug, number_of(purchase))
    visit.keep_purchase(response, purchase)
    return visit.keep_cart(response, cart) if cart is not None else response


def _to_cart(visit: Visit, line: CartLine) -> HttpResponse:
    cart = carts.put(visit.cart, sku=line.sku, bundle=line.bundle, quantity=line.quantity, target=line.target)
    if not carts.fits_cookie(cart, slug=visit.shop.slug):
        messages.error(visit.request, _("The cart is full: order what is in it first."))
        cart = visit.cart
    return visit.keep_device(visit.keep_cart(redirect("market:cart", visit.shop.slug), cart))


def _find_product(slug: str) -> Product | HttpResponse:
    product = Product.objects.select_related("brand", "category").filter(slug=slug, status="active").first()
    if product is not None:
        return product
    moved = ProductRedirect.objects.select_related("product").filter(slug=slug).first()
    if moved is None:
        raise Http404
    return redirect("market:product", moved.product.slug)


def _choose(wares: list[Ware], code: str) -> Ware:
    """The ware asked for; else the one most people buy that is in stock, so that no tap is wasted on
    choosing.
    """
    asked = next((ware for ware in wares if ware.sku.code == code), None)
    if asked is not None:
        return asked
    return max(wares, key=lambda ware: (ware.in_stock, ware.sku.weight))


def _quantity(request: HttpRequest, ware: Ware) -> tuple[QuantityForm, int]:
    sku = ware.sku
    posted = request.POST if request.method == "POST" and "quantity" in request.POST else None
    form = QuantityForm(
        posted, low=sku.min_quantity, high=sku.max_quantity, step=sku.multiple, ranged=sku.ranged
    )
    if posted is None:
        return form, sku.min_quantity
    # What cannot be bought is refused, never silently made into something else.
    typed = posted.get("quantity", "")
    return form, int(typed) if typed.isdecimal() and len(typed) <= 4 else 0


@require_http_methods(["GET", "POST"])
def product(request: HttpRequest, slug: str, product: str) -> HttpResponse:
    """A product: choose, type the target, buy at once or put it into the cart."""
    visit = open_visit(request, slug)
    found = _find_product(product)
    if isinstance(found, HttpResponse):
        return redirect("market:product", slug, ProductRedirect.objects.get(slug=product).product.slug)
    wares = product_wares(visit.shop, found.id, at=visit.at)
    if not wares:
        raise Http404
    source = request.POST if request.method == "POST" else request.GET
    ware = _choose(wares, source.get("sku", ""))
    quantity_form, quantity = _quantity(request, ware)
    typed = typed_target(request.POST) if request.method == "POST" else {}
    line = CartLine(key="one", sku=ware.sku.code, quantity=quantity, target=typed)
    basket = fill_basket(visit.shop, [line], at=visit.at)
    desk = Desk(visit, basket)
    response, token = None, None
    if request.method == "POST":
        response, token = _act(visit, desk, line, basket.lines[0])
    if response is not None:
        return response
    context = desk.context() | _product_context(visit, found, wares=wares, ware=ware, typed=typed)
    context |= {"quantity_form": quantity_form, "total_minor": basket.total_minor}
    page = visit.render("product", context, status=desk.status)
    return visit.keep_code(page, token) if token is not None else page


def _act(
    visit: Visit, desk: Desk, line: CartLine, priced: BasketLine
) -> tuple[HttpResponse | None, UUID | None]:
    """Do what the pressed button says: a response to lead on, or a code's token, or nothing (stay on the
    page).
    """
    act = visit.request.POST.get("act", "buy")
    trouble = priced.trouble
    if act == "send_code":
        return None, desk.send_code()
    if act == "cart":
        if trouble is None:
            return _to_cart(visit, line), None
        desk.refused, desk.status = trouble.text, 422
        return None, None
    placed = desk.buy()
    return (_placed(visit, placed) if placed is not None else None), None


def _product_context(
    visit: Visit, found: Product, *, wares: list[Ware], ware: Ware, typed: dict[str, str]
) -> dict[str, Any]:
    choices = [ware_look(visit, one) for one in wares]
    has_face = any(one.sku.face_value_e4 for one in wares)
    check = fill_basket(
        visit.shop, [CartLine("one", sku=ware.sku.code, quantity=1, target=typed)], at=visit.at
    )
    order = check.lines[0].orders[0] if check.lines[0].orders else None
    share = f"{reverse('market:share', args=[visit.shop.slug])}?{urlencode({'product': found.slug})}"
    return {
        "product": {
            "slug": found.slug,
            "name": str(found),
            "choices": choices,
            "description": in_language(found.description_zh, found.description_en),
            "choice_label": _("Face value") if has_face else _("Choose"),
        },
        "choice": ware_look(visit, ware),
        "has_quantity": ware.sku.max_quantity > ware.sku.min_quantity,
        "target_form": target_form(ware, typed, order.check if order else None),
        "check": check_look(ware, typed),
        "check_url": f"{reverse('market:check', args=[visit.shop.slug])}?{urlencode({'sku': ware.sku.code})}",
        "wish_form": WishForm(),
        "share_url": share,
    }


@require_POST
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Say about a target while it is typed: where it is charged to, or what is wrong. Nothing is written."""
    visit = open_visit(request, slug)
    code = request.GET.get("sku", "")
    ware = read_wares(visit.shop, [code], at=visit.at).get(code)
    if ware is None or ware.sku.topup_form is None:
        raise Http404
    context = {"check": check_look(ware, typed_target(request.POST)), "check_url": request.get_full_path()}
    return render(request, "market/target_note.html", context)


@require_POST
def total(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what so many cost, as the order will be priced. Nothing is written."""
    visit = open_visit(request, slug)
    typed = request.POST.get("quantity", "")
    quantity = int(typed) if typed.isdecimal() and 0 < len(typed) <= 4 else 0
    line = CartLine(key="one", sku=request.POST.get("sku", ""), quantity=quantity)
    basket = fill_basket(visit.shop, [line], at=visit.at)
    trouble = basket.trouble
    shown = trouble.text if trouble is not None and trouble.code == "invalid_quantity" else ""
    context = {"total_minor": basket.total_minor, "currency": basket.currency, "trouble": shown}
    return render(request, "market/total.html", context)


@require_http_methods(["GET", "POST"])
def bundle(request: HttpRequest, slug: str, bundle: str) -> HttpResponse:
    """A bundle: several SKUs at one price."""
    visit = open_visit(request, slug)
    row = Bundle.objects.filter(shop=visit.shop, slug=bundle, open=True).first()
    if row is None:
        raise Http404
    typed = typed_target(request.POST) if request.method == "POST" else {}
    line = CartLine(key="one", bundle=bundle, quantity=1, target=typed)
    basket = fill_basket(visit.shop, [line], at=visit.at)
    desk = Desk(visit, basket)
    response, token = None, None
    if request.method == "POST":
        response, token = _act(visit, desk, line, basket.lines[0])
    if response is not None:
        return response
    asking = next((order for order in basket.orders if order.ware.sku.topup_form is not None), None)
    context = desk.context() | {"bundle": bundle_look(visit, basket.lines[0]) | {"intro": row.intro}}
    if asking is not None:
        context |= {
            "target_form": target_form(asking.ware, typed, asking.check),
            "check": check_look(asking.ware, typed),
            "check_url": f"{reverse('market:check', args=[slug])}?{urlencode({'sku': asking.ware.sku.code})}",
        }
    page = visit.render("bundle", context, status=desk.status)
    return visit.keep_code(page, token) if token is not None else page


@require_http_methods(["GET", "POST"])
def cart(request: HttpRequest, slug: str) -> HttpResponse:
    """The cart; POST changes a line's quantity or takes it out."""
    visit = open_visit(request, slug)
    if request.method == "POST":
        typed = request.POST.get("quantity", "")
        quantity = (
            0 if request.POST.get("remove") else int(typed) if typed.isdecimal() and len(typed) <= 4 else 1
        )
        changed = carts.change(visit.cart, request.POST.get("key", ""), quantity=quantity)
        return visit.keep_cart(redirect("market:cart", slug), changed)
    basket = fill_basket(visit.shop, visit.cart.lines, at=visit.at)
    return _cart_page(visit, Desk(visit, basket))


def _cart_page(visit: Visit, desk: Desk) -> HttpResponse:
    lines = [_cart_line(visit, line) for line in desk.basket.lines]
    context = desk.context() | {
        "lines": lines,
        "total_minor": desk.basket.total_minor,
        "currency": desk.basket.currency,
        "blocked": desk.basket.trouble is not None,
    }
    return visit.render("cart", context, status=desk.status)


def _cart_line(visit: Visit, line: BasketLine) -> dict[str, Any]:
    first = line.orders[0] if line.orders else None
    url = ""
    if line.bundle:
        url = reverse("market:bundle", args=[visit.shop.slug, line.bundle])
    elif first is not None:
        url = ware_look(visit, first.ware)["url"]
    return {
        "key": line.key,
        "name": line.name,
        "quantity": line.quantity,
        "amount_minor": line.amount_minor,
        "url": url,
        "art": ware_look(visit, first.ware) if first else {"brand": line.name, "detail": "", "colour": ""},
        "currency": _currency(line),
        "quantity_max": first.ware.sku.max_quantity if first and not line.bundle else ORDER_QUANTITY_MAX,
        "target_shown": order_target_shown(first) if first else "",
        "problem": line.trouble.text if line.trouble else "",
    }


def _currency(line: BasketLine) -> str:
    """Return the currency of a line; the node's usual one where it has no order."""
    return line.orders[0].ware.sku.currency if line.orders else "CNY"


@require_POST
def checkout(request: HttpRequest, slug: str) -> HttpResponse:
    """Place everything in the cart as one purchase."""
    visit = open_visit(request, slug)
    if not visit.cart.count:
        return redirect("market:cart", slug)
    desk = Desk(visit, fill_basket(visit.shop, visit.cart.lines, at=visit.at))
    token = None
    if request.POST.get("act") == "send_code":
        token = desk.send_code()
    else:
        placed = desk.buy()
        if placed is not None:
            return _placed(visit, placed, cart=carts.EMPTY)
    page = _cart_page(visit, desk)
    return visit.keep_code(page, token) if token is not None else page


@require_POST
def restock(request: HttpRequest, slug: str) -> HttpResponse:
    """Note who wants to hear when a SKU is back; the answer is the same whether or not it was noted
    before.
    """
    visit = open_visit(request, slug)
    code = request.POST.get("sku", "")
    ware = read_wares(visit.shop, [code], at=visit.at).get(code)
    form = WishForm(request.POST)
    if ware is None:
        raise Http404
    back = ware_look(visit, ware)["url"]
    if not form.is_valid():
        messages.error(request, " ".join(form.errors["contact"]))
        return redirect(back)
    try:
        wishes.make_wish(
            visit.shop,
            sku_id=ware.sku.id,
            contact=form.cleaned_data["contact"],
            language=get_language() or "zh-hans",
            address_key=visit.address_key,
            at=visit.at,
        )
    except Refusal as refusal:
        messages.error(request, refusal.message(language()))
        return redirect(back)
    messages.success(request, _("Noted: we write as soon as it is back."))
    return visit.keep_device(redirect(back))


@require_GET
def captcha_image(request: HttpRequest, slug: str, challenge: UUID) -> HttpResponse:
    """The picture of a challenge that is still open."""
    visit = open_visit(request, slug)
    picture = captcha.image(challenge, keyring=node_keyring(), at=visit.at)
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/png")
    response.headers["Cache-Control"] = "no-store"
    return response
