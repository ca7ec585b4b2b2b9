"""The wallet: balance and a statement whose lines add up."""


def test_balance_and_statement(api, world, merchant):
    goods = world.goods(codes=3)
    for number in range(3):
        api.post(
            "/orders", key=merchant.key, json={"sku": goods.code, "quantity": 1, "reference": f"W-{number}"}
        )
    assert api.get("/wallet", key=merchant.key).json() == {
        "currency": "CNY", "balance": 95_650, "held": 0, "credit_line": 0, "available": 95_650,
    }  # fmt: skip

    def page(**query):
        body = api.get("/wallet/entries", key=merchant.key, params=query).json()
        return [each["entry_no"] for each in body["data"]], body["has_more"]

    entries = api.get("/wallet/entries", key=merchant.key).json()["data"]
    assert [(each["entry_no"], each["type"], each["amount"], each["balance_after"]) for each in entries] == [
        (4, "order", -1450, 95_650), (3, "order", -1450, 97_100), (2, "order", -1450, 98_550),
        (1, "topup", 100_000, 100_000),
    ]  # fmt: skip
    assert entries[0]["order"].startswith("ord_")
    assert entries[3]["order"] is None
    assert page(limit=3) == ([4, 3, 2], True)
    assert page(limit=3, starting_after=2) == ([1], False)
    assert page(limit=2, ending_before=1) == ([3, 2], True)
    assert page(limit=9, ending_before=3) == ([4], False)


def test_only_merchants_have_a_wallet(api, world):
    key = world.key_for(world.merchant().organisation, scopes=("orders:read",))
    assert api.get("/wallet", key=key).json()["code"] == "forbidden"
    assert api.get("/wallet", key=world.supplier.key).json()["code"] == "forbidden"
