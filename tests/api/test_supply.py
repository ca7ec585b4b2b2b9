"""Supply: offers by item, codes in both forms, recall, fulfilment by hand, settlements."""

import json

import pytest

from kamao.business.catalog.rows import LibraryRow


@pytest.fixture(scope="module")
def skus(world):
    rows = [
        LibraryRow(category="测试卡", brand="测试", product="测试卡", variant="一", kind="code", code="sup-card"),
        LibraryRow(category="测试充", brand="测试", product="测试充值", variant="一", kind="topup", code="sup-topup",
                   topup_form="phone"),
    ]  # fmt: skip
    return [world.listed(row) for row in rows]


@pytest.fixture
def supplier(world):
    return world.make_supplier()


def put(api, supplier, *offers):
    answer = api.call("PUT", "/supply/offers", key=supplier.key, json={"offers": list(offers)})
    assert answer.status_code == 200
    return answer.json()["results"]


@pytest.fixture
def offer(api, supplier, skus):
    result = put(api, supplier, {"item": "TX-01", "sku": "sup-card", "supply_price_decimal": "1000.55"})
    assert result == [{"item": "TX-01", "status": 200, "offer": result[0]["offer"], "change": "new"}]
    return result[0]["offer"]


def test_offers_are_put_by_item(api, supplier, skus, offer):
    results = put(
        api, supplier,
        {"item": "TX-01", "sku": "sup-card", "supply_price_decimal": "1000.55"},
        {"item": "TX-02", "sku": "sup-card"},
        {"item": "TX-03", "sku": "none", "supply_price_decimal": "1"},
        {"item": "TX-04", "sku": "sup-card", "supply_price_decimal": "0"},
        {"item": "TX-05", "sku": "sup-card", "supply_price_decimal": "1", "currency": "USD"},
        {"item": "TX-01", "sku": "sup-card", "on_sale": False},
    )  # fmt: skip
    assert [each["status"] for each in results] == [200, 422, 404, 422, 422, 200]
    assert [each.get("change") for each in results] == ["same", None, None, None, None, "paused"]
    assert results[2]["problem"]["code"] == "sku_not_found"
    assert results[1]["problem"]["errors"][0]["pointer"] == "/supply_price_decimal"
    listed = api.get("/supply/offers", key=supplier.key).json()["data"]
    assert [
        (each["id"], each["item"], each["supply_price"], each["supply_price_decimal"], each["status"])
        for each in listed
    ] == [(offer, "TX-01", 1001, "1000.55", "paused")]


def test_only_the_owner_sees_an_offer(api, world, supplier, offer):
    other = world.make_supplier()
    assert api.get("/supply/offers", key=other.key).json()["data"] == []
    for path in ("codes", "codes/stream"):
        kind = "application/x-ndjson" if path.endswith("stream") else "application/json"
        answer = api.post(f"/supply/offers/{offer}/{path}", key=other.key,
            content=b'{"codes":[{"secret":"x"}]}',
                          headers={"Content-Type": kind})  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (404, "offer_not_found")
    merchant = world.merchant()
    assert api.get("/supply/offers", key=merchant.key).status_code == 403


def test_codes_come_in_sell_and_are_never_shown_again(api, world, supplier, offer, merchant):
    codes = [{"number": "1", "secret": "AAAA-BBBB-CCCC"},
        {"secret": "DDDD-EEEE-FFFF", "expires_at": "2030-01-01T00:00:00Z"},
             {"secret": "AAAA-BBBB-CCCC"},
             {"secret": "GGGG-HHHH-IIII", "expires_at": "2020-01-01T00:00:00Z"}]  # fmt: skip
    answer = api.post(f"/supply/offers/{offer}/codes", key=supplier.key, json={"codes": codes})
    body = answer.json()
    lot = body.pop("lot")
    assert (answer.status_code, body) == (201, {
        "imported": 2, "duplicate": 1, "invalid": 0, "expired": 1,
        "refused": [{"index": 2, "reason": "duplicate"}, {"index": 3, "reason": "expired"}],
    })  # fmt: skip
    lots = api.get("/supply/lots", key=supplier.key)
    assert [(each["id"], each["free"], each["imported"], each["source"]) for each in lots.json()["data"]] == [
        (lot, 2, 2, "api")
    ]
    assert "AAAA" not in lots.text
    assert api.get("/supply/offers", key=supplier.key).json()["data"][0]["free_codes"] == 2
    recalled = api.post(f"/supply/lots/{lot}/recall", key=supplier.key)
    assert recalled.json() == {"id": lot, "recalled": 2}
    assert (
        api.post(f"/supply/lots/{lot}/recall", key=world.make_supplier().key).json()["code"]
        == "lot_not_found"
    )


def test_a_stream_of_codes_goes_on_where_it_stopped(api, supplier, offer):
    lines = [json.dumps({"secret": f"STREAM-{offer[-6:]}-{number:06}"}) for number in range(5_000)]
    lines[7] = "not json"
    lines[8] = json.dumps({"secret": ""})
    path = f"/supply/offers/{offer}/codes/stream"

    def send(part):
        async def chunks():
            content = "\n".join(part).encode()
            for start in range(0, len(content), 10_000):
                yield content[start : start + 10_000]

        return api.post(path, key=supplier.key, content=chunks(),
                        headers={"Content-Type": "application/x-ndjson",
                            "Idempotency-Key": "stream-1"})  # fmt: skip

    first = send(lines[:3_000]).json()
    again = send(lines).json()
    assert (first["imported"], again["imported"], again["duplicate"]) == (2_998, 2_000, 2_998)
    assert again["lot"] == first["lot"]
    assert [each for each in again["refused"] if each["reason"] == "malformed"] == [
        {"index": 7, "reason": "malformed"}, {"index": 8, "reason": "malformed"}
    ]  # fmt: skip
    assert api.post(path, key=supplier.key, json={}).json()["code"] == "unsupported_media_type"
    empty = api.post(path, key=supplier.key, content=b"\n", headers={"Content-Type": "application/x-ndjson"})
    assert (empty.status_code, empty.json()["code"]) == (400, "malformed")


def order_topup(api, merchant, reference, quantity=1):
    body = {
        "sku": "sup-topup",
        "quantity": quantity,
        "reference": reference,
        "target": {"phone": "13800138000"},
    }
    made = api.post("/orders", key=merchant.key, json=body)
    assert (made.status_code, made.json()["state"]) == (201, "paid")
    return made.json()


def test_fulfilment_by_hand_succeeds_in_part(api, world, skus, merchant):
    made = order_topup(api, merchant, "F-1", quantity=2)
    waiting = api.get("/supply/fulfilments", key=world.supplier.key).json()["data"]
    mine = next(each for each in waiting if each["order"] == made["id"])
    assert (mine["sku"], mine["quantity"], mine["target"]) == ("sup-topup", 2, {"phone": "13800138000"})
    path = f"/supply/fulfilments/{mine['id']}"
    too_many = api.post(f"{path}/succeed", key=world.supplier.key, json={"receipts": [{"secret": "x"}] * 3})
    assert (too_many.status_code, too_many.json()["errors"][0]["pointer"]) == (422, "/receipts")
    done = api.post(f"{path}/succeed", key=world.supplier.key, json={"receipts": [{"secret": "SN-1"}]})
    assert done.json() == {"id": mine["id"], "order_state": "delivered"}
    again = api.post(f"{path}/succeed", key=world.supplier.key, json={"receipts": [{"secret": "SN-1"}]})
    assert again.status_code == 200
    assert (
        api.post(f"{path}/fail", key=world.supplier.key, json={"reason": "x"}).json()["code"]
        == "state_conflict"
    )
    read = api.get(f"/orders/{made['id']}", key=merchant.key).json()
    assert (read["state"], read["delivered_quantity"], read["refunded_amount"]) == ("delivered", 1, 1450)
    assert read["deliveries"][0]["secret"] == "SN-1"
    assert read["target"] == {"phone": "13800138000"}


def test_fulfilment_that_fails_gives_the_money_back(api, world, skus, merchant):
    made = order_topup(api, merchant, "F-2")
    waiting = api.get("/supply/fulfilments", key=world.supplier.key).json()["data"]
    mine = next(each for each in waiting if each["order"] == made["id"])
    other = world.make_supplier()
    path = f"/supply/fulfilments/{mine['id']}/fail"
    assert api.post(path, key=other.key, json={"reason": "x"}).json()["code"] == "fulfilment_not_found"
    done = api.post(path, key=world.supplier.key, json={"reason": "number is closed"})
    assert done.json()["order_state"] == "failed"
    read = api.get(f"/orders/{made['id']}", key=merchant.key).json()
    assert (read["state"], read["message"], read["refunded_amount"]) == ("failed", "number is closed", 1450)
    assert world.balance(merchant.id) == 100_000


def test_settlements_are_the_payables_entries(api, world, skus, supplier):
    assert api.get("/supply/settlements", key=supplier.key).json() == {"data": [], "has_more": False}
