"""The catalogue and quotes: prices are the caller's own, nothing is written."""

import pytest

from kamao.business.catalog.rows import LibraryRow


def row(code, **more):
    fields = {
        "category": "视频会员", "category_en": "Video", "brand": "腾讯视频", "brand_en": "Tencent Video",
        "product": "腾讯视频VIP", "product_en": "Tencent Video VIP", "variant": "月卡", "variant_en": "month",
        "kind": "code", "official_price_e4": 300_000, "scenes": ("leisure",),
    }  # fmt: skip
    return LibraryRow(code=code, **{**fields, **more})


@pytest.fixture(scope="module")
def shelf(world):
    """Three SKUs: a card in stock, one without, and a mobile top-up."""
    card = world.listed(row("cat-video-month"), price_e4=145_000, codes=3)
    year = world.listed(row("cat-video-year", variant="年卡", variant_en="year"), price_e4=1_500_000)
    topup = world.listed(
        row("cat-mobile-100", category="话费充值", category_en="Mobile top-up", brand="中国移动",
            brand_en="China Mobile",
            product="话费快充", product_en="Mobile credit", variant="100元", variant_en="100", kind="topup",
            topup_form="phone", scenes=()),
        price_e4=980_000,
    )  # fmt: skip
    return card, year, topup


def test_a_sku_with_the_callers_price(api, merchant, shelf):
    answer = api.get("/catalogue/skus/cat-video-month", key=merchant.key)
    body = answer.json()
    assert answer.status_code == 200
    assert {name: body[name] for name in ("sku", "name", "product", "brand", "kind", "price", "price_decimal",
                                          "official_price", "currency", "stock", "promise_s", "topup_form",
                                          "min_quantity", "max_quantity")} == {
        "sku": "cat-video-month", "name": "腾讯视频VIP 月卡", "product": "腾讯视频VIP", "brand": "腾讯视频", "kind": "code",
        "price": 1450, "price_decimal": "1450", "official_price": 3000, "currency": "CNY", "stock": "low",
        "promise_s": 0, "topup_form": None, "min_quantity": 1, "max_quantity": 100,
    }  # fmt: skip
    english = api.get(
        "/catalogue/skus/cat-video-month", key=merchant.key, headers={"Accept-Language": "en"}
    ).json()
    assert (english["name"], english["brand"]) == ("Tencent Video VIP month", "Tencent Video")
    missing = api.get("/catalogue/skus/none", key=merchant.key)
    assert (missing.status_code, missing.json()["code"]) == (404, "sku_not_found")


def test_a_topup_says_what_it_needs(api, merchant, shelf):
    form = api.get("/catalogue/skus/cat-mobile-100", key=merchant.key).json()["topup_form"]
    assert [(field["key"], field["required"], field["validator"]) for field in form["fields"]] == [
        ("phone", True, "mobile")
    ]


def test_a_supplier_sees_no_wholesale_price(api, world, shelf):
    body = api.get("/catalogue/skus/cat-video-month", key=world.supplier.key).json()
    assert (body["price"], body["price_decimal"], body["stock"]) == (None, None, "low")


def test_lists_filter_and_page(api, merchant, shelf):
    def codes(**query):
        body = api.get("/catalogue/skus", key=merchant.key, params=query).json()
        return [each["sku"] for each in body["data"]], body["has_more"]

    everything = ["cat-mobile-100", "cat-video-month", "cat-video-year"]
    category = api.get("/catalogue/skus/cat-video-month", key=merchant.key).json()["category"]
    assert codes() == (everything, False)
    assert codes(limit=2) == (everything[:2], True)
    assert codes(limit=2, starting_after=everything[1]) == (everything[2:], False)
    assert codes(limit=1, ending_before=everything[2]) == ([everything[1]], True)
    assert codes(category=category) == (everything[1:], False)
    assert codes(category="none") == ([], False)
    assert codes(kind="topup") == ([everything[0]], False)
    assert codes(in_stock="true") == (everything[:2], False)
    assert codes(in_stock="false") == ([everything[2]], False)
    assert codes(q="tengxun", in_stock="true") == ([everything[1]], False)
    assert codes(q="no such thing at all") == ([], False)


def test_categories_and_scenes(api, merchant, shelf):
    categories = api.get("/categories", key=merchant.key).json()["data"]
    assert {"视频会员", "话费充值"} <= {each["name"] for each in categories}
    scenes = api.get("/scenes", key=merchant.key).json()
    assert "影音休闲" in {each["name"] for each in scenes["data"]}
    assert scenes["has_more"] is False


def test_a_quote_tells_what_an_order_would_do(api, world, merchant, shelf):
    def quote(**body):
        answer = api.post("/quotes", key=merchant.key, json={"sku": "cat-video-month", "quantity": 1, **body},
                          headers={"Accept-Language": "en"})  # fmt: skip
        assert answer.status_code == 200
        return answer.json()

    assert quote(quantity=2) == {
        "sku": "cat-video-month", "quantity": 2, "unit_price": 1450, "unit_price_decimal": "1450",
        "amount": 2900,
        "currency": "CNY", "stock": "low", "acceptable": True, "refusal": None,
        "explanation": [{"code": "default", "text": "default mark-up", "unit_price_decimal": "1450"}],
        "target_check": None, "wallet_available": 100_000, "retail_floor_decimal": None,
        "retail_ceiling_decimal": None,
    }  # fmt: skip
    assert quote(quantity=9)["refusal"] == "out_of_stock"
    assert quote(quantity=80)["refusal"] == "insufficient_balance"
    assert quote(quantity=101)["refusal"] == "invalid"
    assert quote(sku="cat-mobile-100")["refusal"] == "invalid"
    good = quote(sku="cat-mobile-100", target={"phone": "138 0013 8000"})
    assert (good["acceptable"], good["target_check"]["target"]) == (True, {"phone": "13800138000"})
    bad = quote(sku="cat-mobile-100", target={"phone": "12345"})
    assert (bad["acceptable"], bad["refusal"]) == (False, "invalid")
    assert [each["code"] for each in bad["target_check"]["problems"]] == ["mobile_malformed"]
    missing = api.post("/quotes", key=merchant.key, json={"sku": "none", "quantity": 1})
    assert (missing.status_code, missing.json()["code"]) == (404, "sku_not_found")
    assert world.balance(merchant.id) == 100_000


def test_a_target_is_checked_before_anything_is_bought(either_api, world, merchant, shelf):
    body = {"sku": "cat-mobile-100", "quantity": 1, "reference": "T-1", "target": {"phone": "12345"}}
    refused = either_api.post("/orders", key=merchant.key, json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/target/phone")
    batch = either_api.post("/orders/batch", key=merchant.key, json={"orders": [body]})
    assert batch.json()["errors"][0]["pointer"] == "/orders/0/target/phone"
    body["target"] = {"phone": "138-0013-8000"}
    made = either_api.post("/orders", key=merchant.key, json=body)
    assert (made.status_code, made.json()["target"]) == (201, {"phone": "13800138000"})
    body["target"] = {"phone": "13800138000"}
    assert either_api.post("/orders", key=merchant.key, json=body).status_code == 200
