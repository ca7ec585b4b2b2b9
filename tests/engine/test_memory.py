"""Orders decided by memory: one round trip when nothing has changed, and nothing wrong when something has."""

from datetime import timedelta
from typing import Any

import pytest

from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import wallet
from kamao.engine.pool import connect
from kamao.engine.pricing.operations import put_rules
from kamao.engine.pricing.types import PriceRule
from kamao.engine.stock.operations import recall_lot
from kamao.engine.trade import submit as submitting
from kamao.engine.trade.operations import register_merchants
from kamao.engine.trade.submit import submit
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import MerchantSpec, OrderRequest, SubmitResult
from kamao.kernel.ids import RandomIds
from tests.engine.world import World


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many orders of each batch had to be read about."""
    counted: list[int] = []
    reading = submitting._by_reading

    def counting(connection: Any, requests: Any, **terms: Any) -> list[SubmitResult]:
        counted.append(len(requests))
        return reading(connection, requests, **terms)

    monkeypatch.setattr(submitting, "_by_reading", counting)
    return counted


def elsewhere(world: World, *requests: OrderRequest) -> list[SubmitResult]:
    """Place orders as another process would: with a memory of its own."""
    tools = TradeTools(ids=RandomIds(), keyring=world.keyring)
    return submit(world.connection, requests, at=world.at, tools=tools)


def test_what_is_known_is_not_read_again(world: World, ways: list[int]) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=[f"known-code-{n:03}" for n in range(9)])
    first = world.buy(merchant, sku)
    assert ways == [1]
    later = [world.buy(merchant, sku, 2) for _ in range(3)]
    assert ways == [1]
    assert [result.outcome for result in later] == ["created"] * 3
    sold = world.secrets(first.order) + [secret for each in later for secret in world.secrets(each.order)]
    assert sold == [f"known-code-{n:03}" for n in range(7)]
    assert world.balance(wallet(merchant)) == 3_000


def test_more_than_one_reading_ahead_is_sold_in_order(world: World, ways: list[int]) -> None:
    merchant = world.merchant(1_000_000)
    codes = [f"ahead-code-{n:04}" for n in range(700)]
    sku = world.sku(cost_e4=9_000, price_e4=10_000, codes=codes)
    sold = [secret for _ in range(70) for secret in world.secrets(world.buy(merchant, sku, 10).order)]
    assert sold == codes
    assert len(ways) < 10
    assert world.buy(merchant, sku).outcome == "out_of_stock"


def test_codes_that_were_sold_elsewhere_are_not_sold_again(world: World, ways: list[int]) -> None:
    here, there = world.merchant(10_000), world.merchant(10_000)
    codes = [f"two-nodes-{n:03}" for n in range(12)]
    sku = world.sku(price_e4=100_000, codes=codes)
    sold = world.secrets(world.buy(here, sku).order)
    for number in range(4):
        result = elsewhere(world, OrderRequest(there, f"e{number}", sku, 1))[0]
        sold += world.secrets(result.order)
        sold += world.secrets(world.buy(here, sku).order)
        world.later(seconds=3)
    assert sorted(sold) == codes[:9]
    assert len(set(sold)) == 9
    assert ways.count(1) > 4


def test_money_that_was_spent_elsewhere_is_not_spent_again(world: World) -> None:
    merchant = world.merchant(3_000)
    sku = world.sku(price_e4=100_000, codes=[f"spent-code-{n:03}" for n in range(9)])
    assert world.buy(merchant, sku).outcome == "created"
    assert elsewhere(world, OrderRequest(merchant, "there", sku, 1))[0].outcome == "created"
    outcomes = [world.buy(merchant, sku).outcome for _ in range(2)]
    assert outcomes == ["created", "insufficient_balance"]
    assert world.balance(wallet(merchant)) == 0


def test_money_that_came_elsewhere_is_found_when_it_is_needed(world: World) -> None:
    merchant = world.merchant(1_000)
    sku = world.sku(price_e4=100_000, codes=[f"fresh-cash-{n:03}" for n in range(9)])
    assert [world.buy(merchant, sku).outcome for _ in range(2)] == ["created", "insufficient_balance"]
    world.top_up(merchant, 1_000)
    assert world.buy(merchant, sku).outcome == "created"


def test_a_reference_that_was_used_elsewhere_gives_its_order(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=[f"same-ref-{n:04}" for n in range(9)])
    assert world.buy(merchant, sku).outcome == "created"
    first = elsewhere(world, OrderRequest(merchant, "again", sku, 1))[0]
    again, conflict = world.submit(
        OrderRequest(merchant, "again", sku, 1), OrderRequest(merchant, "again", sku, 2)
    )
    assert (again.outcome, conflict.outcome) == ("repeated", "reference_conflict")
    assert first.order is not None
    assert again.order is not None
    assert again.order.id == first.order.id
    assert world.balance(wallet(merchant)) == 8_000


def test_a_new_price_and_a_suspension_count_at_once(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=[f"news-code-{n:03}" for n in range(9)])
    assert world.buy(merchant, sku).outcome == "created"
    rule = PriceRule(
        audience_kind="private",
        target_kind="sku",
        effective_from=world.at,
        audience=merchant.hex,
        target=world.skus[sku],
        fixed_e4=120_000,
    )
    put_rules(world.connection, [rule])
    world.connection.commit()
    order = world.buy(merchant, sku).order
    assert order is not None
    assert order.unit_price_e4 == 120_000
    register_merchants(world.connection, [MerchantSpec(merchant, status="suspended")], at=world.at)
    world.connection.commit()
    assert world.buy(merchant, sku).outcome == "merchant_suspended"
    assert world.balance(wallet(merchant)) == 7_800


def test_recalled_and_expired_codes_leave_the_shelf(world: World) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000)
    world.stock(sku, [f"soon-gone-{n:03}" for n in range(3)], expires_at=world.at + timedelta(minutes=1))
    world.stock(sku, [f"recalled-{n:04}" for n in range(3)], expires_at=world.at + timedelta(days=1))
    recalled = world.last_lot
    world.stock(sku, [f"remaining-{n:03}" for n in range(3)])
    assert world.secrets(world.buy(merchant, sku).order) == ["soon-gone-000"]
    world.later(minutes=2)
    assert world.secrets(world.buy(merchant, sku).order) == ["recalled-0000"]
    assert recall_lot(world.connection, recalled, supplier=world.supplier)[0] == "done"
    world.connection.commit()
    assert world.secrets(world.buy(merchant, sku).order) == ["remaining-000"]


def test_only_what_has_nothing_in_common_goes_before_an_order_that_must_be_read_about(
    world: World, ways: list[int]
) -> None:
    rich, poor = world.merchant(100_000), world.merchant(1_000)
    sku = world.sku(price_e4=100_000, codes=[f"mixed-code-{n:03}" for n in range(20)])
    other = world.sku(price_e4=100_000, codes=[f"other-code-{n:03}" for n in range(20)])
    world.submit(OrderRequest(rich, "w1", sku, 1), OrderRequest(rich, "w2", other, 1))
    world.submit(OrderRequest(poor, "w3", other, 1))
    ways.clear()
    results = world.submit(
        OrderRequest(rich, "a", sku, 1),
        OrderRequest(poor, "b", other, 1),
        OrderRequest(rich, "c", other, 1),
        OrderRequest(rich, "d", sku, 1),
    )
    assert [result.outcome for result in results] == [
        "created", "insufficient_balance", "created", "created",
    ]  # fmt: skip
    assert ways == [3]
    assert world.secrets(results[0].order) == ["mixed-code-001"]
    assert world.secrets(results[3].order) == ["mixed-code-002"]


def test_after_being_wrong_the_memory_rests(world: World, ways: list[int]) -> None:
    here, there = world.merchant(10_000), world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=[f"resting-{n:05}" for n in range(20)])
    world.buy(here, sku)
    elsewhere(world, OrderRequest(there, "x", sku, 1))
    world.buy(here, sku)
    ways.clear()
    world.buy(here, sku)
    assert ways == [1]
    world.later(seconds=3)
    world.buy(here, sku)
    assert ways == [1]


def test_a_repeat_of_ones_own_is_read_about_and_the_memory_goes_on(world: World, ways: list[int]) -> None:
    merchant = world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=[f"repeat-{n:06}" for n in range(9)])
    world.buy(merchant, sku)
    first = world.buy(merchant, sku, reference="mine")
    again = world.buy(merchant, sku, reference="mine")
    assert (first.outcome, again.outcome) == ("created", "repeated")
    assert ways == [1, 1]
    assert world.buy(merchant, sku).outcome == "created"
    assert ways == [1, 1]


def test_what_waits_for_a_lock_too_long_does_not_make_the_rest_look_repeated(
    world: World, conninfo: str
) -> None:
    plain, held = world.merchant(10_000), world.merchant(10_000)
    sku = world.sku(price_e4=100_000, codes=[f"lock-code-{n:03}" for n in range(9)])
    other = world.sku(price_e4=100_000, codes=[f"held-code-{n:03}" for n in range(9)])
    world.buy(plain, sku)
    with connect(conninfo, LIVE) as holder:
        holder.execute("SELECT FROM ledger_account WHERE id = %s FOR UPDATE", (wallet(held).id,))
        world.connection.execute("SET lock_timeout = '100ms'")
        results = world.submit(OrderRequest(plain, "p", sku, 1), OrderRequest(held, "h", other, 1))
        holder.rollback()
    assert [result.outcome for result in results] == ["created", "busy"]
    world.connection.execute("SET lock_timeout = '5s'")
    assert world.submit(OrderRequest(held, "h", other, 1))[0].outcome == "created"
    assert world.balance(wallet(plain)) == 8_000
