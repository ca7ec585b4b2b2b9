"""From the shop's link to the code in hand, on a phone, in both languages; and money that does not fit."""

import re
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from playwright.sync_api import Browser, Page, expect

from kamao.business.engine_bridge import cell_connection
from kamao.business.shops import gate
from kamao.business.shops.basket import fill_basket
from kamao.business.shops.cart import CartLine
from kamao.business.shops.checkout import Buyer, Order, place
from kamao.business.shops.contacts import Contact
from kamao.business.shops.models import Shop, ShopPurchase
from kamao.business.shops.purchases import number_of, read_status
from kamao.engine.cells import LIVE
from kamao.kernel.errors import Refusal
from tests.e2e.conftest import Street

pytestmark = pytest.mark.browser

WORDS = {
    "zh-CN": {"buy": "立即购买", "pay": "去支付", "done": "到手了", "copied": "已复制"},
    "en-US": {"buy": "Buy now", "pay": "Pay now", "done": "Here it is", "copied": "Copied"},
}


class Phone:
    """A phone that counts taps and notes what the browser complains about."""

    def __init__(self, browser: Browser, language: str) -> None:
        self.context = browser.new_context(
            viewport={"width": 390, "height": 844}, locale=language, has_touch=True, is_mobile=True
        )
        self.page: Page = self.context.new_page()
        self.taps = 0
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda line: self.complaints.append(line.text) if line.type == "error" else None
        )

    def tap(self, selector: str) -> None:
        self.taps += 1
        self.page.tap(selector)

    def order(self, base: str) -> None:
        """From the shop's link to the pay page."""
        self.page.goto(f"{base}/s/maomi/")
        self.tap('a.good[href*="tencent-video-vip"]')
        self.tap("#id_contact")
        self.page.keyboard.type("13800138000")
        self.page.keyboard.press("Tab")
        self.page.keyboard.type("secret1")
        self.tap("input[name=no_return]")
        self.tap("button[value=buy]")
        self.page.wait_for_url("**/pay/**")


@pytest.fixture(params=["zh-CN", "en-US"])
def phone(request: Any, browser: Browser) -> Any:
    phone = Phone(browser, request.param)
    phone.words = WORDS[request.param]  # type: ignore[attr-defined]
    yield phone
    phone.context.close()


@pytest.fixture
def plain_phone(browser: Browser) -> Any:
    phone = Phone(browser, "en-US")
    yield phone
    phone.context.close()


def test_link_to_code_in_hand_in_six_taps(phone: Any, street: Street) -> None:
    phone.order(street.url)
    expect(phone.page.locator("a.btn-primary.btn-block")).to_contain_text(phone.words["pay"])
    phone.tap("a.btn-primary.btn-block")
    phone.page.wait_for_url(re.compile(r"/pay/B"))
    phone.tap("button[value=pay]")
    code = phone.page.locator("[id^=c].code-text")
    expect(code).to_be_visible()
    assert phone.taps <= 6
    expect(phone.page.locator("h1")).to_have_text(phone.words["done"])
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-\d{5}", code.inner_text())
    phone.page.tap(".copied-big")
    expect(phone.page.locator(".toast")).to_have_text(phone.words["copied"])
    assert phone.complaints == []


def test_the_tab_may_die_while_paying(plain_phone: Phone, street: Street) -> None:
    plain_phone.order(street.url)
    pay_url = plain_phone.page.get_attribute("a.btn-primary.btn-block", "href")
    plain_phone.page.close()
    assert pay_url is not None
    street.bank.press(pay_url)
    page = plain_phone.context.new_page()
    page.goto(f"{street.url}/s/maomi/mine/")
    page.tap("main a[href*='/o/']")
    expect(page.locator("[id^=c].code-text")).to_be_visible()


def test_the_open_pay_page_moves_on_by_itself(plain_phone: Phone, street: Street) -> None:
    plain_phone.order(street.url)
    pay_url = plain_phone.page.get_attribute("a.btn-primary.btn-block", "href")
    assert pay_url is not None
    street.bank.press(pay_url)
    plain_phone.page.wait_for_url("**/o/**", timeout=20_000)
    expect(plain_phone.page.locator("[id^=c].code-text")).to_be_visible()
    assert plain_phone.complaints == []


def test_one_fen_too_little_is_money_back_and_no_goods(plain_phone: Phone, street: Street) -> None:
    plain_phone.order(street.url)
    pay_url = plain_phone.page.get_attribute("a.btn-primary.btn-block", "href")
    assert pay_url is not None
    street.bank.press(pay_url, "short")
    purchase = ShopPurchase.objects.latest("created_at")
    plain_phone.page.goto(f"{street.url}/s/maomi/o/{number_of(purchase)}/")
    expect(plain_phone.page.locator(".code-text")).to_have_count(0)
    assert read_status(purchase).purchase.state != "paid"


def test_a_phone_number_is_grouped_and_the_carrier_named(plain_phone: Phone, street: Street) -> None:
    page = plain_phone.page
    page.goto(f"{street.url}/s/maomi/p/china-mobile-credit/")
    page.tap("#t_phone")
    page.keyboard.type("+8613800138000")
    expect(page.locator("#t_phone")).to_have_value("138 0013 8000")
    expect(page.locator(".charge-to b")).to_have_text("138 0013 8000")
    expect(page.locator(".charge-to")).to_contain_text("China Mobile")
    page.fill("#t_phone", "１８６００１３８０００")
    expect(page.locator("#target-note")).to_contain_text("China Unicom")
    assert plain_phone.complaints == []


def test_the_shop_works_without_script(browser: Browser, street: Street) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-US", java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{street.url}/s/maomi/")
    page.click('a.good[href*="tencent-video-vip"]')
    page.fill("#id_contact", "cat@example.com")
    page.fill("#id_password", "secret1")
    page.check("input[name=no_return]")
    page.click("button[value=buy]")
    pay_url = page.get_attribute("a.btn-primary.btn-block", "href")
    assert pay_url is not None
    street.bank.press(pay_url)
    page.click("text=I have paid")
    assert page.locator("[id^=c].code-text").count() == 1
    context.close()


SHOPPERS = 80


def _codes_of(sku: str) -> dict[str, int]:
    with transaction.atomic(), cell_connection(LIVE) as raw:
        rows = raw.execute(
            "SELECT c.state, count(*) FROM stock_code c JOIN pricing_offer o ON o.id = c.offer"
            " JOIN pricing_sku s ON s.id = o.sku WHERE s.code = %s GROUP BY 1",
            (sku,),
        ).fetchall()
    return dict(rows)


def test_eighty_shoppers_want_the_last_thirty(street: Street) -> None:
    shop = Shop.objects.select_related("organisation").get(slug="maomi")
    sku = "qq-music-month"
    free = _codes_of(sku)["free"]
    start = threading.Barrier(SHOPPERS)
    outcomes: list[str] = []
    slowest: list[float] = []

    def shop_once(number: int) -> None:
        try:
            at = datetime.now(UTC)
            basket = fill_basket(shop, [CartLine("one", sku=sku)], at=at)
            buyer = Buyer(
                contact=Contact("email", f"shopper{number}@example.com"),
                password="secret1",
                language="en",
                address=f"198.51.100.{number}",
                device=f"{number:032x}",
            )
            order = Order(basket=basket, buyer=buyer, nonce=f"{number:024d}", proof=gate.Proof(ticked=True))
            start.wait(60)
            began = time.monotonic()
            try:
                place(shop, order=order, at=at)
                outcomes.append("sold")
            except Refusal as refusal:
                outcomes.append(refusal.code)
            slowest.append(time.monotonic() - began)
        finally:
            connection.close()

    threads = [threading.Thread(target=shop_once, args=(number,)) for number in range(SHOPPERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    told = {code: outcomes.count(code) for code in set(outcomes)}
    assert told == {"sold": free, "shop_out_of_stock": SHOPPERS - free}
    assert max(slowest) < 30
    assert _codes_of(sku) == {"reserved": free}
    made = ShopPurchase.objects.filter(lines__0__sku=sku)
    assert made.count() == free
    assert len({order for orders in made.values_list("order_ids", flat=True) for order in orders}) == free
