"""Finding orders again, and the shop's customer service. Lists are masked; wrong entries get one and the same
answer.
"""

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from kamao.business.compliance import phone_codes
from kamao.business.compliance.limits import Buyer as RuleBuyer
from kamao.business.compliance.suspicion import note_signal
from kamao.business.keyring import node_keyring
from kamao.business.shops import lookup
from kamao.business.shops.contacts import Contact
from kamao.business.shops.models import ShopPurchase
from kamao.business.shops.purchases import find_purchase, masked_number, number_of, read_status
from kamao.business.shops.snapshots import read_lines
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import encode
from kamao.portals.kit.refusals import language
from kamao.portals.market.desk import sandbox_text
from kamao.portals.market.forms import CodeForm, LookupForm, NumberForm
from kamao.portals.market.visits import LOOKUP_PURPOSE, ORDERS, Visit, find_visit, private_page


def _rows(visit: Visit, purchases: list[ShopPurchase], *, open_links: bool) -> list[dict[str, Any]]:
    rows = []
    for purchase in purchases:
        lines = read_lines(purchase.lines)
        more = len(lines) - 1
        row = {
            "name": lines[0].name + (_(" and %(count)d more") % {"count": more} if more else ""),
            "created_at": purchase.created_at,
            "amount_minor": purchase.amount_minor,
            "currency": purchase.currency,
            "state": read_status(purchase).state,
            "masked": masked_number(purchase),
        }
        if open_links:
            row["url"] = reverse("market:order", args=[visit.shop.slug, number_of(purchase)])
        rows.append(row)
    return rows


@require_http_methods(["GET", "POST"])
def lookup_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Find orders by number, or list them masked by contact and password; a one-time code opens the list."""
    visit = find_visit(request, slug)
    by = request.POST.get("by", "") if request.method == "POST" else ""
    context: dict[str, Any] = {
        "number_form": NumberForm(request.POST if by == "number" else None),
        "contact_form": LookupForm(request.POST if by in {"contact", "send_code"} else None),
        "code_form": CodeForm(request.POST if by == "code" else None),
        "found": None,
        "no_store": True,
    }
    acts = {"number": _by_number, "contact": _by_contact, "send_code": _send_code, "code": _by_code}
    response = None
    if by in acts:
        try:
            response = acts[by](visit, context)
        except Refusal as refusal:
            context["refused"] = refusal.message(language())
            context["status"] = refusal.status
    if response is None:
        response = visit.render("lookup", context, status=context.get("status", 200))
        token = context.get("token")
        if token is not None:
            visit.keep_code(response, token)
    return visit.keep_device(private_page(response))


def _buyer(visit: Visit, contact: Contact | None = None) -> RuleBuyer:
    return RuleBuyer(contact=contact.value if contact else None, address=visit.address, device=visit.device)


def _by_number(visit: Visit, context: dict[str, Any]) -> HttpResponse | None:
    form = context["number_form"]
    if not form.is_valid():
        return None
    typed = form.cleaned_data["number"]
    purchase = lookup.by_number(visit.shop, typed, address_key=visit.address_key, at=visit.at)
    if purchase is not None:
        return redirect("market:order", visit.shop.slug, number_of(purchase))
    note_signal("failure", buyer=_buyer(visit), keyring=node_keyring(), at=visit.at)
    context["refused"] = _("No order has this number in this shop. Check it and try again.")
    return None


def _by_contact(visit: Visit, context: dict[str, Any]) -> HttpResponse | None:
    form = context["contact_form"]
    if not form.is_valid():
        return None
    contact: Contact = form.cleaned_data["contact"]
    found = lookup.by_contact(
        visit.shop,
        contact=contact,
        password=form.cleaned_data["password"],
        address_key=visit.address_key,
        at=visit.at,
    )
    if not found:
        note_signal("failure", buyer=_buyer(visit, contact), keyring=node_keyring(), at=visit.at)
    context["found"] = _rows(visit, found, open_links=False)
    context["can_send_code"] = contact.kind == "phone"
    return None


def _send_code(visit: Visit, context: dict[str, Any]) -> HttpResponse | None:
    """Send a code to a contact whose password was right; wrong ones got an empty list and never come here
    usefully.
    """
    _by_contact(visit, context)
    if not context["found"]:
        return None
    contact: Contact = context["contact_form"].cleaned_data["contact"]
    sent = phone_codes.send(
        contact.value,
        purpose=LOOKUP_PURPOSE,
        buyer=_buyer(visit, contact),
        merchant=visit.shop.organisation_id,
        keyring=node_keyring(),
        at=visit.at,
        language=language(),
    )
    context["code_sent"], context["token"] = True, sent.token
    context["sandbox_sms"] = sandbox_text(sent.token)
    return None


def _by_code(visit: Visit, context: dict[str, Any]) -> HttpResponse | None:
    """Open the list for whoever holds the code; the orders are remembered on this device."""
    form, contact_form = context["code_form"], LookupForm(visit.request.POST)
    token = visit.code_token()
    if not form.is_valid() or not contact_form.is_valid() or token is None:
        context["refused"] = Refusal("phone_code_wrong").message(language())
        return None
    contact: Contact = contact_form.cleaned_data["contact"]
    keyring = node_keyring()
    phone_codes.verify(
        token, code=form.cleaned_data["code"], buyer=_buyer(visit, contact), keyring=keyring, at=visit.at
    )
    if not phone_codes.use(token, phone=contact.value, purpose=LOOKUP_PURPOSE, keyring=keyring, at=visit.at):
        raise Refusal("phone_code_wrong")
    found = lookup.of_contact(visit.shop, contact)
    page = visit.render(
        "mine", {"found": _rows(visit, found, open_links=True), "heading": _("Your orders"), "no_store": True}
    )
    for purchase in reversed(found):
        visit.keep_purchase(page, purchase)
    return page


@require_GET
def mine(request: HttpRequest, slug: str) -> HttpResponse:
    """Orders placed on this device, without any login."""
    visit = find_visit(request, slug)
    found = lookup.of_device(visit.shop, request.COOKIES.get(ORDERS))
    context = {
        "found": _rows(visit, found, open_links=True),
        "heading": _("My orders on this device"),
        "no_store": True,
    }
    return private_page(visit.render("mine", context))


@require_GET
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """Customer service, one tap away, with the order's number and state ready to paste."""
    visit = find_visit(request, slug)
    number = request.GET.get("order", "")
    purchase = find_purchase(visit.shop, number) if number else None
    message = ""
    if purchase is not None:
        lines = read_lines(purchase.lines)
        message = _("Hello, my order is %(masked)s (%(name)s). Order number for your system: %(order)s") % {
            "masked": masked_number(purchase),
            "name": lines[0].name,
            "order": encode("ord", lines[0].order),
        }
    context = {"message": message, "contact_url": _contact_url(visit.shop.contact, message), "no_store": True}
    return private_page(visit.render("service", context))


def _contact_url(contact: str, message: str) -> str:
    """A link that opens the mail program, the phone or the page; empty where the contact is a chat
    account.
    """
    text = contact.strip()
    if text.startswith("https://") and " " not in text:
        return text
    if "@" in text and " " not in text and "/" not in text:
        return f"mailto:{quote(text)}?subject=Kamao&body={quote(message)}"
    digits = "".join(char for char in text if char.isdigit() or char == "+")
    return f"tel:{digits}" if len(digits) >= 7 and len(digits) >= len(text) - 4 else ""
