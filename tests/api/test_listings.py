"""Listings of a merchant's own shops, and the public JSON of a shop: from goods to a reserved purchase."""

import pytest

from kamao.business.catalog.rows import LibraryRow
from kamao.business.identity.audit import SYSTEM
from kamao.business.shops.operations import open_shop
from kamao.engine.trade.payments import apply_payments
from kamao.engine.trade.tools import make_tools
from kamao.engine.trade.types import PaymentArrived
from kamao.kernel import ids


def row(code, **more):
    fields = {
        "category": "店铺测试",
        "brand": "店测",
        "product": f"商品{code}",
        "variant": "月卡",
        "kind": "code",
    }
    return LibraryRow(code=code, **{**fields, **more})


@pytest.fixture(scope="module")
def shelf(world):
    """A card in stock, a card without stock, a top-up."""
    return [
        world.listed(row("shp-card"), price_e4=100_000, codes=5),
        world.listed(row("shp-none"), price_e4=200_000),
        world.listed(row("shp-topup", kind="topup", topup_form="phone"), price_e4=300_000),
    ]


@pytest.fixture
def shop(world, merchant, shelf):
    slug = f"shop-{merchant.id.hex[-12:]}"
    return open_shop(merchant.organisation, slug=slug, name="小店", actor=SYSTEM, at=world.now())


def test_listing_one_sku_and_changing_it(api, merchant, shop):
    made = api.post("/listings", key=merchant.key, json={"sku": "shp-card", "markup_per_mille": 200})
    assert made.status_code == 201
    body = made.json()
    assert (body["sku"], body["shop"], body["state"], body["on_sale"]) == (
        "shp-card",
        shop.slug,
        "on_sale",
        True,
    )
    assert (body["price"], body["price_decimal"], body["cost_decimal"], body["stock"]) == (
        1200,
        "1200",
        "1000",
        "low",
    )
    assert body["explanation"][-1]["unit_price_decimal"] == "1200"
    changed = api.call("PATCH", "/listings/shp-card", key=merchant.key,
                       json={"price_decimal": "1599.5", "title": "会员月卡", "position": 3})  # fmt: skip
    assert (changed.json()["price_decimal"], changed.json()["title"], changed.json()["position"]) == (
        "1599.5",
        "会员月卡",
        3,
    )
    kept = api.call("PATCH", "/listings/shp-card", key=merchant.key, json={"price_decimal": None})
    assert (kept.json()["price_decimal"], kept.json()["title"], kept.json()["position"]) == (
        "1200",
        "会员月卡",
        3,
    )
    hidden = api.call("PATCH", "/listings/shp-card", key=merchant.key, json={"hidden": True}).json()
    assert (hidden["state"], hidden["on_sale"]) == ("hidden", False)
    assert [each["sku"] for each in api.get("/listings", key=merchant.key).json()["data"]] == ["shp-card"]
    gone = api.call("DELETE", "/listings/shp-card", key=merchant.key)
    assert gone.status_code == 204
    assert api.get("/listings", key=merchant.key).json()["data"] == []
    assert api.get("/listings/shp-card", key=merchant.key).json()["state"] == "not_listed"


def test_one_click_lists_a_category(api, world, merchant, shop, shelf):
    category = api.get("/catalogue/skus/shp-card", key=merchant.key).json()["category"]
    done = api.post(
        "/listings/bulk", key=merchant.key,
        json={"rules": [{"scope": "category", "of": category, "markup_per_mille": 100, "rounding": "end_9"}]},
    )  # fmt: skip
    assert done.status_code == 200
    assert done.json()["change"] == 1
    listed = {each["sku"]: each for each in api.get("/listings", key=merchant.key).json()["data"]}
    assert set(listed) == {"shp-card", "shp-none", "shp-topup"}
    codes = ("shp-card", "shp-none", "shp-topup")
    assert [(listed[code]["price"], listed[code]["state"]) for code in codes] == [
        (1190, "on_sale"), (2290, "out_of_stock"), (3390, "on_sale"),
    ]  # fmt: skip
    first = api.get("/listings", key=merchant.key, params={"limit": 1}).json()
    assert first["has_more"] is True
    rest = api.get("/listings", key=merchant.key, params={"starting_after": first["data"][0]["sku"]}).json()
    assert len(rest["data"]) == 2


def test_what_cannot_be_listed(api, world, merchant, shop):
    def refused(method, path, **options):
        answer = api.call(method, path, key=merchant.key, **options)
        return answer.status_code, answer.json()["code"]

    assert refused("POST", "/listings", json={"sku": "none"}) == (404, "sku_not_found")
    assert refused("POST", "/listings", json={"sku": "shp-card", "shop": "elsewhere"}) == (
        404,
        "shop_not_found",
    )
    assert refused("POST", "/listings", json={"sku": "shp-card", "title": "<b>x</b>"}) == (422, "invalid")
    assert refused("POST", "/listings/bulk", json={"rules": [{"scope": "category", "of": "none"}]}) == (
        409,
        "state_conflict",
    )
    assert refused(
        "POST", "/listings/bulk", json={"rules": [{"floor_decimal": "9", "ceiling_decimal": "1"}]}
    ) == (409, "rule_conflict")
    other = world.merchant()
    assert api.get("/listings", key=other.key).json()["code"] == "shop_not_found"
    assert api.get("/listings", key=other.key, params={"shop": shop.slug}).json()["code"] == "shop_not_found"


@pytest.fixture
def open_shelf(api, merchant, shop):
    api.post("/listings/bulk", key=merchant.key, json={"rules": [{"markup_per_mille": 500}]})
    return shop.slug


def test_a_visitor_reads_a_shop(api, open_shelf):
    assert api.get(f"/shops/{open_shelf}").json()["name"] == "小店"
    assert api.get("/shops/nowhere").json()["code"] == "shop_not_found"
    found = api.get(f"/shops/{open_shelf}/skus", params={"q": "shp-card"}).json()["data"]
    card = api.get(f"/shops/{open_shelf}/skus/shp-card").json()
    assert (card["price"], card["stock"], card["kind"]) == (1500, "low", "code")
    assert all(each["price"] for each in found)
    form = api.get(f"/shops/{open_shelf}/skus/shp-topup").json()["topup_form"]
    assert form["fields"][0]["key"] == "phone"
    assert api.get(f"/shops/{open_shelf}/skus/none").json()["code"] == "sku_not_found"
    page = api.get(f"/shops/{open_shelf}/skus", params={"limit": 1}).json()
    assert page["has_more"] is True
    more = api.get(f"/shops/{open_shelf}/skus", params={"limit": 100, "cursor": page["next_cursor"]}).json()[
        "data"
    ]
    assert page["data"][0]["sku"] not in {each["sku"] for each in more}


def test_a_cart_is_priced_and_says_what_is_wrong(api, open_shelf):
    lines = [
        {"sku": "shp-card", "quantity": 2},
        {"sku": "shp-none"},
        {"sku": "shp-topup", "target": {"phone": "1"}},
    ]
    cart = api.post(f"/shops/{open_shelf}/cart", json={"lines": lines}).json()
    assert cart["lines"][0]["amount"] == 3000
    assert cart["lines"][0]["trouble"] is None
    assert cart["lines"][1]["trouble"]["code"] == "out_of_stock"
    assert cart["lines"][2]["trouble"] is not None
    assert cart["buyable"] is False
    both = api.post(f"/shops/{open_shelf}/cart", json={"lines": [{"sku": "shp-card", "bundle": "x"}]})
    assert (both.status_code, both.json()["code"]) == (409, "state_conflict")


def test_a_guest_buys_pays_and_finds_the_codes_again(api, world, merchant, open_shelf):
    body = {
        "lines": [{"sku": "shp-card", "quantity": 2}], "nonce": "a1b2c3d4e5f6a7b8", "contact": "13800138000",
        "query_password": "secret-1", "ticked": True,
    }  # fmt: skip
    made = api.post(f"/shops/{open_shelf}/purchases", json=body)
    assert made.status_code == 201, made.text
    purchase = made.json()
    assert (purchase["state"], purchase["amount"], purchase["orders"][0]["items"]) == (
        "awaiting_payment",
        3000,
        [],
    )
    again = api.post(f"/shops/{open_shelf}/purchases", json=body).json()
    assert again["number"] == purchase["number"]
    path = f"/shops/{open_shelf}/purchases/{purchase['number']}"
    assert api.post(f"{path}/payment").json()["code"] == "payment_account_not_found"
    with world.cell().pool.transaction() as connection:
        arrived = PaymentArrived(
            "test", "T-1", ids.decode("pur", purchase["number"]), 3000, "CNY", world.now()
        )
        tools = make_tools(world.cell().cell, world.services.keyring)
        outcome = apply_payments(connection, [arrived], at=world.now(), tools=tools)[0]
    assert outcome.outcome == "captured"
    paid = api.get(path).json()
    assert paid["state"] == "delivered"
    assert len({item["secret"] for item in paid["orders"][0]["items"]}) == 2
    assert api.post(f"{path}/payment").json()["code"] == "state_conflict"
    by_number = api.post(f"/shops/{open_shelf}/lookup", json={"number": purchase["number"]}).json()["data"]
    assert [(each["number"], each["is_masked"]) for each in by_number] == [(purchase["number"], False)]
    login = {"contact": "13800138000", "query_password": "secret-1"}
    by_contact = api.post(f"/shops/{open_shelf}/lookup", json=login).json()["data"]
    assert [(each["is_masked"], each["state"]) for each in by_contact] == [(True, "delivered")]
    assert by_contact[0]["number"] != purchase["number"]
    wrong = api.post(f"/shops/{open_shelf}/lookup", json={**login, "query_password": "other"}).json()["data"]
    assert wrong == []
    assert (
        api.get(f"/shops/{open_shelf}/purchases/pur_00000000000000000000000000").json()["code"]
        == "purchase_not_found"
    )


def test_a_captcha_and_a_phone_code_can_be_asked_for(api, open_shelf):
    challenge = api.post(f"/shops/{open_shelf}/captchas", headers={"Accept-Language": "en"})
    assert challenge.status_code == 201
    assert challenge.json()["question"].startswith("What is ")
    sent = api.post(f"/shops/{open_shelf}/phone-codes", json={"phone": "13900139000"})
    assert (sent.status_code, sent.json()["again_after_s"] > 0) == (201, True)
    again = api.post(f"/shops/{open_shelf}/phone-codes", json={"phone": "13900139000"})
    assert (again.status_code, again.json()["code"]) == (429, "rate_limited")
