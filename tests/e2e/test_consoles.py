"""The consoles in a real browser: second factor, every page at two widths, an invitation's link."""

import re

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page

from kamao.business.identity.models import Membership
from tests.identity.factories import PASSWORD, member, totp_code
from tests.portals.consoles.conftest import Trade

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = {
    "merchant": ["", "orders/", "wallet/", "members/", "audit/"],
    "supplier": ["", "offers/", "lots/", "fulfilments/", "settlements/", "members/"],
    "operator": [
        "",
        "orders/",
        "organisations/",
        "topup/",
        "price/",
        "admin/",
        "admin/portal_operator/order/",
    ],
}
WIDTHS = (390, 1440)


class Desk:
    """Somebody's browser window; keeps what it complained about."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.base = base
        self.context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console", lambda line: self.complaints.append(line.text) if line.type == "error" else None
        )

    def sign_in(self, email: str) -> None:
        self.page.goto(self.base + "/accounts/login/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url("**/2fa/authenticate/**")
        self.page.fill("[name=code]", totp_code())
        self.page.press("[name=code]", "Enter")
        self.page.wait_for_url(re.compile(r"/(merchant|supplier|operator)/$"))

    def width_beyond(self) -> int:
        """How many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.fixture
def trade(transactional_db: None) -> Trade:
    cache.clear()
    made = Trade()
    made.order()
    made.order(by_hand=True)
    return made


@pytest.mark.parametrize("kind", list(PAGES))
def test_every_page_fits_and_complains_about_nothing(
    browser: Browser, live_server: object, trade: Trade, kind: str
) -> None:
    member(getattr(trade, kind), "admin", "ada@example.test", totp=True)
    desk = Desk(browser, live_server.url)
    desk.sign_in("ada@example.test")
    assert desk.page.url.endswith(f"/{kind}/")
    for width in WIDTHS:
        desk.page.set_viewport_size({"width": width, "height": 900})
        for path in PAGES[kind]:
            answer = desk.page.goto(f"{desk.base}/{kind}/{path}")
            assert answer.status == 200, path
            assert desk.width_beyond() <= 0, (path, width)
    assert desk.complaints == []
    desk.context.close()


def test_a_key_is_made_and_copied_from_the_page(browser: Browser, live_server: object, trade: Trade) -> None:
    member(trade.merchant, "admin", "ada@example.test", totp=True)
    desk = Desk(browser, live_server.url)
    desk.sign_in("ada@example.test")
    desk.page.goto(desk.base + "/api-keys/")
    desk.page.fill("[name=label]", "till")
    desk.page.click("form button:has-text('创建密钥')")
    key = desk.page.inner_text("[data-raw-key]")
    assert re.fullmatch(r"kmk_test_[0-9a-z]{10}_[0-9a-z]{52}", key)
    desk.page.reload()
    assert desk.complaints == []
    desk.context.close()


def test_an_invitation_link_is_opened_by_a_stranger(
    browser: Browser, live_server: object, trade: Trade
) -> None:
    member(trade.merchant, "admin", "ada@example.test", totp=True)
    desk = Desk(browser, live_server.url)
    desk.sign_in("ada@example.test")
    desk.page.goto(desk.base + "/merchant/members/")
    desk.page.fill("[name=email]", "bob@example.test")
    desk.page.click("form button:has-text('邀请')")
    link = desk.page.get_attribute("[data-copy]", "data-copy")
    token = link.partition("#")[2]
    guest = Desk(browser, live_server.url)
    guest.page.goto(link)
    guest.page.wait_for_selector("text=bob@example.test")
    assert token not in guest.page.url
    assert token not in guest.page.content()
    guest.page.click("a:has-text('注册账号')")
    guest.page.fill("[name=email]", "bob@example.test")
    guest.page.fill("[name=password1]", PASSWORD)
    guest.page.fill("[name=password2]", PASSWORD)
    guest.page.press("[name=password2]", "Enter")
    guest.page.click("button:has-text('接受')")
    guest.page.wait_for_url("**/merchant/")
    assert Membership.objects.get(user__email="bob@example.test").role == "operations"
    assert guest.complaints == []
    desk.context.close()
    guest.context.close()
