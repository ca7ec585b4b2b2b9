"""Placing, reading, listing and cancelling orders: one contract, whichever way an order comes in."""

from datetime import datetime

from kamao.kernel import ids


def order(api, merchant, goods, reference, **more):
    body = {"sku": goods.code, "quantity": 1, "reference": reference, **more}
    return api.post("/orders", key=merchant.key, json=body)


def test_an_order_is_delivered_at_once(either_api, world, merchant):
    goods = world.goods(price_e4=145_050, codes=3)
    answer = order(either_api, merchant, goods, "A-1001", quantity=2, metadata={"till": "7"},
        sales_channel="taobao",
                   channel_order_no="T-1")  # fmt: skip
    assert answer.status_code == 201
    body = answer.json()
    deliveries = body.pop("deliveries")
    made_at, delivered_at, settles_at = (datetime.fromisoformat(body.pop(name)) for name in
                                         ("created_at", "delivered_at", "settles_at"))  # fmt: skip
    assert ids.decode("ord", body.pop("id")) is not None
    assert body == {
        "reference": "A-1001", "sku": goods.code, "quantity": 2, "unit_price": 1451,
        "unit_price_decimal": "1450.5",
        "amount": 2901, "currency": "CNY", "state": "delivered", "intake": "api", "sales_channel": "taobao",
        "channel_order_no": "T-1", "target": None, "delivered_quantity": 2, "refunded_amount": 0,
        "units_refunded": 0,
        "receipt": None, "message": None, "metadata": {"till": "7"},
    }  # fmt: skip
    assert made_at == delivered_at
    assert (settles_at - delivered_at).days == 7
    assert [each["number"] for each in deliveries] == ["NO000000", "NO000001"]
    assert all(each["secret"].startswith("SECRET-") and each["secret_available"] for each in deliveries)
    assert answer.headers["cache-control"] == "no-store"
    assert world.balance(merchant.id) == 100_000 - 2901


def test_a_repeated_reference_buys_once(either_api, world, merchant):
    goods = world.goods(codes=3)
    first = order(either_api, merchant, goods, "R-1")
    again = order(either_api, merchant, goods, "R-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = order(either_api, merchant, goods, "R-1", quantity=2)
    assert (other.status_code, other.json()["code"]) == (409, "reference_conflict")
    assert world.balance(merchant.id) == 100_000 - 1450


def test_codes_stay_sealed_without_the_scope(either_api, world):
    merchant = world.merchant(balance_minor=10_000, scopes=("orders:write", "orders:read"))
    goods = world.goods(codes=1)
    made = order(either_api, merchant, goods, "S-1").json()
    read = either_api.get(f"/orders/{made['id']}", key=merchant.key).json()
    for body in (made, read):
        assert [
            (each["number"], each["secret"], each["secret_available"]) for each in body["deliveries"]
        ] == [(None, None, True)]


def test_every_refusal_has_its_code_and_writes_nothing(either_api, world, merchant):
    goods = world.goods(price_e4=145_000, codes=1)
    limited = world.goods(codes=5, min_quantity=2, multiple=2)
    topup = world.goods(kind="topup", target_required=True)
    hidden = world.goods(codes=1, status="hidden")
    table = [
        ({"sku": "no-such-sku"}, 404, "sku_not_found"),
        ({"max_unit_price_decimal": "1449.99"}, 409, "price_above_limit"),
        ({"max_amount": 1449}, 409, "price_above_limit"),
        ({"quantity": 2}, 409, "out_of_stock"),
        ({"quantity": 100}, 402, "insufficient_balance"),
        ({"sku": limited.code}, 422, "invalid"),
        ({"sku": limited.code, "quantity": 3}, 422, "invalid"),
        ({"sku": topup.code}, 422, "invalid"),
        ({"sku": hidden.code}, 409, "not_sellable"),
    ]
    for number, (change, status, code) in enumerate(table):
        answer = order(either_api, merchant, goods, f"N-{number}", **change)
        assert (answer.status_code, answer.json()["code"]) == (status, code), change
    assert world.balance(merchant.id) == 100_000
    assert either_api.get("/orders", key=merchant.key).json() == {"data": [], "has_more": False}
    assert order(either_api, merchant, goods, "N-0").status_code == 201


def test_a_refused_quantity_points_at_its_field(either_api, world, merchant):
    limited = world.goods(codes=5, min_quantity=2)
    answer = either_api.post(
        "/orders", key=merchant.key, headers={"Accept-Language": "en"},
        json={"sku": limited.code, "quantity": 1, "reference": "P-1"},
    )  # fmt: skip
    assert answer.json()["errors"] == [
        {"pointer": "/quantity", "detail": "The SKU is not sold in this quantity"}
    ]


def test_a_batch_answers_each_order_in_its_place(api, world, merchant):
    goods = world.goods(codes=3)
    orders = [
        {"sku": goods.code, "quantity": 2, "reference": "B-1"},
        {"sku": "no-such-sku", "quantity": 1, "reference": "B-2"},
        {"sku": goods.code, "quantity": 2, "reference": "B-3"},
        {"sku": goods.code, "quantity": 2, "reference": "B-1"},
        {"sku": goods.code, "quantity": 1, "reference": "B-4"},
    ]
    answer = api.post("/orders/batch", key=merchant.key, json={"orders": orders})
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 404, 409, 200, 201]
    assert results[1]["problem"]["code"] == "sku_not_found"
    assert results[2]["problem"]["code"] == "out_of_stock"
    assert results[3]["order"] == results[0]["order"]
    again = api.post("/orders/batch", key=merchant.key, json={"orders": orders}).json()["results"]
    assert [each["status"] for each in again] == [200, 404, 409, 200, 200]
    assert world.balance(merchant.id) == 100_000 - 3 * 1450


def test_a_thousand_orders_in_one_call(api, world):
    merchant = world.merchant(balance_minor=10_000_000)
    goods = world.goods(codes=1000)
    orders = [{"sku": goods.code, "quantity": 1, "reference": f"K-{number}"} for number in range(1000)]
    results = api.post("/orders/batch", key=merchant.key, json={"orders": orders}).json()["results"]
    assert {each["status"] for each in results} == {201}
    assert len({each["order"]["deliveries"][0]["secret"] for each in results}) == 1000
    assert world.balance(merchant.id) == 10_000_000 - 1000 * 1450


def test_reading_an_order_shows_its_codes_and_leaves_a_trace(api, world, merchant):
    goods = world.goods(codes=1)
    made = order(api, merchant, goods, "G-1").json()
    read = api.get(f"/orders/{made['id']}", key=merchant.key)
    assert read.json() == made
    with world.cell().pool.transaction() as connection:
        row = connection.execute(
            "SELECT order_id, actor, reason FROM stock_reveal WHERE code = %s",
            (ids.decode("itm", made["deliveries"][0]["item"]),),
        ).fetchone()
    assert row[0] == ids.decode("ord", made["id"])
    assert row[1].startswith("api_key:")
    assert row[2] == "api"


def test_somebody_elses_order_is_not_there(api, world, merchant):
    goods = world.goods(codes=1)
    made = order(api, merchant, goods, "X-1").json()
    other = world.merchant()
    test_key = world.key_for(merchant.organisation, cell=1)
    for key in (other.key, test_key):
        for method, path in (("GET", f"/orders/{made['id']}"), ("POST", f"/orders/{made['id']}/cancel")):
            answer = api.call(method, path, key=key)
            assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    for text in ("ord_", "ord_!!", "evt" + made["id"][3:], "1", made["id"] + "0"):
        assert api.get(f"/orders/{text}", key=merchant.key).json()["code"] == "order_not_found"


def test_lists_page_both_ways_and_filter(api, world, merchant):
    goods, others = world.goods(codes=4), world.goods(codes=1)
    made = [
        order(api, merchant, goods, f"L-{number}", channel_order_no=f"C-{number % 2}").json()
        for number in range(4)
    ]
    last = order(api, merchant, others, "L-9").json()
    wanted = [last["id"], *[each["id"] for each in reversed(made)]]

    def page(**query):
        answer = api.get("/orders", key=merchant.key, params=query)
        assert answer.status_code == 200
        return [each["id"] for each in answer.json()["data"]], answer.json()["has_more"]

    assert page() == (wanted, False)
    assert page(limit=2) == (wanted[:2], True)
    assert page(limit=2, starting_after=wanted[1]) == (wanted[2:4], True)
    assert page(limit=2, starting_after=wanted[3]) == (wanted[4:], False)
    assert page(limit=2, ending_before=wanted[3]) == (wanted[1:3], True)
    assert page(limit=5, ending_before=wanted[3]) == (wanted[:3], False)
    assert page(reference="L-2") == ([made[2]["id"]], False)
    assert page(channel_order_no="C-1") == ([made[3]["id"], made[1]["id"]], False)
    assert page(sku=others.code) == ([last["id"]], False)
    assert page(state="delivered") == (wanted, False)
    assert page(state="failed") == ([], False)
    assert page(created_from=made[2]["created_at"], created_until=last["created_at"]) == (
        [made[3]["id"], made[2]["id"]], False
    )  # fmt: skip
    listed = api.get("/orders", key=merchant.key).json()["data"][0]
    assert listed["deliveries"] is None


def test_orders_are_found_by_their_target(api, world, merchant):
    topup = world.goods(kind="topup", target_required=True)
    made = order(api, merchant, topup, "T-1", target={"mobile": "13800138000"})
    assert made.status_code == 201
    assert made.json()["state"] == "paid"
    assert made.json()["target"] == {"mobile": "13800138000"}
    found = api.get("/orders", key=merchant.key, params={"target": '{"mobile": "13800138000"}'}).json()[
        "data"
    ]
    assert [each["id"] for each in found] == [made.json()["id"]]
    assert (
        api.get("/orders", key=merchant.key, params={"target": '{"mobile":"13800138001"}'}).json()["data"]
        == []
    )


def test_cancelling_gives_the_money_back_once(api, world, merchant):
    topup = world.goods(kind="topup", target_required=True)
    made = order(api, merchant, topup, "Z-1", target={"mobile": "13800138000"}).json()
    assert world.balance(merchant.id) == 100_000 - 1450
    done = api.post(f"/orders/{made['id']}/cancel", key=merchant.key, json={"reason": "typo"})
    assert (done.status_code, done.json()["state"], done.json()["refunded_amount"]) == (
        200,
        "cancelled",
        1450,
    )
    again = api.post(f"/orders/{made['id']}/cancel", key=merchant.key)
    assert (again.status_code, again.json()["state"]) == (200, "cancelled")
    assert world.balance(merchant.id) == 100_000
    goods = world.goods(codes=1)
    delivered = order(api, merchant, goods, "Z-2").json()
    refused = api.post(f"/orders/{delivered['id']}/cancel", key=merchant.key)
    assert (refused.status_code, refused.json()["code"]) == (409, "state_conflict")


def test_test_keys_trade_in_a_world_of_their_own(api, world, merchant):
    live = world.goods(codes=1)
    party = world.merchant(balance_minor=5_000, cell=1)
    test = world.goods(codes=1, cell=1, supplier=world.make_supplier(cell=1))
    assert order(api, party, test, "T-1").status_code == 201
    assert order(api, party, live, "T-2").json()["code"] == "sku_not_found"
    assert order(api, merchant, test, "T-3").json()["code"] == "sku_not_found"
