"""Paying and receiving: pay page, live status, the order with its codes, downloads. Never cached, never
referred.

Holding the purchase number is the right to see the order. Refuses to open a code without a trace.
"""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from kamao.business.payments import intents
from kamao.business.payments.accounts import account_for
from kamao.business.shops import attempts
from kamao.business.shops.delivery import Handed, as_sheet, as_text, bare_codes, hand_over
from kamao.business.shops.models import ShopPurchase
from kamao.business.shops.purchases import PurchaseStatus, find_purchase, number_of, read_status
from kamao.kernel.errors import Refusal
from kamao.portals.market.art import art_title, colour_for
from kamao.portals.market.looks import hero_of
from kamao.portals.market.visits import Visit, find_visit, private_page

_PAYABLE: Final = {"awaiting_payment"}


def _purchase(visit: Visit, number: str) -> ShopPurchase:
    """The purchase under a number; a wrong one counts against the address and is 404."""
    purchase = find_purchase(visit.shop, number)
    if purchase is None:
        attempts.check_attempt(visit.address_key, limit=attempts.LOOKUP_BY_ADDRESS, at=visit.at)
        raise Http404
    return purchase


def _subject(purchase: ShopPurchase, status: PurchaseStatus) -> str:
    first = status.orders[0].line
    more = len(status.orders) - 1
    return first.name + (_(" and %(count)d more") % {"count": more} if more else "")


@require_GET
def pay(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """The pay page: amount, time left, QR code, button. Opening it again finds the same collection order."""
    visit = find_visit(request, slug)
    purchase = _purchase(visit, number)
    status = read_status(purchase)
    if status.state not in _PAYABLE:
        return private_page(redirect("market:order", slug, number))
    account = account_for(visit.shop.organisation_id, cell=purchase.cell, currency=purchase.currency)
    try:
        page = intents.begin_payment(
            intents.PurchaseToPay(
                id=purchase.id,
                merchant=visit.shop.organisation_id,
                cell=purchase.cell,
                amount_minor=purchase.amount_minor,
                currency=purchase.currency,
                expires_at=purchase.expires_at,
                subject=f"{visit.shop.name} {_subject(purchase, status)}"[:120],
            ),
            account=account,
            at=visit.at,
            notify_url=_notify_url(visit, str(account.id)),
            return_url=visit.absolute(reverse("market:order", args=[slug, number])),
        )
    except Refusal as refusal:
        if refusal.code == "purchase_expired":
            return private_page(redirect("market:order", slug, number))
        raise
    context = {
        "pay": page,
        "subject": _subject(purchase, status),
        "amount_minor": purchase.amount_minor,
        "currency": purchase.currency,
        "expires_at": purchase.expires_at,
        "purchase_number": number,
        "state_name": status.state,
        "no_store": True,
    }
    return visit.keep_device(private_page(visit.render("pay", context)))


def _notify_url(visit: Visit, account: str) -> str:
    base = str(getattr(settings, "KAMAO_BASE_URL", "")).rstrip("/")
    try:
        path = reverse("payments:notify", args=[account])
    except NoReverseMatch:
        path = f"/pay/notify/{account}"
    return base + path if base else visit.absolute(path)


@require_GET
def status(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """The pay page asks here every other second; paid leads on to the order. Holds nothing between two
    calls.
    """
    visit = find_visit(request, slug)
    purchase = _purchase(visit, number)
    current = read_status(purchase)
    if current.state in _PAYABLE and intents.recheck(purchase.id, at=visit.at):
        current = read_status(purchase)
    if current.state in _PAYABLE:
        return private_page(render(request, "market/status.html", {"state_name": current.state}))
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = reverse("market:order", args=[slug, number])
    return private_page(response)


@require_GET
def order(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """The order: what was bought, where it stands, the codes."""
    visit = find_visit(request, slug)
    purchase = _purchase(visit, number)
    current = read_status(purchase)
    if current.state in _PAYABLE and intents.recheck(purchase.id, at=visit.at):
        current = read_status(purchase)
    seen = current.seen
    if request.headers.get("HX-Request") == "true" and request.GET.get("seen") == seen:
        return private_page(HttpResponse(status=204))
    handed = []
    if current.purchase.state == "paid":
        actor = "buyer:device" if visit.made_here(purchase) else "buyer:number"
        handed = hand_over(purchase, actor=actor, reason="order_page", at=visit.at)
    context = _order_context(purchase, current, handed)
    account_is_test = purchase.cell == 1 or _is_test(visit, purchase)
    context |= {
        "purchase_number": number_of(purchase),
        "seen": seen,
        "is_test": account_is_test,
        "no_store": True,
    }
    page = private_page(visit.render("order", context))
    return visit.keep_purchase(page, purchase)


def _is_test(visit: Visit, purchase: ShopPurchase) -> bool:
    try:
        account = account_for(visit.shop.organisation_id, cell=purchase.cell, currency=purchase.currency)
    except Refusal:
        return False
    return account.is_test


def _order_context(purchase: ShopPurchase, current: PurchaseStatus, handed: list[Handed]) -> dict[str, Any]:
    items = {one.line.order: one.items for one in handed}
    orders = []
    for one in current.orders:
        due = one.due_at(current.purchase.paid_at)
        waiting = one.view.state in {"paid", "fulfilling", "in_doubt", "awaiting_funds"}
        orders.append(
            {
                "name": one.line.name,
                "detail": one.line.detail,
                "brand": art_title(one.line.brand, one.line.name),
                "colour": colour_for(one.line.brand_zh, one.line.colour),
                "quantity": one.line.quantity,
                "amount_minor": one.line.amount_minor,
                "state": one.view.state,
                "target_shown": one.line.target_masked,
                "redeem_url": one.line.redeem_url,
                "howto": one.line.howto,
                "refunded_minor": one.view.refunded_minor,
                "due_at": due if waiting else None,
                "items": [
                    {
                        "key": item.id.hex,
                        "number": item.number,
                        "secret": item.secret,
                        "expires_at": item.expires_at,
                    }
                    for item in items.get(one.line.order, ())
                ],
                "receipt": one.view.message if one.view.state in {"delivered", "settled"} else "",
            }
        )
    code_count = sum(len(one.items) for one in handed)
    hero = hero_of(current.state, refunded=bool(current.refunded_minor), has_codes=code_count > 0)
    return {
        "orders": orders,
        "hero": hero,
        "can_pay": current.state in _PAYABLE,
        "refresh": current.is_moving,
        "currency": purchase.currency,
        "amount_minor": purchase.amount_minor,
        "created_at": purchase.created_at,
        "code_count": code_count,
        "all_codes": bare_codes(handed),
    }


@require_POST
def cancel(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """Give an unpaid purchase up; money that arrives meanwhile wins."""
    visit = find_visit(request, slug)
    purchase = _purchase(visit, number)
    released = intents.cancel_purchase(purchase.id, at=visit.at)
    if released:
        messages.success(request, _("The order is given up; nothing was charged."))
    else:
        messages.info(
            request, _("The payment provider has not answered yet; the order closes by itself if unpaid.")
        )
    return private_page(redirect("market:order", slug, number))


@require_POST
def download(request: HttpRequest, slug: str, number: str, kind: str) -> HttpResponse:
    """The codes as a file, TXT or XLSX; a POST, so that no address in a history or log leads to codes."""
    visit = find_visit(request, slug)
    purchase = _purchase(visit, number)
    if kind not in {"txt", "xlsx"} or read_status(purchase).purchase.state != "paid":
        raise Http404
    actor = "buyer:device" if visit.made_here(purchase) else "buyer:number"
    handed = hand_over(purchase, actor=actor, reason=f"download_{kind}", at=visit.at)
    if kind == "txt":
        body, content_type = as_text(handed).encode("utf-8-sig"), "text/plain; charset=utf-8"
    else:
        headings = [
            _("Product"),
            _("Variant"),
            pgettext("goods", "Number"),
            pgettext("goods", "Code"),
            _("Valid until"),
        ]
        body = as_sheet(handed, headings=headings)
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    response = HttpResponse(body, content_type=content_type)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="kamao-{number_of(purchase)[-8:]}.{kind}"'
    )
    return private_page(response)
