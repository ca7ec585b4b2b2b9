"""The wallet: balance, a statement whose lines add up, announced top-ups; payouts of what is owed."""

import pytest

from kamao.business.identity.audit import SYSTEM
from kamao.business.wallets.operations import book_topup, decline_topup
from kamao.engine.escrow.payouts import answer_payouts
from kamao.engine.ledger.accounts import cash, payable
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.types import Transfer
from kamao.kernel import ids
from kamao.kernel.errors import Refusal


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


def test_an_announced_topup_is_booked_once_by_a_person(api, world, merchant):
    body = {"amount": 50_000, "bank_reference": f"BANK-{merchant.id.hex[-8:]}"}
    made = api.post("/wallet/topups", key=merchant.key, json=body)
    assert (made.status_code, made.json()["state"], made.json()["amount"]) == (201, "pending", 50_000)
    again = api.post("/wallet/topups", key=merchant.key, json=body)
    assert again.json() == made.json()
    other = api.post("/wallet/topups", key=merchant.key, json={**body, "amount": 1})
    assert (other.status_code, other.json()["code"]) == (409, "reference_conflict")
    assert world.balance(merchant.id) == 100_000
    topup = ids.decode("top", made.json()["id"])
    book_topup(topup, actor=SYSTEM, at=world.now())
    assert world.balance(merchant.id) == 150_000
    for decide in (book_topup, decline_topup):
        with pytest.raises(Refusal, match="state_conflict"):
            decide(topup, actor=SYSTEM, at=world.now())
    assert world.balance(merchant.id) == 150_000
    listed = api.get("/wallet/topups", key=merchant.key).json()["data"]
    assert [(each["id"], each["state"]) for each in listed] == [(made.json()["id"], "booked")]
    assert api.get("/wallet/topups", key=world.merchant().key).json()["data"] == []


def test_a_reference_booked_for_another_is_not_booked_again(api, world, merchant):
    reference = f"TWICE-{merchant.id.hex[-8:]}"
    second = world.merchant()
    made = [
        api.post("/wallet/topups", key=each.key, json={"amount": 700, "bank_reference": reference}).json()[
            "id"
        ]
        for each in (merchant, second)
    ]
    book_topup(ids.decode("top", made[0]), actor=SYSTEM, at=world.now())
    with pytest.raises(Refusal, match="state_conflict"):
        book_topup(ids.decode("top", made[1]), actor=SYSTEM, at=world.now())
    assert world.balance(second.id) == 0
    decline_topup(ids.decode("top", made[1]), actor=SYSTEM, at=world.now())
    assert api.get("/wallet/topups", key=second.key).json()["data"][0]["state"] == "declined"


def test_payouts_take_what_is_owed_and_no_more(api, world):
    supplier = world.make_supplier()
    nothing = api.post("/payouts", key=supplier.key, json={"amount": 1})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "state_conflict")
    owed = Transfer(f"owed-{supplier.id}", "settlement", cash("test", "CNY"), payable(supplier.id), 5_000)
    with world.cell().pool.transaction() as connection:
        assert transfer(connection, [owed], at=world.now(), ids=world.ids)[0].outcome == "created"
    made = [
        api.post("/payouts", key=supplier.key, json={"amount": 3_000}, headers={"Idempotency-Key": "p"})
        for _ in range(2)
    ]
    assert made[0].status_code == 201
    assert made[1].json() == made[0].json()
    assert (made[0].json()["state"], made[0].json()["amount"]) == ("pending", 3_000)
    assert api.post("/payouts", key=supplier.key, json={"amount": 2_001}).status_code == 409
    with world.cell().pool.transaction() as connection:
        done = [(ids.decode("pyo", made[0].json()["id"]), True)]
        assert answer_payouts(connection, done, at=world.now(), ids=world.ids) == ["done"]
    listed = api.get("/payouts", key=supplier.key).json()["data"]
    assert [(each["id"], each["state"]) for each in listed] == [(made[0].json()["id"], "paid")]
    assert api.get("/payouts", key=world.supplier.key).json()["data"] == []
