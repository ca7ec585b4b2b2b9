"""Placing a purchase: a priced basket and a buyer become reserved goods that await payment.

Owns the transaction in which the engine's purchase and the shop's row commit together. Refuses with the
reason and the next step; a refused purchase reserves nothing. Placing again under the same nonce gives the
same purchase.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import msgspec
import psycopg
from django.db import transaction

from kamao.business.compliance.identity import IdentityStep
from kamao.business.compliance.keys import subject_key
from kamao.business.compliance.limits import Buyer as RuleBuyer
from kamao.business.engine_bridge import cell_connection
from kamao.business.engine_tools import tools_for
from kamao.business.keyring import node_keyring
from kamao.business.shops import contacts, gate, snapshots
from kamao.business.shops.basket import Basket
from kamao.business.shops.contacts import Contact
from kamao.business.shops.models import Shop, ShopPurchase
from kamao.business.shops.rulebook import merchants_above
from kamao.engine import cells
from kamao.engine.trade.purchases import place_purchases
from kamao.engine.trade.types import PlacedPurchase, PurchaseLine, PurchaseRequest, ReservationLimits
from kamao.kernel.errors import Refusal, problem

RESERVED_S: Final = 15 * 60
"""How long goods wait for payment."""
_TRIES: Final = 4
_CELLS: Final = {cell.number: cell for cell in cells.ALL}
_CONFLICTS: Final = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)
_Result = TypeVar("_Result")

SHOP_SOLD_OUT = problem(
    "shop_out_of_stock",
    409,
    title_zh="已售罄",
    title_en="Sold out",
    detail_zh="手慢了，刚刚售罄；没有扣款。可以登记到货提醒。",
    detail_en="Just sold out; nothing was charged. You can ask to be told when it is back.",
)
SHOP_NOT_SELLABLE = problem(
    "shop_not_sellable",
    409,
    title_zh="暂时无法购买",
    title_en="Cannot be bought now",
    detail_zh="价格或供货刚刚变化，请刷新页面后再试。",
    detail_en="Price or supply has just changed; reload the page and try again.",
)
TOO_MANY_RESERVATIONS = problem(
    "too_many_reservations",
    429,
    title_zh="未付款订单过多",
    title_en="Too many unpaid orders",
    detail_zh="您有多笔订单尚未付款，请先付款或取消后再下单。",
    detail_en="Several of your orders are still unpaid; pay or cancel them first.",
)
PURCHASE_CHANGED = problem(
    "purchase_changed",
    409,
    title_zh="订单内容已变化",
    title_en="The order has changed",
    detail_zh="这张表单已提交过其他内容，请刷新页面后重新下单。",
    detail_en="This form was already sent with other content; reload the page and order again.",
)
TARGET_MISSING = problem(
    "shop_target_required",
    422,
    title_zh="请填写充值账号",
    title_en="Target needed",
    detail_zh="请填写正确的充值账号。",
    detail_en="Fill in the account to charge.",
)
QUANTITY_WRONG = problem(
    "shop_invalid_quantity",
    422,
    title_zh="数量有误",
    title_en="Quantity not possible",
    detail_zh="请按起购、限购和倍数修改数量。",
    detail_en="Mind minimum, maximum and multiple of the quantity.",
)

_REFUSED: Final = {
    "out_of_stock": "shop_out_of_stock",
    "sku_not_found": "shop_not_sellable",
    "not_sellable": "shop_not_sellable",
    "merchant_suspended": "shop_not_sellable",
    "too_many_reservations": "too_many_reservations",
    "reference_conflict": "purchase_changed",
    "target_required": "shop_target_required",
    "invalid_quantity": "shop_invalid_quantity",
}


class Buyer(msgspec.Struct, frozen=True):
    """Who buys, as far as a guest tells; ``address`` is the socket's, ``device`` the random word of its
    cookie.
    """

    contact: Contact
    password: str
    language: str
    address: str
    device: str | None

    @property
    def for_rules(self) -> RuleBuyer:
        """The buyer as compliance counts it."""
        return RuleBuyer(contact=self.contact.value, address=self.address, device=self.device)


class Order(msgspec.Struct, frozen=True):
    """A checkout as it was sent: the form's nonce makes repeating it harmless."""

    basket: Basket
    buyer: Buyer
    nonce: str
    proof: gate.Proof


def place(shop: Shop, *, order: Order, at: datetime) -> ShopPurchase:
    """Reserve a basket for a buyer and return the purchase to pay.

    Raises Refusal; nothing is reserved, spent or counted then. Must run outside a transaction.
    """
    trouble = order.basket.trouble
    if trouble is not None:
        raise Refusal(_REFUSED.get(trouble.code, "shop_not_sellable"), zh=trouble.zh, en=trouble.en)
    keyring = node_keyring()
    buyer = order.buyer.for_rules
    request = _request(shop, order=order, at=at)
    # Read before anything is locked: whoever holds goods must be quick.
    needed = gate.step_for(shop, order.basket, at=at)
    known = ShopPurchase.objects.filter(shop=shop, reference=request.reference).first()
    if known is not None:
        return repeat_on_conflict(
            lambda: _place_once(shop, request, order=order, needed=needed, share=None, at=at)
        )
    gate.check_suspicion(buyer, proof=order.proof, keyring=keyring, at=at)
    share = gate.take_share(shop, basket=order.basket, buyer=buyer, keyring=keyring, at=at)
    try:
        purchase = repeat_on_conflict(
            lambda: _place_once(shop, request, order=order, needed=needed, share=share, at=at)
        )
    finally:
        # Kept shares are under the purchase's id by now, so this returns only what was not kept.
        share.give_back()
    gate.note_checkout(buyer, keyring=keyring, at=at)
    return purchase


def _resellers(above: tuple[UUID, ...], chain_prices_e4: tuple[int, ...]) -> tuple[tuple[UUID, int], ...]:
    """Return who sells on above a sub-shop, at which unit price; nobody above a merchant's own shop.

    The chain's first price is the root's wholesale price; each further one is what a level sells at, the last
    the sub-shop's own retail price.
    """
    return tuple(zip(above, chain_prices_e4[1 : 1 + len(above)], strict=True))


def _request(shop: Shop, *, order: Order, at: datetime) -> PurchaseRequest:
    keyring = node_keyring()
    buyer = order.buyer
    above = merchants_above(shop)
    return PurchaseRequest(
        merchant=shop.organisation_id,
        reference=f"{shop.id.hex[-12:]}-{order.nonce}",
        lines=tuple(
            PurchaseLine(
                sku=one.ware.sku.code,
                quantity=one.quantity,
                amount_minor=one.amount_minor,
                retail_unit_price_e4=one.ware.unit_price_e4,
                target_json=msgspec.json.encode(one.target, order="sorted") if one.target else None,
                resellers=_resellers(above, one.ware.chain_prices_e4),
            )
            for one in order.basket.orders
        ),
        expires_at=at + timedelta(seconds=RESERVED_S),
        currency=order.basket.currency,
        contact_key=contacts.contact_key(keyring, buyer.contact),
        address_key=subject_key(keyring, kind="address", text=buyer.address),
        device_key=subject_key(keyring, kind="device", text=buyer.device) if buyer.device else None,
        buyer_ip=buyer.address,
    )


def repeat_on_conflict(work: Callable[[], _Result]) -> _Result:
    """Do a transaction's work again after a deadlock or a lock that was long in coming, a bounded number of
    times; then it is ``overloaded``.
    """
    for left in range(_TRIES - 1, -1, -1):
        try:
            with transaction.atomic():
                return work()
        except _CONFLICTS:
            if left == 0:
                raise Refusal("overloaded", retry_after_s=2) from None
    raise AssertionError("the last try returns or raises")


def _place_once(
    shop: Shop,
    request: PurchaseRequest,
    *,
    order: Order,
    needed: IdentityStep,
    share: gate.Share | None,
    at: datetime,
) -> ShopPurchase:
    cell = cell_of_shop(shop.cell)
    with cell_connection(cell) as connection:
        # Somebody who waits behind a stampede is told so in seconds, not when the browser gives up.
        connection.execute("SELECT set_config('lock_timeout', '5s', true)")
        placed = place_purchases(
            connection, [request], at=at, tools=tools_for(cell), limits=ReservationLimits()
        )[0]
    if placed.outcome not in {"created", "repeated"}:
        raise _refusal(placed, order.basket)
    assert placed.purchase is not None, "a placed purchase has an id"
    if placed.outcome == "repeated":
        return ShopPurchase.objects.get(id=placed.purchase, shop=shop)
    shown = gate.check_proof(
        needed, proof=order.proof, contact=order.buyer.contact, keyring=node_keyring(), at=at
    )
    if share is not None:
        share.keep(placed.purchase)
    return _store(shop, request, placed=placed, order=order, shown=shown, at=at)


def _refusal(placed: PlacedPurchase, basket: Basket) -> Refusal:
    code = _REFUSED.get(placed.outcome, "shop_not_sellable")
    if placed.line is None or len(basket.orders) == 1:
        return Refusal(code)
    ware = basket.orders[placed.line].ware
    known = Refusal(code)
    return Refusal(code, zh=f"{ware.title_zh}：{known.zh}", en=f"{ware.title_en}: {known.en}")


def _store(
    shop: Shop, request: PurchaseRequest, *, placed: PlacedPurchase, order: Order, shown: str, at: datetime
) -> ShopPurchase:
    assert placed.purchase is not None, "a placed purchase has an id"
    keyring = node_keyring()
    buyer = order.buyer
    lines = snapshots.snapshot(order.basket.lines, placed.orders)
    return ShopPurchase.objects.create(
        id=placed.purchase,
        shop=shop,
        cell=shop.cell,
        reference=request.reference,
        contact_key=request.contact_key,
        contact_sealed=contacts.seal_contact(keyring, placed.purchase, buyer.contact),
        password_key=contacts.password_key(keyring, buyer.contact, buyer.password),
        device_key=request.device_key,
        language=buyer.language,
        amount_minor=placed.amount_minor,
        currency=request.currency,
        lines=msgspec.to_builtins(lines),
        identity_evidence={"step": shown, "ticked": order.proof.ticked},
        order_ids=[str(made) for made in placed.orders],
        created_at=at,
        expires_at=request.expires_at,
    )


def cell_of_shop(shop_cell: int) -> cells.Cell:
    """Return the engine cell of a shop's or purchase's mode."""
    return _CELLS[shop_cell]
