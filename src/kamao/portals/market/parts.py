"""Parts of pages that several views show: a ware, a bundle, a top-up form with what was typed."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from django.urls import reverse
from django.utils.translation import gettext as _

from kamao.business.catalog.models import in_language
from kamao.business.catalog.topup import PORTED, FormField, TargetCheck
from kamao.business.shops.basket import BasketLine, BasketOrder, check_ware_target
from kamao.business.shops.wares import Ware
from kamao.kernel.money import order_amount
from kamao.portals.market.art import art_title, colour_for
from kamao.portals.market.looks import promise_text
from kamao.portals.market.templatetags.market import grouped
from kamao.portals.market.visits import Visit

PREFIX: Final = "t_"
_MODES: Final = {"mobile": "tel", "qq": "numeric", "meter": "numeric", "email": "email"}


def ware_look(visit: Visit, ware: Ware) -> dict[str, Any]:
    """Return what a page shows of a ware."""
    sku = ware.sku
    official = sku.official_price_e4
    return {
        "code": sku.code,
        "url": f"{reverse('market:product', args=[visit.shop.slug, sku.product.slug])}?sku={sku.code}",
        "name": ware.name,
        "detail": ware.detail,
        "brand": art_title(ware.brand, ware.product),
        "colour": colour_for(ware.brand_zh, ware.colour),
        "price_e4": ware.unit_price_e4,
        "currency": sku.currency,
        "official_e4": official if official is not None and official > ware.unit_price_e4 else None,
        "official_source": sku.official_source,
        "in_stock": ware.in_stock,
        "is_low": ware.band == "low",
        "is_instant": sku.promise_s == 0,
        "promise": promise_text(sku.promise_s),
        "warranty_days": sku.warranty_days,
        "notice": in_language(sku.notice_zh, sku.notice_en),
        "howto": in_language(sku.howto_zh, sku.howto_en),
        "saves_e4": official - ware.unit_price_e4
        if official is not None and official > ware.unit_price_e4
        else None,
    }


def bundle_look(visit: Visit, line: BasketLine) -> dict[str, Any]:
    """Return what a page shows of a bundle, priced as a basket line."""
    parts = [
        {
            "name": order.ware.name,
            "brand": art_title(order.ware.brand, order.ware.product),
            "detail": order.ware.detail,
            "colour": colour_for(order.ware.brand_zh, order.ware.colour),
            "quantity": order.quantity,
            "list_minor": order_amount(order.ware.unit_price_e4, order.quantity, order.ware.sku.currency),
        }
        for order in line.orders
    ]
    list_minor = sum(part["list_minor"] for part in parts)
    blocked = line.trouble is not None and line.trouble.code != "target_required"
    return {
        "slug": line.bundle,
        "url": reverse("market:bundle", args=[visit.shop.slug, line.bundle]),
        "name": line.name,
        "parts": parts,
        "price_minor": line.amount_minor,
        "list_minor": list_minor,
        "saves_minor": max(list_minor - line.amount_minor, 0),
        "currency": line.orders[0].ware.sku.currency if line.orders else "CNY",
        "in_stock": not blocked,
    }


def typed_target(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the target fields that a form sent."""
    return {key[len(PREFIX) :]: str(value)[:240] for key, value in data.items() if key.startswith(PREFIX)}


def target_form(ware: Ware, typed: Mapping[str, str], check: TargetCheck | None) -> dict[str, Any] | None:
    """Return a ware's top-up form as the page draws it, None where it has none."""
    template = ware.sku.topup_form
    if template is None:
        return None
    wrong = {
        error.field: in_language(error.zh, error.en) for error in (check.errors if check and typed else ())
    }
    fields = [_field_look(_form_field(data), typed, wrong) for data in template.fields]
    return {"title": in_language(template.name_zh, template.name_en), "fields": fields}


def _form_field(data: Mapping[str, Any]) -> FormField:
    return msgspec.convert(data, FormField)


def _field_look(field: FormField, typed: Mapping[str, str], wrong: Mapping[str, str]) -> dict[str, Any]:
    value = typed.get(field.key, "")
    is_phone = field.validator == "mobile"
    choices = [(choice.value, in_language(choice.zh, choice.en)) for choice in field.choices]
    if choices:
        choices.insert(0, ("", _("Choose…")))
    return {
        "key": field.key,
        "label": in_language(field.label_zh, field.label_en),
        "hint": in_language(field.hint_zh, field.hint_en),
        "required": field.required,
        "value": grouped(value) if is_phone else value,
        "choices": choices,
        "is_phone": is_phone,
        "inputmode": _MODES.get(field.validator, "text"),
        "autocomplete": "tel-national" if is_phone else "off",
        "error": "" if is_phone else wrong.get(field.key, ""),
    }


def check_look(ware: Ware, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page says about a typed target: where it is charged to, or what is wrong."""
    if not any(value.strip() for key, value in typed.items() if key != PORTED):
        return {}
    check = check_ware_target(ware, typed)
    if check.accepted:
        facts = [
            in_language(check.facts.get(f"{name}_zh", ""), check.facts.get(f"{name}_en", ""))
            for name in _FACTS
        ]
        return {
            "accepted": True,
            "shown": " · ".join(grouped(value) for value in check.target.values()),
            "facts": " · ".join(dict.fromkeys(fact for fact in facts if fact)),
        }
    error = next((one for one in check.errors if typed.get(one.field, "").strip()), None)
    if error is None:
        return {}
    return {
        "accepted": False,
        "message": in_language(error.zh, error.en),
        "may_be_ported": error.code == "carrier_mismatch",
        "ported": typed.get(PORTED) == "yes",
    }


_FACTS: Final = ("carrier", "province", "server")


def order_target_shown(order: BasketOrder) -> str:
    """Return a checked target as a buyer confirms it."""
    return " · ".join(grouped(value) for value in order.target.values())
