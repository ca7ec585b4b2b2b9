"""Money that arrives, in every way it can: the buyer ends with goods or with money back, exactly one of
them.
"""

from datetime import UTC, datetime, timedelta

from kamao.business.payments import intents, refunds
from kamao.business.payments.models import Notice, PaymentIntent, RefundAttempt, RejectedNotice
from tests.payments.bank import Bank
from tests.payments.conftest import PRICE_MINOR, Shop, wait_for


def later(purchase: intents.PurchaseToPay, seconds: int = 1) -> datetime:
    return purchase.expires_at + timedelta(seconds=seconds)


def refund_all(shop: Shop) -> None:
    """Run the refund worker until nothing is open."""
    at = datetime.now(UTC)
    for step in range(20):
        refunds.run_refunds(at=at + timedelta(hours=step))
        if all(state == "done" for state, _ in shop.refunds()):
            return
    raise AssertionError(shop.refunds())


def assert_goods(
    shop: Shop, bank: Bank, purchase: intents.PurchaseToPay, number: str, units: int = 1
) -> None:
    assert shop.state(purchase) == "paid"
    assert shop.delivered(purchase) == units
    assert bank.held_minor(number) == purchase.amount_minor == shop.cash_minor()
    assert shop.books_are_clean()


def assert_money_back(shop: Shop, bank: Bank, purchase: intents.PurchaseToPay, number: str) -> None:
    assert shop.delivered(purchase) == 0
    assert bank.held_minor(number) == 0 == shop.cash_minor()
    assert shop.books_are_clean()


def test_paid_and_notified(shop: Shop, bank: Bank):
    purchase = shop.place(2)
    page = shop.pay_page(purchase)
    assert page.is_test
    assert shop.codes() == {"free": 8, "reserved": 2}
    answer = bank.press(page.url)
    assert answer.headers["location"] == shop.base_url + "/back"
    wait_for(lambda: shop.state(purchase) == "paid")
    assert_goods(shop, bank, purchase, page.number, units=2)
    assert shop.intent(page.number).state == "paid"
    assert list(Notice.objects.values_list("outcome", "copies")) == [("captured", 1)]


def test_notified_again_and_again(shop: Shop, bank: Bank):
    bank.misbehave("notify", "duplicate", value=3, remaining=1)
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.press(page.url)
    wait_for(lambda: Notice.objects.filter(copies=4).exists())
    assert shop.payments() == [("captured", PRICE_MINOR, "")]
    assert_goods(shop, bank, purchase, page.number)


def test_never_notified_is_found_by_asking(shop: Shop, bank: Bank):
    bank.misbehave("notify", "lose")
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.press(page.url)
    assert shop.state(purchase) == "awaiting_payment"
    assert intents.follow_up(at=datetime.now(UTC) + timedelta(seconds=10)) == 1
    assert_goods(shop, bank, purchase, page.number)


def test_the_waiting_page_asks_at_most_every_few_seconds(shop: Shop, bank: Bank):
    bank.misbehave("notify", "lose")
    purchase = shop.place()
    page = shop.pay_page(purchase)
    at = datetime.now(UTC)
    assert intents.recheck(purchase.id, at=at) == 1
    bank.press(page.url)
    assert intents.recheck(purchase.id, at=at + timedelta(seconds=1)) == 0
    assert intents.recheck(purchase.id, at=at + timedelta(seconds=4)) == 1
    assert_goods(shop, bank, purchase, page.number)


def test_paid_after_expiry_goes_back(shop: Shop, bank: Bank):
    purchase = shop.place()
    page = shop.pay_page(purchase)
    intents.expire_purchases(at=later(purchase))
    intents.follow_up(at=later(purchase))
    assert shop.state(purchase) == "expired"
    assert shop.codes() == {"free": 10}
    assert bank.order(page.number)["state"] == "closed"
    bank.force_pay(page.number)
    wait_for(lambda: shop.payments() == [("unapplied", PRICE_MINOR, "purchase_expired")])
    assert bank.held_minor(page.number) == PRICE_MINOR
    refund_all(shop)
    assert_money_back(shop, bank, purchase, page.number)
    assert RefundAttempt.objects.get().sends == 1


def test_wrong_amount_goes_back_and_the_right_one_buys(shop: Shop, bank: Bank):
    purchase = shop.place()
    first = shop.pay_page(purchase)
    bank.press(first.url, "pay_wrong")
    wait_for(lambda: shop.payments() == [("unapplied", PRICE_MINOR - 1, "wrong_amount")])
    assert shop.state(purchase) == "awaiting_payment"
    refund_all(shop)
    assert_money_back(shop, bank, purchase, first.number)
    second = shop.pay_page(purchase)
    assert second.number != first.number
    bank.press(second.url)
    wait_for(lambda: shop.state(purchase) == "paid")
    assert_goods(shop, bank, purchase, second.number)


def test_paid_twice_keeps_one(shop: Shop, bank: Bank):
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.press(page.url, "pay_twice")
    wait_for(lambda: len(shop.payments()) == 2)
    assert sorted(shop.payments()) == [
        ("captured", PRICE_MINOR, ""),
        ("unapplied", PRICE_MINOR, "already_paid"),
    ]
    refund_all(shop)
    assert_goods(shop, bank, purchase, page.number)


def test_forged_notice_moves_nothing(shop: Shop, bank: Bank):
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.control("forge", {"merchant": bank.merchant, "out_trade_no": page.number})
    wait_for(lambda: RejectedNotice.objects.filter(reason="signature").exists())
    assert shop.payments() == []
    assert shop.state(purchase) == "awaiting_payment"
    assert not Notice.objects.exists()
    bank.press(page.url)
    wait_for(lambda: shop.state(purchase) == "paid")
    assert_goods(shop, bank, purchase, page.number)


def test_signed_notice_with_another_amount_is_asked_about(shop: Shop, bank: Bank):
    """The bank's own record decides, not the sentence in its notice."""
    bank.misbehave("notify", "wrong_amount", value=-100)
    purchase = shop.place()
    page = shop.pay_page(purchase)
    bank.press(page.url)
    wait_for(lambda: shop.state(purchase) == "paid")
    assert shop.payments() == [("captured", PRICE_MINOR, "")]
    assert_goods(shop, bank, purchase, page.number)


def test_money_for_an_order_nobody_made_goes_back(shop: Shop, bank: Bank):
    purchase = shop.place()
    page = shop.pay_page(purchase)
    # As after a restore from an older backup: the bank knows an order that we do not.
    PaymentIntent.objects.filter(number=page.number).delete()
    bank.press(page.url)
    wait_for(lambda: shop.payments() == [("unapplied", PRICE_MINOR, "purchase_not_found")])
    refund_all(shop)
    assert_money_back(shop, bank, purchase, page.number)


def test_notice_for_another_account_is_refused(shop: Shop, bank: Bank, client):
    answer = client.post(f"/pay/notify/{shop.merchant}", data=b"{}", content_type="application/json")
    assert answer.status_code == 404
    answer = client.post(
        f"/pay/notify/{shop.account.id}", data=b"x" * 70_000, content_type="application/json"
    )
    assert answer.status_code == 413
    answer = client.post(f"/pay/notify/{shop.account.id}", data=b"{}", content_type="application/json")
    assert (answer.status_code, answer.content) == (401, b"fail")
    assert client.get(f"/pay/notify/{shop.account.id}").status_code == 405
