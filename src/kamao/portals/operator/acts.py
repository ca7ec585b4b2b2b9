"""Manual acts on money and prices: booking a wallet top-up, setting a price. Second factor and audit for
each.

Refuses a top-up without the bank's own reference: it is the booking's idempotency, so a second click books
nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kamao.business.catalog.models import Category
from kamao.business.identity import audit
from kamao.business.identity.models import Organisation, OrganisationKind
from kamao.business.identity.permissions import Permission
from kamao.engine.ledger.accounts import cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.types import Transfer
from kamao.engine.pool import Connection
from kamao.engine.pricing.operations import put_rules
from kamao.engine.pricing.types import PriceRule
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import RandomIds
from kamao.kernel.money import CURRENCY_EXPONENTS, E4
from kamao.portals.accounts.acting import actor_of, message_of
from kamao.portals.accounts.pages import ConsoleRequest, console_page, page, say, second_factor_required
from kamao.portals.accounts.reading import reading
from kamao.portals.operator.home import KIND

_AMOUNT_MAX: Final = Decimal(100_000_000)
_SKU_BY_CODE: Final = "SELECT id FROM pricing_sku WHERE code = %s"


class TopupForm(forms.Form):
    """Money that arrived for a merchant."""

    merchant = forms.ModelChoiceField(
        label=gettext_lazy("Merchant"),
        queryset=Organisation.objects.filter(kind=OrganisationKind.MERCHANT).order_by("display_name"),
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), min_value=Decimal("0.001"), max_value=_AMOUNT_MAX, decimal_places=3
    )
    custodian = forms.SlugField(
        label=gettext_lazy("Where the money is"),
        max_length=40,
        initial="bank",
        help_text=gettext_lazy("The bank or provider that holds it, for example bank or alipay."),
    )
    reference = forms.RegexField(
        label=gettext_lazy("The bank's reference"),
        regex=r"^[\x21-\x7E]{4,64}$",
        help_text=gettext_lazy("Books once: the same reference again changes nothing."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse more decimals than the merchant's currency has."""
        data = super().clean() or {}
        merchant, amount = data.get("merchant"), data.get("amount")
        if merchant is not None and amount is not None:
            exponent = CURRENCY_EXPONENTS[merchant.currency]
            minor = amount.scaleb(exponent)
            if minor != minor.to_integral_value() or minor < 1:
                self.add_error("amount", _("More decimals than the currency has."))
            data["amount_minor"] = int(minor)
        return data


@console_page(KIND, permission=Permission.WALLET_MANAGE)
@second_factor_required
def topup(request: ConsoleRequest) -> HttpResponse:
    """Book a top-up: cash of the custodian to the merchant's wallet, in the cell that the console shows."""
    form = TopupForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            outcome = _book(request, form.cleaned_data)
        except Refusal as refusal:
            form.add_error("reference", message_of(refusal))
        else:
            words = {
                "created": _("Booked. The merchant can spend it now."),
                "repeated": _("This reference is booked already; nothing changed."),
            }
            say(request, words[outcome])
            return HttpResponseRedirect(reverse("operator:topup"))
    return page(request, "operator/topup.html", {"form": form}, status=422 if form.errors else 200)


def _book(request: ConsoleRequest, data: dict[str, Any]) -> str:
    merchant: Organisation = data["merchant"]
    now = timezone.now()
    wish = Transfer(
        key=f"topup:{data['custodian']}:{data['reference']}",
        kind="topup",
        debit=cash(data["custodian"], merchant.currency),
        credit=wallet(merchant.id, merchant.currency),
        amount_minor=data["amount_minor"],
    )
    with reading(request) as connection:
        result = transfer(connection, [wish], at=now, ids=RandomIds(request.acting.cell.number))[0]
        if result.outcome == "created":
            audit.record(
                "wallet.topup",
                actor=actor_of(request),
                at=now,
                organisation=merchant.id,
                object_kind="posting",
                object_id=str(result.posting),
                details={
                    "amount_minor": data["amount_minor"],
                    "currency": merchant.currency,
                    "custodian": data["custodian"],
                    "reference": data["reference"],
                    "cell": request.acting.cell.schema,
                },
            )
    if result.outcome not in {"created", "repeated"}:
        raise Refusal(
            "invalid",
            zh="该流水号已用于另一笔入账，请核对金额和商户。",
            en="This reference was booked with another amount or merchant; check both.",
        )
    return result.outcome


class PriceForm(forms.Form):
    """A wholesale price rule."""

    audience_kind = forms.ChoiceField(
        label=gettext_lazy("For whom"),
        choices=[
            ("level", gettext_lazy("a level")),
            ("private", gettext_lazy("one merchant (private price)")),
            ("default", gettext_lazy("everybody")),
        ],
    )
    level = forms.IntegerField(label=gettext_lazy("Level"), min_value=0, max_value=99, required=False)
    merchant = forms.ModelChoiceField(
        label=gettext_lazy("Merchant"),
        queryset=Organisation.objects.filter(kind=OrganisationKind.MERCHANT).order_by("display_name"),
        required=False,
    )
    sku = forms.CharField(label=gettext_lazy("SKU code"), max_length=96, required=False)
    category = forms.ModelChoiceField(
        label=gettext_lazy("Category"),
        queryset=Category.objects.order_by("slug"),
        required=False,
        help_text=gettext_lazy("Neither SKU nor category: all goods."),
    )
    min_quantity = forms.IntegerField(
        label=gettext_lazy("From quantity"), min_value=1, max_value=1000, initial=1
    )
    fixed = forms.DecimalField(
        label=gettext_lazy("Fixed unit price"),
        min_value=Decimal("0.0001"),
        decimal_places=4,
        max_digits=12,
        required=False,
    )
    markup_per_mille = forms.IntegerField(
        label=gettext_lazy("Markup on cost (‰)"), min_value=-999, max_value=100_000, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Ask for exactly one method, one audience and at most one target."""
        data = super().clean() or {}
        if (data.get("fixed") is None) == (data.get("markup_per_mille") is None):
            self.add_error("fixed", _("Give either a fixed price or a markup."))
        if data.get("audience_kind") == "level" and data.get("level") is None:
            self.add_error("level", _("Which level?"))
        if data.get("audience_kind") == "private" and data.get("merchant") is None:
            self.add_error("merchant", _("Which merchant?"))
        if data.get("sku") and data.get("category"):
            self.add_error("category", _("Give a SKU or a category, not both."))
        return data


@console_page(KIND, permission=Permission.PRICES_MANAGE)
@second_factor_required
def price(request: ConsoleRequest) -> HttpResponse:
    """Set a level price, a private price or the default, from now on."""
    form = PriceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _set_price(request, form.cleaned_data)
        except Refusal as refusal:
            form.add_error("sku", message_of(refusal))
        else:
            say(request, _("The price holds for the next order."))
            return HttpResponseRedirect(reverse("operator:price"))
    return page(request, "operator/price.html", {"form": form}, status=422 if form.errors else 200)


def _set_price(request: ConsoleRequest, data: dict[str, Any]) -> None:
    now = timezone.now()
    with transaction.atomic(), reading(request) as connection:
        rule = _rule_of(connection, data, at=now)
        put_rules(connection, [rule])
        audit.record(
            "price.set",
            actor=actor_of(request),
            at=now,
            organisation=data["merchant"].id if data["audience_kind"] == "private" else None,
            object_kind="price_rule",
            object_id=str(rule.target or ""),
            details={
                "audience": f"{rule.audience_kind} {rule.audience}".strip(),
                "target": f"{rule.target_kind} {data['sku']}".strip(),
                "min_quantity": rule.min_quantity,
                "fixed_e4": rule.fixed_e4,
                "markup_per_mille": rule.markup_per_mille,
                "cell": request.acting.cell.schema,
            },
        )


def _rule_of(connection: Connection, data: dict[str, Any], *, at: datetime) -> PriceRule:
    audience = {"level": str(data.get("level")), "private": "", "default": ""}[data["audience_kind"]]
    if data["audience_kind"] == "private":
        audience = data["merchant"].id.hex
    target_kind, target = _target_of(connection, data)
    return PriceRule(
        audience_kind=data["audience_kind"],
        audience=audience,
        target_kind=target_kind,  # type: ignore[arg-type]
        target=target,
        min_quantity=data["min_quantity"],
        effective_from=at,
        fixed_e4=int(data["fixed"] * E4) if data["fixed"] is not None else None,
        markup_per_mille=data["markup_per_mille"],
    )


def _target_of(connection: Connection, data: dict[str, Any]) -> tuple[str, UUID | None]:
    if data["category"] is not None:
        return "category", data["category"].id
    if not data["sku"]:
        return "any", None
    row = connection.execute(_SKU_BY_CODE, (data["sku"],)).fetchone()
    if row is None:
        raise Refusal("not_found", zh="没有这个规格编码。", en="There is no SKU with this code.")
    return "sku", row[0]
