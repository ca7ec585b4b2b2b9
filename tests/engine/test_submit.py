"""Placing orders: outcomes in their precedence, exact money and goods, nothing written on refusal."""

from datetime import timedelta

import pytest

from kamao.engine.escrow.operations import due_orders, settle
from kamao.engine.ledger.accounts import escrow, payable, platform, wallet
from kamao.engine.pricing.operations import put_limits, put_rules
from kamao.engine.pricing.types import ChannelLimit, PriceRule
from kamao.engine.trade.operations import register_merchants
from kamao.engine.trade.types import MerchantSpec, OrderRequest
from tests.engine.world import World

WRITTEN = (
    "trade_order",
    "trade_reference",
    "ledger_posting",
    "trade_placed",
    "trade_outbox",
    "trade_delivery",
    "provenance_outbox",
)


def test_an_order_is_paid_delivered_and_booked_at_once(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(cost_e4=100_000, price_e4=145_050, codes=["AAAA-1111-BBBB", "CCCC-2222-DDDD"])
    result = world.buy(merchant, sku, 2)
    assert result.outcome == "created"
    order = result.order
    assert order is not None
    assert (order.state, order.unit_price_e4, order.amount_minor) == ("delivered", 145_050, 2_901)
    assert world.secrets(order) == ["AAAA-1111-BBBB", "CCCC-2222-DDDD"]
    assert world.balance(wallet(merchant)) == 10_000 - 2_901
    assert world.balance(escrow()) == 2_901
    assert order.settles_at == world.at + timedelta(seconds=world.delay_s)
    assert world.count("provenance_outbox") == 2


def test_a_repeated_reference_gives_the_first_result_and_moves_nothing(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=["first-code-1", "second-code-2"])
    first = world.buy(merchant, sku, reference="A-1")
    again = world.buy(merchant, sku, reference="A-1")
    assert (first.outcome, again.outcome) == ("created", "repeated")
    assert again.order is not None
    assert first.order is not None
    assert again.order.id == first.order.id
    assert world.secrets(again.order) == world.secrets(first.order) == ["first-code-1"]
    assert world.balance(wallet(merchant)) == 9_000
    other = world.buy(merchant, sku, 2, reference="A-1")
    assert other.outcome == "reference_conflict"
    assert world.count("trade_order") == 1


def test_the_same_reference_of_another_merchant_is_another_order(world: World) -> None:
    sku = world.sku(price_e4=100_000, codes=["one-code-0001", "two-code-0002"])
    results = [world.buy(world.merchant(1_000), sku, reference="A-1") for _ in range(2)]
    assert [result.outcome for result in results] == ["created", "created"]


def test_refusals_in_precedence_order_write_nothing(world: World) -> None:
    rich, poor = world.merchant(100_000), world.merchant(999)
    suspended = world.merchant(100_000)
    register_merchants(world.connection, [MerchantSpec(suspended, status="suspended")], at=world.at)
    full = world.sku(price_e4=100_000, codes=["only-code-here"])
    empty = world.sku(price_e4=100_000)
    topup = world.sku(price_e4=100_000, kind="topup", target_required=True)
    many = world.sku(price_e4=100_000, codes=["many-code-0001"], min_quantity=2, multiple=2, max_quantity=4)
    hidden = world.sku(price_e4=100_000, codes=["hidden-code-01"], status="hidden")
    before = [world.count(table) for table in WRITTEN]
    cases = [
        (OrderRequest(suspended, "r1", full, 1), "merchant_suspended"),
        (OrderRequest(world.ids.new(), "r2", full, 1), "merchant_suspended"),
        (OrderRequest(rich, "r3", "no-such-sku", 1), "sku_not_found"),
        (OrderRequest(rich, "r4", full, 0), "invalid_quantity"),
        (OrderRequest(rich, "r5", full, 1_001), "invalid_quantity"),
        (OrderRequest(rich, "r6", many, 3), "invalid_quantity"),
        (OrderRequest(rich, "r7", many, 6), "invalid_quantity"),
        (OrderRequest(rich, "r8", topup, 1), "target_required"),
        (OrderRequest(rich, "r9", full, 1, max_unit_price_e4=99_999), "price_above_limit"),
        (OrderRequest(rich, "r10", full, 1, max_amount_minor=999), "price_above_limit"),
        (OrderRequest(poor, "r11", full, 1), "insufficient_balance"),
        (OrderRequest(poor, "r12", empty, 1), "insufficient_balance"),
        (OrderRequest(rich, "r13", empty, 1), "out_of_stock"),
        (OrderRequest(rich, "r14", full, 2), "out_of_stock"),
        (OrderRequest(rich, "r15", hidden, 1), "not_sellable"),
    ]
    results = world.submit(*[request for request, _ in cases])
    assert [result.outcome for result in results] == [outcome for _, outcome in cases]
    assert [world.count(table) for table in WRITTEN] == before
    # A refused reference was not consumed.
    assert world.submit(OrderRequest(rich, "r14", full, 1))[0].outcome == "created"


def test_a_batch_with_one_sku_and_one_wallet_in_every_item(world: World) -> None:
    merchant = world.merchant(4_500)
    sku = world.sku(price_e4=100_000, codes=[f"shared-code-{number}" for number in range(10)])
    results = world.submit(*[OrderRequest(merchant, f"b{number}", sku, 1) for number in range(6)])
    assert [result.outcome for result in results] == ["created"] * 4 + ["insufficient_balance"] * 2
    codes = [secret for result in results[:4] for secret in world.secrets(result.order)]
    assert codes == [f"shared-code-{number}" for number in range(4)]
    assert world.balance(wallet(merchant)) == 500


def test_a_reference_repeated_inside_a_batch_sees_the_first(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=["batch-code-001", "batch-code-002"])
    first, again, other = world.submit(
        OrderRequest(merchant, "x", sku, 1),
        OrderRequest(merchant, "x", sku, 1),
        OrderRequest(merchant, "x", sku, 2),
    )
    assert (first.outcome, again.outcome, other.outcome) == ("created", "repeated", "reference_conflict")
    assert first.order is not None
    assert again.order is not None
    assert again.order.id == first.order.id
    assert world.secrets(again.order) == ["batch-code-001"]


def test_codes_leave_by_expiry_and_never_expired(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000)
    world.stock(sku, ["without-end-1"])
    world.stock(sku, ["late-code-001"], expires_at=world.at + timedelta(days=9))
    world.stock(sku, ["soon-code-001"], expires_at=world.at + timedelta(hours=1))
    assert world.stock(sku, ["expired-code1"], expires_at=world.at) == ["expired"]
    world.later(hours=2)
    assert world.secrets(world.buy(merchant, sku).order) == ["late-code-001"]
    # A mark is set now; an import with an earlier expiry must still come first.
    world.stock(sku, ["sooner-code-1"], expires_at=world.at + timedelta(hours=1))
    assert world.secrets(world.buy(merchant, sku).order) == ["sooner-code-1"]
    assert world.secrets(world.buy(merchant, sku).order) == ["without-end-1"]
    assert world.buy(merchant, sku).outcome == "out_of_stock"


def test_the_cheapest_offer_with_enough_stock_supplies(world: World) -> None:
    merchant = world.merchant(100_000)
    sku = world.sku(cost_e4=90_000, codes=["cheap-code-001", "cheap-code-002"])
    world.rule(audience_kind="default", target_kind="any", markup_per_mille=100)
    world.offer(sku, cost_e4=95_000, codes=["dear-code-0001", "dear-code-0002", "dear-code-0003"])
    first = world.buy(merchant, sku, 3).order
    assert first is not None
    assert (world.secrets(first), first.unit_price_e4) == (
        ["dear-code-0001", "dear-code-0002", "dear-code-0003"],
        104_500,
    )
    second = world.buy(merchant, sku, 2).order
    assert second is not None
    assert (world.secrets(second), second.unit_price_e4) == (["cheap-code-001", "cheap-code-002"], 99_000)


def test_batch_demand_spills_over_offers_item_by_item(world: World) -> None:
    merchant = world.merchant(100_000)
    sku = world.sku(cost_e4=90_000, codes=[f"cheap-code-{n}" for n in range(3)])
    world.offer(sku, cost_e4=95_000, codes=[f"dearer-code-{n}" for n in range(3)])
    results = world.submit(*[OrderRequest(merchant, f"s{n}", sku, q) for n, q in enumerate((2, 2, 1, 1, 1))])
    prices = [result.order.unit_price_e4 if result.order else None for result in results]
    assert prices == [90_000, 95_000, 90_000, 95_000, None]
    assert results[4].outcome == "out_of_stock"


def test_resale_floor_refuses_a_declared_price_below_it(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=["floor-code-001"])
    limit = ChannelLimit(
        target_kind="sku",
        target=world.skus[sku],
        effective_from=world.at,
        sales_channel="pdd",
        floor_e4=120_000,
    )
    put_limits(world.connection, [limit])
    world.connection.commit()
    low = {"retail_unit_price_e4": 119_999}
    assert world.buy(merchant, sku, sales_channel="pdd", **low).outcome == "not_sellable"
    assert world.buy(merchant, sku, sales_channel="taobao", **low).outcome == "created"


def test_credit_line_lets_a_wallet_go_below_zero_to_its_floor(world: World) -> None:
    merchant = world.merchant(500, credit=1_500)
    sku = world.sku(price_e4=100_000, codes=["credit-code-1", "credit-code-2", "credit-code-3"])
    assert [world.buy(merchant, sku).outcome for _ in range(3)] == [
        "created",
        "created",
        "insufficient_balance",
    ]
    assert world.balance(wallet(merchant)) == -1_500


def test_a_free_order_moves_goods_and_no_money(world: World) -> None:
    merchant = world.merchant()
    sku = world.sku(cost_e4=1, price_e4=49, codes=["gift-code-0001"])
    result = world.buy(merchant, sku)
    assert result.order is not None
    assert (result.outcome, result.order.amount_minor, result.order.state) == ("created", 0, "delivered")


def test_settlement_pays_supplier_and_margin_exactly(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(
        cost_e4=96_551, price_e4=100_000, codes=["settle-code-1", "settle-code-2", "settle-code-3"]
    )
    order = world.buy(merchant, sku, 3).order
    assert order is not None
    assert settle(world.connection, [order.id], at=world.at, ids=world.ids) == ["not_due"]
    world.later(seconds=world.delay_s)
    assert due_orders(world.connection, at=world.at, limit=10) == [order.id]
    assert settle(world.connection, [order.id, order.id], at=world.at, ids=world.ids) == [
        "settled",
        "repeated",
    ]
    world.connection.commit()
    # 3 × 9.6551 = 28.9653 → 28.97
    assert world.balance(payable(world.supplier)) == 2_897
    assert world.balance(platform("income", "CNY", "margin")) == 103
    assert world.balance(escrow()) == 0


@pytest.mark.parametrize("others", [0, 250])
def test_a_private_price_counts_among_few_and_many_and_begins_on_time(world: World, others: int) -> None:
    """Beyond 200 private rules the book no longer knows a merchant's as a whole."""
    sku = world.sku(price_e4=200_000, codes=[f"private-{others:03}-{n:03}" for n in range(4)])
    merchant = world.merchant(100_000)
    own = {"audience_kind": "private", "audience": merchant.hex, "target_kind": "sku"}
    begins = world.at + timedelta(minutes=5)
    put_rules(
        world.connection,
        [
            PriceRule(effective_from=world.at, target=world.ids.new(), fixed_e4=110_000, **own)
            for _ in range(others)
        ]
        + [
            PriceRule(effective_from=world.at, target=world.skus[sku], fixed_e4=150_000, **own),
            PriceRule(effective_from=begins, target=world.skus[sku], fixed_e4=140_000, **own),
        ],
    )
    world.connection.commit()
    prices = []
    for minutes in (0, 4, 2, 60):
        world.later(minutes=minutes)
        order = world.buy(merchant, sku).order
        assert order is not None
        prices.append(order.unit_price_e4)
    assert prices == [150_000, 150_000, 140_000, 140_000]
    stranger = world.merchant(100_000)
    assert world.stock(sku, [f"private-{others:03}-xxx"]) == ["imported"]
    order = world.buy(stranger, sku).order
    assert order is not None
    assert order.unit_price_e4 == 200_000
