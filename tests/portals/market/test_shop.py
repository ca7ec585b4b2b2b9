"""A shop over HTTP: what is shown, what is refused, what a purchase leaves behind; on real PostgreSQL."""

import gzip
import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from kamao.business.compliance.models import CounterUse, SandboxMessage
from kamao.business.engine_bridge import cell_connection
from kamao.business.engine_tools import tools_for
from kamao.business.keyring import node_keyring
from kamao.business.shops import attempts
from kamao.business.shops.models import Attempt, RestockWish, Shop, ShopPurchase
from kamao.business.shops.purchases import number_of, read_status
from kamao.business.shops.wishes import News, tell_wishes
from kamao.engine.cells import LIVE
from kamao.engine.trade.payments import apply_payments
from kamao.engine.trade.types import PaymentArrived
from kamao.kernel.ids import encode

BASE = "/s/maomi/"
VIDEO = BASE + "p/tencent-video-vip/"
PHONE = BASE + "p/china-mobile-credit/"
GAME = BASE + "p/golden-spatula-tokens/"
NONCE = "abcdefabcdefabcdefabcdef"


def order_form(**changes: str) -> dict[str, str]:
    return {
        "sku": "tencent-video-month",
        "quantity": "1",
        "contact": "13800138000",
        "password": "secret1",
        "no_return": "on",
        "nonce": NONCE,
        "act": "buy",
        **changes,
    }


def text_of(answer: Any) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", answer.content.decode()))


def free_codes() -> int:
    with cell_connection(LIVE) as raw:
        row = raw.execute("SELECT count(*) FROM stock_code WHERE state = 'free'").fetchone()
    return int(row[0])


def pay(purchase: ShopPurchase, *, amount_minor: int | None = None) -> str:
    """The engine is told of money as the provider's notice would tell it."""
    arrived = PaymentArrived(
        "sandbox-live",
        f"T{purchase.id.hex}",
        purchase.id,
        amount_minor or purchase.amount_minor,
        "CNY",
        datetime.now(UTC),
    )
    with cell_connection(LIVE) as raw:
        return apply_payments(raw, [arrived], at=datetime.now(UTC), tools=tools_for(LIVE))[0].outcome


def test_the_shelf_has_one_card_per_product(shop: Shop, buyer: Client) -> None:
    shown = buyer.get(BASE).content.decode()
    assert shown.count('class="good"') == 4
    assert "Tencent Video VIP" in shown
    assert "style=" not in shown
    assert "<script>" not in shown


@pytest.mark.parametrize("query", ["腾讯视频", "txsp", "tengxunshipin", "ｔｘｓｐ", "騰訊視頻"])
def test_search_finds_by_name_pinyin_and_initials(shop: Shop, buyer: Client, query: str) -> None:
    assert "tencent-video-vip" in buyer.get(BASE, {"q": query}).content.decode()
    assert "tencent-video-vip" in buyer.get(BASE + "suggest/", {"q": query}).content.decode()


def test_nothing_found_says_what_to_do(shop: Shop, buyer: Client) -> None:
    shown = text_of(buyer.get(BASE, {"q": "zzzzqqqq"}))
    assert "Nothing found" in shown
    assert "Try fewer words" in shown


def test_first_paint_of_a_shop_is_light(shop: Shop, buyer: Client) -> None:
    page = buyer.get(BASE, headers={"accept-encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    weight = len(page.content)
    for address in re.findall(r'"(/assets/[^"]+)"', gzip.decompress(page.content).decode()):
        answer = buyer.get(address, headers={"accept-encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        weight += len(answer.content)
    assert 20_000 < weight <= 100_000


def test_unknown_and_closed_shops_are_404(shop: Shop, buyer: Client) -> None:
    assert buyer.get("/s/nobody/").status_code == 404
    shop.open = False
    shop.save()
    assert buyer.get(BASE).status_code == 404
    assert buyer.get(BASE + "mine/").status_code == 200, "orders already placed stay reachable"


def test_an_unlisted_product_is_404(shop: Shop, buyer: Client) -> None:
    assert buyer.get(BASE + "p/iqiyi-gold-vip/").status_code == 404
    assert buyer.get(BASE + "p/no-such/").status_code == 404


def test_the_product_page_names_price_promise_and_terms(shop: Shop, buyer: Client) -> None:
    shown = text_of(buyer.get(VIDEO, {"sku": "tencent-video-month"}))
    assert "¥23.40" in shown
    assert "¥30.00" in shown
    assert "Delivered at once" in shown
    assert "cannot be returned" in shown


def test_nothing_is_ticked_beforehand(shop: Shop, buyer: Client) -> None:
    shown = buyer.get(VIDEO).content.decode()
    assert 'name="no_return"' in shown
    assert not re.search(r'name="no_return"[^>]*checked', shown)


def test_the_total_follows_the_quantity(shop: Shop, buyer: Client) -> None:
    ask = {"sku": "tencent-video-month", "quantity": "3"}
    assert text_of(buyer.post(BASE + "total/", ask)).strip() == "¥70.20"
    assert "multiple" in text_of(buyer.post(BASE + "total/", ask | {"quantity": "0"}))


def test_a_purchase_reserves_and_leads_to_payment(shop: Shop, buyer: Client) -> None:
    before = free_codes()
    answer = buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{BASE}pay/{number_of(purchase)}/")
    assert (purchase.amount_minor, free_codes()) == (2340, before - 1)
    assert b"13800138000" not in bytes(purchase.contact_sealed)
    assert purchase.identity_evidence == {"step": "none", "ticked": True}
    line = purchase.lines[0]
    assert (line["name_en"], line["amount_minor"], line["quantity"]) == ("Tencent Video VIP Month", 2340, 1)
    assert CounterUse.objects.exclude(reference=purchase.id).count() == 0
    assert answer.cookies["kamao_orders"]["httponly"]


def test_sending_the_form_twice_is_one_purchase(shop: Shop, buyer: Client) -> None:
    first, again = buyer.post(VIDEO, order_form()), buyer.post(VIDEO, order_form())
    assert first.headers["Location"] == again.headers["Location"]
    assert ShopPurchase.objects.count() == 1
    other = buyer.post(VIDEO, order_form(quantity="2"))
    assert other.status_code == 409
    assert ShopPurchase.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"no_return": ""}, 422, "Please tick the box"),
        ({"contact": "123"}, 422, "Enter a mobile number"),
        ({"password": "abc"}, 422, "at least 4"),
        ({"quantity": "0"}, 422, "multiple of 1"),
        ({"quantity": "101"}, 422, "1 to 100"),
        ({"quantity": "9999999"}, 422, "multiple"),
        ({"quantity": "50"}, 409, "sold out"),
    ],
)
def test_a_refused_form_reserves_nothing_and_keeps_what_was_typed(
    shop: Shop, buyer: Client, changes: dict[str, str], status: int, says: str
) -> None:
    before = free_codes()
    answer = buyer.post(VIDEO, order_form(**changes))
    assert answer.status_code == status
    assert says in text_of(answer)
    assert 'value="secret1"' in answer.content.decode() or "password" in changes
    assert (ShopPurchase.objects.count(), free_codes(), CounterUse.objects.count()) == (0, before, 0)


def test_hostile_text_is_shown_as_text(shop: Shop, buyer: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    shown = buyer.post(VIDEO, order_form(contact=hostile, password=hostile)).content.decode()
    assert "<script>alert" not in shown
    assert "<script>alert" not in buyer.get(BASE, {"q": hostile, "category": hostile}).content.decode()


def test_a_typed_number_is_checked_and_named(shop: Shop, buyer: Client) -> None:
    address = BASE + "check/?sku=china-mobile-credit-50"
    good = text_of(buyer.post(address, {"t_phone": "+86 138-0013-8000"}))
    assert "138 0013 8000" in good
    assert "China Mobile" in good
    wrong = buyer.post(address, {"t_phone": "18600138000"}).content.decode()
    assert "China Unicom" in wrong
    assert 'name="t_ported"' in wrong
    ported = text_of(buyer.post(address, {"t_phone": "18600138000", "t_ported": "yes"}))
    assert "186 0013 8000" in ported
    assert buyer.post(BASE + "check/?sku=tencent-video-month", {"t_phone": "1"}).status_code == 404


def test_a_topup_without_a_target_is_refused(shop: Shop, buyer: Client) -> None:
    answer = buyer.post(PHONE, order_form(sku="china-mobile-credit-50"))
    assert answer.status_code == 422
    assert "Mobile number" in text_of(answer)


def test_a_topup_seals_its_target(shop: Shop, buyer: Client) -> None:
    answer = buyer.post(PHONE, order_form(sku="china-mobile-credit-50", t_phone="138 0013 8000"))
    assert answer.status_code == 302
    purchase = ShopPurchase.objects.get()
    assert purchase.lines[0]["target_masked"] == "138****8000"
    assert "13800138000" not in str(purchase.lines)


def test_a_game_needs_a_verified_phone(shop: Shop, buyer: Client) -> None:
    form = order_form(
        sku="golden-spatula-60-tokens", t_login="wechat", t_system="android", t_game_id="12345678"
    )
    refused = buyer.post(GAME, form)
    assert refused.status_code == 403
    assert "verified phone number" in text_of(refused)
    assert ShopPurchase.objects.count() == 0
    sent = buyer.post(GAME, form | {"act": "send_code"})
    assert sent.status_code == 200
    assert "on its way" in text_of(sent)
    code = re.search(r"\d{6}", _last_message())[0]
    wrong = buyer.post(GAME, form | {"phone_code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 422
    bought = buyer.post(GAME, form | {"phone_code": code})
    assert bought.status_code == 302, text_of(bought)
    assert ShopPurchase.objects.get().identity_evidence["step"] == "phone_code"
    again = buyer.post(GAME, form | {"nonce": NONCE[::-1]})
    assert again.status_code == 403, "a code is spent by its purchase"


def _last_message() -> str:
    row = SandboxMessage.objects.order_by("-created_at").first()
    return node_keyring().open_text(row.id, bytes(row.text_sealed))


def test_a_bundle_is_split_exactly_over_its_orders(shop: Shop, buyer: Client) -> None:
    answer = buyer.post(BASE + "b/chill/", order_form())
    assert answer.status_code == 302
    purchase = ShopPurchase.objects.get()
    assert purchase.amount_minor == sum(line["amount_minor"] for line in purchase.lines) == 3563
    assert len(purchase.order_ids) == 2
    assert {line["bundle_en"] for line in purchase.lines} == {"Watch and listen"}


def test_the_cart_becomes_one_purchase(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form(act="cart"))
    buyer.post(PHONE, order_form(sku="china-mobile-credit-50", t_phone="13800138000", act="cart"))
    shown = buyer.get(BASE + "cart/")
    assert "¥62.40" in text_of(shown)
    answer = buyer.post(BASE + "checkout/", order_form())
    purchase = ShopPurchase.objects.get()
    assert (answer.status_code, purchase.amount_minor, len(purchase.lines)) == (302, 6240, 2)
    assert "empty" in text_of(buyer.get(BASE + "cart/"))


def test_a_cart_line_can_be_changed_and_removed(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form(act="cart"))
    key = re.search(r'name="key" value="(\w+)"', buyer.get(BASE + "cart/").content.decode())[1]
    buyer.post(BASE + "cart/", {"key": key, "quantity": "4"})
    assert "¥93.60" in text_of(buyer.get(BASE + "cart/"))
    buyer.post(BASE + "cart/", {"key": key, "remove": "1"})
    assert "empty" in text_of(buyer.get(BASE + "cart/"))


def test_a_paid_purchase_shows_its_code_with_a_trace(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form(quantity="2"))
    purchase = ShopPurchase.objects.get()
    page = f"{BASE}o/{number_of(purchase)}/"
    assert "code-text" not in buyer.get(page).content.decode()
    assert pay(purchase) == "captured"
    answer = buyer.get(page)
    codes = re.findall(r'id="c\w+">([^<]+)<', answer.content.decode())
    assert len(codes) == len(set(codes)) == 2
    assert answer.headers["Cache-Control"].startswith("no-store")
    assert answer.headers["Referrer-Policy"] == "same-origin"
    with cell_connection(LIVE) as raw:
        rows = raw.execute("SELECT actor, count(*) FROM stock_reveal GROUP BY 1").fetchall()
    assert rows == [("buyer:device", 2)]
    text = buyer.post(page + "codes.txt")
    assert all(code in text.content.decode("utf-8-sig") for code in codes)
    sheet = buyer.post(page + "codes.xlsx")
    assert sheet.headers["Content-Disposition"].endswith('.xlsx"')
    assert buyer.get(page + "codes.txt").status_code == 405, "no address leads to codes"
    assert buyer.post(page + "codes.exe").status_code == 404


def test_polling_draws_nothing_while_nothing_moves(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    page = f"{BASE}o/{number_of(purchase)}/"
    seen = read_status(purchase).seen
    assert buyer.get(page, {"seen": seen}, headers={"hx-request": "true"}).status_code == 204
    pay(purchase)
    assert buyer.get(page, {"seen": seen}, headers={"hx-request": "true"}).status_code == 200


def test_the_status_leads_on_once_paid(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    address = f"{BASE}status/{number_of(purchase)}/"
    assert "Awaiting payment" in text_of(buyer.get(address))
    pay(purchase)
    answer = buyer.get(address)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"{BASE}o/{number_of(purchase)}/")


def test_a_number_opens_the_order_on_any_device_and_a_wrong_one_nothing(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    pay(purchase)
    stranger = Client(headers={"accept-language": "en"})
    for number in (number_of(purchase), encode("ord", read_status(purchase).orders[0].line.order)):
        answer = stranger.post(BASE + "lookup/", {"by": "number", "number": f" {number} "})
        assert answer.headers["Location"] == f"{BASE}o/{number_of(purchase)}/"
    wrong = stranger.post(BASE + "lookup/", {"by": "number", "number": "pur_" + "0" * 26})
    assert "No order has this number" in text_of(wrong)
    assert stranger.get(f"{BASE}o/pur_{'0' * 26}/").status_code == 404


def test_another_shop_cannot_see_the_order(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    Shop.objects.create(
        organisation=shop.organisation, slug="other", name="Other", created_at=datetime.now(UTC)
    )
    assert buyer.get(f"/s/other/o/{number_of(purchase)}/").status_code == 404
    found = buyer.post("/s/other/lookup/", {"by": "number", "number": number_of(purchase)})
    assert found.status_code == 200


def test_contact_and_password_list_masked_orders_without_a_way_to_codes(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    pay(purchase)
    stranger = Client(headers={"accept-language": "en"})
    ask = {"by": "contact", "contact": "138 0013 8000", "password": "secret1"}
    shown = stranger.post(BASE + "lookup/", ask).content.decode()
    assert "Tencent Video VIP Month" in shown
    assert number_of(purchase) not in shown
    wrong = stranger.post(BASE + "lookup/", ask | {"password": "secret2"})
    unknown = stranger.post(BASE + "lookup/", ask | {"contact": "13900139000"})
    assert "No order found" in text_of(wrong)
    strip = re.compile(r'value="[^"]*"|csrfmiddlewaretoken.*?>|hx-headers=\S+ \S+')
    assert strip.sub("", wrong.content.decode()) == strip.sub("", unknown.content.decode())


def test_a_one_time_code_opens_the_list(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    stranger = Client(headers={"accept-language": "en"})
    ask = {"contact": "13800138000", "password": "secret1"}
    stranger.post(BASE + "lookup/", ask | {"by": "send_code"})
    code = re.search(r"\d{6}", _last_message())[0]
    opened = stranger.post(BASE + "lookup/", ask | {"by": "code", "code": code})
    assert number_of(purchase) in opened.content.decode()
    assert number_of(purchase) in stranger.get(BASE + "mine/").content.decode(), "remembered on this device"


def test_lookups_are_limited(shop: Shop, buyer: Client) -> None:
    ask = {"by": "contact", "contact": "13800138000", "password": "guess-it"}
    answers = [
        buyer.post(BASE + "lookup/", ask).status_code for _ in range(attempts.LOOKUP_BY_CONTACT.most + 1)
    ]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {200}


def test_attempts_count_in_windows(shop: Shop) -> None:
    limit = attempts.Limit(2, 60)
    at = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
    assert [attempts.count_attempt(b"k", limit=limit, at=at) for _ in range(3)] == [1, 0, -1]
    assert attempts.count_attempt(b"k", limit=limit, at=at + timedelta(seconds=60)) == 1
    assert attempts.forget_attempts(before=at + timedelta(days=2)) == 2
    assert Attempt.objects.filter(key=b"k").count() == 0


def test_my_orders_are_this_devices(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    assert "Tencent Video VIP Month" in text_of(buyer.get(BASE + "mine/"))
    assert "No orders on this device" in text_of(
        Client(headers={"accept-language": "en"}).get(BASE + "mine/")
    )


def test_sold_out_offers_a_wish_that_is_told_once(shop: Shop, buyer: Client) -> None:
    for nonce in ("a" * 24, "b" * 24, "c" * 24, "d" * 24, "e" * 24):
        assert buyer.post(VIDEO, order_form(nonce=nonce)).status_code == 302
    shown = text_of(buyer.get(VIDEO, {"sku": "tencent-video-month"}))
    assert "Tell me when it is back" in shown
    wish = {"sku": "tencent-video-month", "contact": "cat@example.com"}
    assert buyer.post(BASE + "restock/", wish).status_code == 302
    buyer.post(BASE + "restock/", wish)
    assert RestockWish.objects.count() == 1
    told: list[News] = []
    link = lambda shop, sku: f"https://x/{sku}"  # noqa: E731
    assert tell_wishes(told.append, at=datetime.now(UTC), link=link) == 0
    with transaction.atomic(), cell_connection(LIVE) as raw:
        raw.execute("UPDATE stock_code SET state = 'free', holder = NULL WHERE state = 'reserved'")
    assert tell_wishes(told.append, at=datetime.now(UTC), link=link) == 1
    assert told[0].contact.value == "cat@example.com"
    assert told[0].text == "[猫咪数码] Tencent Video VIP Month is back: https://x/tencent-video-month"
    assert tell_wishes(told.append, at=datetime.now(UTC), link=link) == 0


def test_unpaid_orders_of_one_device_are_limited(shop: Shop, buyer: Client) -> None:
    seven = {"sku": "tencent-video-7-days"}
    for number in range(5):
        assert buyer.post(VIDEO, order_form(nonce=str(number) * 24)).status_code == 302
    refused = buyer.post(VIDEO, order_form(nonce="f" * 24, **seven))
    assert refused.status_code == 429
    assert "still unpaid" in text_of(refused)


def test_posters_and_links(shop: Shop, buyer: Client) -> None:
    page = buyer.get(BASE + "share/", {"product": "tencent-video-vip"}).content.decode()
    assert "http://testserver/s/maomi/p/tencent-video-vip/" in page
    svg = buyer.get(BASE + "poster.svg")
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert "猫咪数码" in svg.content.decode()
    assert buyer.get(BASE + "poster.png").content.startswith(b"\x89PNG")
    assert buyer.get(BASE + "poster.svg", {"product": "nope"}).status_code == 404


def test_customer_service_has_the_order_filled_in(shop: Shop, buyer: Client) -> None:
    buyer.post(VIDEO, order_form())
    purchase = ShopPurchase.objects.get()
    shown = text_of(buyer.get(BASE + "service/", {"order": number_of(purchase)}))
    assert "maomi-kefu" in shown
    assert "ord_" in shown
    assert number_of(purchase) not in shown.split("Your message")[1].split("Copy")[0], (
        "the number that opens codes stays home"
    )


def test_the_language_switch_is_remembered(shop: Shop, buyer: Client) -> None:
    assert "All goods" in text_of(buyer.get(BASE))
    buyer.post("/language/", {"language": "zh-hans", "next": BASE})
    assert "全部" in text_of(buyer.get(BASE))
    cache.clear()
