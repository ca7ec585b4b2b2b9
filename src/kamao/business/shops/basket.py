"""What a buyer is about to order, priced as of now: lines, their orders, what stands in the way.

Owns the sum that the buyer sees and pays: it is computed here, once, for product page, cart, checkout and
API. Refuses nothing itself: a line that cannot be bought says why, and ``checkout`` refuses.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from kamao.business.catalog.models import in_language
from kamao.business.catalog.topup import TargetCheck, TargetRules, check_target, parse_form
from kamao.business.shops.cart import CartLine
from kamao.business.shops.models import Bundle, Shop
from kamao.business.shops.splitting import Part, split_total
from kamao.business.shops.wares import Ware, read_wares
from kamao.kernel.errors import Refusal
from kamao.kernel.money import order_amount


class Trouble(msgspec.Struct, frozen=True):
    """Why a line cannot be bought now, in both languages."""

    code: str
    zh: str
    en: str

    @property
    def text(self) -> str:
        """The sentence in the reader's language."""
        return in_language(self.zh, self.en)


GONE: Final = Trouble("sku_not_found", "该商品已下架。", "This is no longer on sale.")
SOLD_OUT: Final = Trouble("out_of_stock", "暂时缺货。", "Sold out for now.")
CLOSED_NOW: Final = Trouble(
    "not_sellable", "现在不在可购买时段，请稍后再来。", "Not on sale at this hour; come back later."
)
LOSES: Final = Trouble(
    "not_sellable", "暂时无法购买，请联系店铺。", "Cannot be bought for now; please contact the shop."
)


class BasketOrder(msgspec.Struct, frozen=True):
    """One order to be: a ware, how many, the buyer's share of money for it, and the checked target."""

    ware: Ware
    quantity: int
    amount_minor: int
    target: dict[str, str]
    check: TargetCheck | None


class BasketLine(msgspec.Struct, frozen=True):
    """One line as a buyer sees it: one order, or the orders of a bundle."""

    key: str
    title_zh: str
    title_en: str
    quantity: int
    amount_minor: int
    orders: tuple[BasketOrder, ...]
    bundle: str = ""
    trouble: Trouble | None = None

    @property
    def name(self) -> str:
        """The title in the reader's language."""
        return in_language(self.title_zh, self.title_en)


class Basket(msgspec.Struct, frozen=True):
    """All lines with their sum in minor units of one currency."""

    lines: tuple[BasketLine, ...]
    currency: str
    total_minor: int

    @property
    def orders(self) -> tuple[BasketOrder, ...]:
        """The orders of all lines, in their order."""
        return tuple(order for line in self.lines for order in line.orders)

    @property
    def trouble(self) -> Trouble | None:
        """The first thing that stands in the way, None where nothing does."""
        return next((line.trouble for line in self.lines if line.trouble is not None), None)


def fill_basket(shop: Shop, lines: Sequence[CartLine], *, at: datetime) -> Basket:
    """Price these lines as of now."""
    bundles = {
        bundle.slug: bundle
        for bundle in Bundle.objects.filter(
            shop=shop, open=True, slug__in=[line.bundle for line in lines if line.bundle]
        ).prefetch_related("items__sku")
    }
    codes = [line.sku for line in lines if line.sku]
    codes += [item.sku.code for bundle in bundles.values() for item in bundle.items.all()]
    wares = read_wares(shop, codes, at=at)
    filled = [
        _bundle_line(line, bundles.get(line.bundle), wares)
        if line.bundle
        else _sku_line(line, wares.get(line.sku))
        for line in lines
    ]
    currency = next((order.ware.sku.currency for line in filled for order in line.orders), "CNY")
    return Basket(
        lines=tuple(filled), currency=currency, total_minor=sum(line.amount_minor for line in filled)
    )


def _sku_line(line: CartLine, ware: Ware | None) -> BasketLine:
    if ware is None:
        return BasketLine(line.key, line.sku, line.sku, line.quantity, 0, (), trouble=GONE)
    amount = order_amount(ware.unit_price_e4, line.quantity, ware.sku.currency)
    order = _order(ware, quantity=line.quantity, amount_minor=amount, typed=line.target)
    return BasketLine(
        line.key, ware.title_zh, ware.title_en, line.quantity, amount, (order,), trouble=_trouble(order)
    )


def _order(ware: Ware, *, quantity: int, amount_minor: int, typed: Mapping[str, str]) -> BasketOrder:
    check = check_ware_target(ware, typed) if ware.sku.topup_form is not None else None
    target = check.target if check is not None and check.accepted else {}
    return BasketOrder(ware, quantity, amount_minor, target, check)


def check_ware_target(ware: Ware, typed: Mapping[str, str]) -> TargetCheck:
    """Check what was typed against the form of a ware; only fields of that form are looked at."""
    template = ware.sku.topup_form
    assert template is not None, "only wares with a form have a target"
    form = parse_form(
        {
            "slug": template.slug,
            "name_zh": template.name_zh,
            "name_en": template.name_en,
            "fields": template.fields,
        }
    )
    rules = msgspec.convert(ware.sku.target_rules or {}, TargetRules)
    known = {field.key for field in form.fields} | {"ported"}
    return check_target(form, {key: value for key, value in typed.items() if key in known}, rules=rules)


def _trouble(order: BasketOrder) -> Trouble | None:
    ware, sku = order.ware, order.ware.sku
    if ware.closed_now:
        return CLOSED_NOW
    if not ware.sellable:
        return LOSES
    if ware.band == "none":
        return SOLD_OUT
    if (
        order.quantity < sku.min_quantity
        or order.quantity > sku.max_quantity
        or order.quantity % sku.multiple
    ):
        return Trouble(
            "invalid_quantity",
            f"数量须为 {sku.multiple} 的倍数，{sku.min_quantity} 至 {sku.max_quantity}。",
            f"The quantity must be a multiple of {sku.multiple}, {sku.min_quantity} to {sku.max_quantity}.",
        )
    if order.check is not None and not order.check.accepted:
        error = order.check.errors[0]
        return Trouble("target_required", error.zh, error.en)
    return None


def bundle_total(bundle: Bundle, *, list_minor: int, currency: str, quantity: int = 1) -> int:
    """Return what a bundle costs the buyer: its fixed price, or the list prices less the discount, rounded
    up.
    """
    if bundle.price_e4 is not None:
        return order_amount(bundle.price_e4, quantity, currency)
    return -(-list_minor * (1000 - bundle.discount_per_mille) // 1000)


def _bundle_line(line: CartLine, bundle: Bundle | None, wares: Mapping[str, Ware]) -> BasketLine:
    items = [] if bundle is None else list(bundle.items.all())
    if bundle is None or not items or any(item.sku.code not in wares for item in items):
        return BasketLine(
            line.key, line.bundle, line.bundle, line.quantity, 0, (), bundle=line.bundle, trouble=GONE
        )
    parts: list[Part] = []
    counts = [item.quantity * line.quantity for item in items]
    chosen = [wares[item.sku.code] for item in items]
    currency = chosen[0].sku.currency
    for ware, count in zip(chosen, counts, strict=True):
        parts.append(
            Part(
                cost_minor=order_amount(ware.cost_e4, count, currency),
                list_minor=order_amount(ware.unit_price_e4, count, currency),
            )
        )
    list_minor = sum(part.list_minor for part in parts)
    total = bundle_total(bundle, list_minor=list_minor, currency=currency, quantity=line.quantity)
    trouble: Trouble | None = None
    try:
        shares = split_total(total, parts)
    except Refusal:
        shares, trouble = [part.list_minor for part in parts], LOSES
    orders = tuple(
        _order(ware, quantity=count, amount_minor=share, typed=line.target)
        for ware, count, share in zip(chosen, counts, shares, strict=True)
    )
    trouble = trouble or next((found for order in orders if (found := _trouble(order)) is not None), None)
    return BasketLine(
        line.key,
        bundle.name_zh,
        bundle.name_en or bundle.name_zh,
        line.quantity,
        total,
        orders,
        bundle=bundle.slug,
        trouble=trouble,
    )
