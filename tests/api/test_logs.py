"""What the API writes down about its callers: routes and statuses, never keys, codes or numbers that open
something.
"""

import json
import logging


def test_access_lines_hold_no_secret(api, world, merchant, caplog):
    caplog.set_level(logging.DEBUG)
    goods = world.goods(codes=1)
    made = api.post(
        "/orders", key=merchant.key, json={"sku": goods.code, "quantity": 1, "reference": "SECRETREF"}
    )
    order = made.json()
    api.get(f"/orders/{order['id']}", key=merchant.key)
    api.get("/orders?reference=SECRETREF", key=merchant.key)
    api.get("/shops/none/purchases/pur_01jd0000000000000000000000")
    api.post("/api-keys", key=merchant.key, json={"label": "x", "scopes": ["wallet:read"]})
    lines = [record.getMessage() for record in caplog.records if record.name == "kamao.access"]
    shown = {json.loads(line)["path"] for line in lines}
    assert shown >= {"/api/v1/orders/{order_id}", "/api/v1/orders", "/api/v1/shops/{slug}/purchases/{number}"}
    written = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("kamao"))
    for secret in (
        merchant.key,
        order["deliveries"][0]["secret"],
        "SECRETREF",
        "pur_01jd",
        order["id"],
        "kmk_",
    ):
        assert secret not in written


def test_an_unexpected_fault_says_nothing_but_its_number(api, merchant, monkeypatch, caplog):
    def broken(*args, **options):
        raise RuntimeError("the wallet's password is hunter2")

    monkeypatch.setattr("kamao.api.v1.wallet.merchant_terms", broken)
    answer = api.get("/wallet", key=merchant.key)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert answer.headers["x-request-id"] in caplog.text
