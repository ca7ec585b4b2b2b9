"""One request to a shop: which shop, whose device, what is in the cart. Owns the shop's cookies.

Cookies: ``kamao_device`` (a random word for limits), ``kamao_orders`` (signed list of purchases made here),
``kamao_cart`` and ``kamao_code`` per shop. All are HttpOnly and host-only. Refuses to keep a contact or a
code in any.
"""

import secrets
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from kamao.business.compliance.keys import subject_key
from kamao.business.keyring import node_keyring
from kamao.business.shops import cart as carts
from kamao.business.shops import lookup
from kamao.business.shops.cart import Cart
from kamao.business.shops.models import Shop, ShopPurchase
from kamao.portals.market.looks import accent_of

DEVICE: Final = "kamao_device"
ORDERS: Final = "kamao_orders"
CART: Final = "kamao_cart"
CODE: Final = "kamao_code"
LOOKUP_PURPOSE: Final = "lookup"
_YEAR_S: Final = 400 * 24 * 3600
_CODE_SALT: Final = "kamao.shop.phone-code"


class Visit:
    """A request to one shop, with what its cookies say."""

    def __init__(self, request: HttpRequest, shop: Shop) -> None:
        self.request = request
        self.shop = shop
        self.at: datetime = timezone.now()
        self.cart: Cart = carts.read_cart(request.COOKIES.get(CART), slug=shop.slug)
        device = request.COOKIES.get(DEVICE, "")
        self.device: str | None = device if len(device) == 32 and device.isalnum() else None
        self._fresh_device = False
        if self.device is None:
            self.device, self._fresh_device = secrets.token_hex(16), True

    @property
    def address(self) -> str:
        """The client's address as the socket tells it."""
        return str(self.request.META.get("REMOTE_ADDR") or "127.0.0.1")

    @property
    def address_key(self) -> bytes:
        """The keyed fingerprint of the address, for limits."""
        return subject_key(node_keyring(), kind="address", text=self.address)

    def render(
        self, template: str, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """Render one of the shop's pages."""
        shop = self.shop
        full = {
            "shop": {
                "slug": shop.slug,
                "name": shop.name,
                "intro": shop.intro,
                "notice": shop.notice,
                "contact": shop.contact,
                "accent": accent_of(shop.colour),
            },
            "cart_count": self.cart.count,
            **(context or {}),
        }
        return render(self.request, f"market/{template}.html", full, status=status)

    def absolute(self, path: str) -> str:
        """Return an address of this shop as others reach it."""
        return self.request.build_absolute_uri(path)

    def keep_device(self, response: HttpResponse) -> HttpResponse:
        """Give a device its word the first time it buys or looks something up."""
        if self._fresh_device and self.device:
            self._set(response, DEVICE, self.device, path="/s/", age_s=_YEAR_S)
        return response

    def keep_cart(self, response: HttpResponse, cart: Cart) -> HttpResponse:
        """Store a changed cart; an empty one takes its cookie away."""
        path = f"/s/{self.shop.slug}/"
        if cart.count:
            self._set(
                response, CART, carts.write_cart(cart, slug=self.shop.slug), path=path, age_s=30 * 86_400
            )
        else:
            response.delete_cookie(CART, path=path, samesite="Lax")
        return response

    def keep_purchase(self, response: HttpResponse, purchase: ShopPurchase) -> HttpResponse:
        """Remember a purchase on this device, so that it is found again without any number."""
        given = (
            response.cookies[ORDERS].value if ORDERS in response.cookies else self.request.COOKIES.get(ORDERS)
        )
        known = lookup.read_device(given)
        self._set(response, ORDERS, lookup.write_device([purchase.id, *known]), path="/s/", age_s=_YEAR_S)
        return self.keep_device(response)

    def keep_code(self, response: HttpResponse, token: UUID) -> HttpResponse:
        """Remember the phone code that was sent; its token never stands in an address."""
        text = signing.TimestampSigner(salt=_CODE_SALT).sign(token.hex)
        self._set(response, CODE, text, path=f"/s/{self.shop.slug}/", age_s=1800)
        return self.keep_device(response)

    def code_token(self) -> UUID | None:
        """Return the token of the phone code sent to this device, None where there is none."""
        try:
            signer = signing.TimestampSigner(salt=_CODE_SALT)
            return UUID(signer.unsign(self.request.COOKIES.get(CODE, ""), max_age=1800))
        except (signing.BadSignature, ValueError):
            return None

    def made_here(self, purchase: ShopPurchase) -> bool:
        """Tell whether this device placed the purchase."""
        return purchase.id in lookup.read_device(self.request.COOKIES.get(ORDERS))

    def _set(self, response: HttpResponse, name: str, value: str, *, path: str, age_s: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=age_s,
            path=path,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )


def open_visit(request: HttpRequest, slug: str) -> Visit:
    """Return the visit of an open shop; 404 for an unknown or closed one."""
    visit = find_visit(request, slug)
    if not visit.shop.open:
        raise Http404
    return visit


def find_visit(request: HttpRequest, slug: str) -> Visit:
    """Return the visit of a shop, open or not: orders already placed stay reachable."""
    shop = Shop.objects.select_related("organisation").filter(slug=slug).first()
    if shop is None or shop.organisation.status == "closed":
        raise Http404
    return Visit(request, shop)


def private_page(response: HttpResponse) -> HttpResponse:
    """Mark a page that may hold codes or numbers: never cached, never told to another site."""
    response.headers["Cache-Control"] = "no-store, private, max-age=0"
    # No other site learns the address. "no-referrer" would also empty the Origin of this page's own forms.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
