"""Expiry closes at the provider first; as long as the answer is unknown the reservation stays."""

from datetime import UTC, datetime, timedelta

import pytest

from kamao.business.compliance.limits import Buyer, Checkout, check_limits
from kamao.business.compliance.models import Counter, CounterUse
from kamao.business.compliance.rules import CartLine
from kamao.business.keyring import node_keyring
from kamao.business.payments import intents
from kamao.engine.cells import LIVE
from kamao.kernel.errors import Refusal
from tests.payments.bank import Bank
from tests.payments.conftest import PRICE_MINOR, Shop
from tests.payments.test_arrivals import assert_goods, later


def test_expired_without_a_payment_page(shop: Shop, bank: Bank):
    purchase = shop.place(3)
    assert intents.expire_purchases(at=later(purchase, -2)) == 0
    assert shop.codes() == {"free": 7, "reserved": 3}
    assert intents.expire_purchases(at=later(purchase)) == 1
    assert shop.state(purchase) == "expired"
    assert shop.codes() == {"free": 10}
    assert intents.expire_purchases(at=later(purchase)) == 0


def test_unknown_answer_to_close_keeps_the_reservation(shop: Shop, bank: Bank):
    for kind in ("drop_before", "drop_after", "error", "garbage", "bad_signature"):
        bank.misbehave("close", kind)
        purchase = shop.place()
        page = shop.pay_page(purchase)
        intents.expire_purchases(at=later(purchase))
        assert intents.follow_up(at=later(purchase)) == 1
        assert shop.state(purchase) == "closing"
        assert shop.codes() == {"free": 9, "reserved": 1}
        assert shop.intent(page.number).state == "closing"
        bank.behave()
        assert intents.follow_up(at=later(purchase, 60)) == 1
        assert shop.state(purchase) == "expired"
        assert shop.codes() == {"free": 10}
    assert shop.books_are_clean()


def test_paid_while_closing_gives_the_goods(shop: Shop, bank: Bank):
    bank.misbehave("notify", "lose")
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.press(page.url)
    intents.expire_purchases(at=later(purchase))
    intents.follow_up(at=later(purchase))
    assert_goods(shop, bank, purchase, page.number)


def test_paid_after_an_unknown_close_gives_the_goods(shop: Shop, bank: Bank):
    """The close got lost on its way there, the buyer paid meanwhile: the reservation was still his."""
    bank.misbehave("close", "drop_before", remaining=1)
    bank.misbehave("notify", "lose")
    purchase = shop.place()
    page = shop.pay_page(purchase)
    intents.expire_purchases(at=later(purchase))
    intents.follow_up(at=later(purchase))
    bank.press(page.url)
    intents.follow_up(at=later(purchase, 60))
    assert_goods(shop, bank, purchase, page.number)


def test_no_answer_to_create_is_tried_again_under_the_same_number(shop: Shop, bank: Bank):
    bank.misbehave("create", "drop_after", remaining=1)
    purchase = shop.place()
    with pytest.raises(Refusal) as refused:
        shop.pay_page(purchase)
    assert refused.value.code == "payment_unavailable"
    page = shop.pay_page(purchase)
    assert page.url == bank.order(page.number)["pay_url"]
    assert shop.pay_page(purchase) == page
    orders = [
        order
        for order in bank.control("state", method="GET")["orders"]
        if order["amount_minor"] == PRICE_MINOR
    ]
    assert [order["out_trade_no"] for order in orders].count(page.number) == 1


def test_an_order_whose_creation_is_unknown_is_closed_too(shop: Shop, bank: Bank):
    """The bank never saw the order; the close leaves a dead one behind, so a late create cannot be paid."""
    bank.misbehave("create", "drop_before", remaining=1)
    purchase = shop.place()
    with pytest.raises(Refusal):
        shop.pay_page(purchase)
    intents.expire_purchases(at=later(purchase))
    intents.follow_up(at=later(purchase))
    assert shop.state(purchase) == "expired"
    assert shop.codes() == {"free": 10}


def test_no_payment_begins_at_the_last_moment(shop: Shop, bank: Bank):
    purchase = shop.place(lasts_s=3)
    with pytest.raises(Refusal) as refused:
        shop.pay_page(purchase)
    assert refused.value.code == "purchase_expired"


def test_the_buyer_gives_up(shop: Shop, bank: Bank):
    purchase = shop.place()
    page = shop.pay_page(purchase)
    assert intents.cancel_purchase(purchase.id, cell=LIVE, actor="buyer", at=datetime.now(UTC))
    assert shop.state(purchase) == "cancelled"
    assert shop.codes() == {"free": 10}
    assert bank.press(page.url).status_code == 200
    assert bank.held_minor(page.number) == 0
    with pytest.raises(Refusal) as refused:
        shop.pay_page(purchase)
    assert refused.value.code == "purchase_expired"


def test_giving_up_waits_for_the_provider(shop: Shop, bank: Bank):
    bank.misbehave("close", "drop_before")
    purchase = shop.place()
    shop.pay_page(purchase)
    at = datetime.now(UTC)
    assert not intents.cancel_purchase(purchase.id, cell=LIVE, actor="buyer", at=at)
    assert shop.codes() == {"free": 9, "reserved": 1}
    bank.behave()
    intents.follow_up(at=at + timedelta(minutes=2))
    intents.expire_purchases(at=later(purchase))
    assert shop.codes() == {"free": 10}


def test_what_an_expired_purchase_took_of_daily_caps_comes_back(shop: Shop, bank: Bank):
    purchase, kept = shop.place(), shop.place(lasts_s=600)
    line = CartLine(
        sku="month",
        kind="code",
        instrument="one_off_voucher",
        is_game=False,
        quantity=1,
        amount_minor=PRICE_MINOR,
    )
    for one in (purchase, kept):
        checkout = Checkout(one.id, shop.merchant, "CNY", (line,), Buyer("13800138000", None, None))
        check_limits(checkout, keyring=node_keyring(), at=datetime.now(UTC))
    assert set(Counter.objects.values_list("units", flat=True)) == {2}
    intents.expire_purchases(at=later(purchase))
    assert set(Counter.objects.values_list("units", flat=True)) == {1}
    assert set(CounterUse.objects.values_list("reference", flat=True)) == {kept.id}
