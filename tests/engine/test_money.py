"""Ledger, refunds, settlement reversal, payouts: exact amounts, idempotency, and nothing moved on refusal."""

import json
from uuid import UUID

import psycopg
import pytest

from kamao.engine.escrow.operations import settle
from kamao.engine.escrow.payouts import PayoutRequest, answer_payouts, payouts_of, request_payouts
from kamao.engine.ledger.accounts import cash, escrow, owned, payable, platform, wallet
from kamao.engine.ledger.operations import roll_up, set_floor, transfer
from kamao.engine.ledger.queries import balance, statement_of
from kamao.engine.ledger.types import Transfer
from kamao.engine.trade.queries import event_by_id, list_events
from kamao.engine.trade.refunds import cancel, refund
from kamao.engine.trade.relay import sequence_events
from kamao.engine.trade.types import CancelRequest, OrderView, RefundRequest
from kamao.kernel.money import order_amount
from tests.engine.world import World


def move(world: World, *items: Transfer) -> list[str]:
    """Transfer and commit."""
    outcomes = [result.outcome for result in transfer(world.connection, items, at=world.at, ids=world.ids)]
    world.connection.commit()
    return outcomes


def give_back(
    world: World, order: UUID, units: int | None = None, *, refund_id: UUID | None = None
) -> tuple[str, int]:
    """Refund units of one order and commit."""
    request = RefundRequest(refund_id or world.ids.new(), order, "test", "test", units)
    change = refund(world.connection, [request], at=world.at, ids=world.ids)[0]
    world.connection.commit()
    return change.outcome, change.amount_minor


def bought(world: World, *, quantity: int = 3, cost_e4: int = 60_000, price_e4: int = 100_000) -> OrderView:
    """A delivered order of a merchant that paid exactly its price."""
    codes = [f"{world.ids.new().hex}" for _ in range(quantity)]
    sku = world.sku(cost_e4=cost_e4, price_e4=price_e4, codes=codes)
    order = world.buy(world.merchant(order_amount(price_e4, quantity)), sku, quantity).order
    assert order is not None
    return order


def test_transfers_happen_once_by_key(world: World) -> None:
    merchant = world.merchant()
    item = Transfer("top-1", "wallet_topup", cash("bank", "CNY"), wallet(merchant), 700)
    changed = Transfer("top-1", "wallet_topup", cash("bank", "CNY"), wallet(merchant), 701)
    assert move(world, item, item) == ["created", "repeated"]
    assert move(world, item, changed) == ["repeated", "key_conflict"]
    zero = Transfer("top-2", "wallet_topup", cash("bank", "CNY"), wallet(merchant), 0)
    back = Transfer("top-3", "wallet_return", wallet(merchant), cash("bank", "CNY"), 701)
    assert move(world, zero, back) == ["invalid", "insufficient_balance"]
    assert world.balance(wallet(merchant)) == 700
    entries = statement_of(world.connection, wallet(merchant))
    assert [(entry.entry_no, entry.amount_minor, entry.balance_after) for entry in entries] == [(1, 700, 700)]


def test_the_database_itself_refuses_a_broken_floor_and_an_edited_posting(world: World) -> None:
    merchant = world.merchant(100)
    account = wallet(merchant).id
    with pytest.raises(psycopg.errors.CheckViolation, match="ck_ledger_account_floor"):
        world.connection.execute("UPDATE ledger_account SET balance = -1 WHERE id = %s", (account,))
    world.connection.rollback()
    for statement in (
        "UPDATE ledger_posting SET amount_minor = 1",
        "DELETE FROM ledger_posting",
        "TRUNCATE trade_event",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.connection.execute(statement)
        world.connection.rollback()


def test_a_floor_is_raised_only_as_far_as_the_balance_allows(world: World) -> None:
    merchant = world.merchant(100)
    assert set_floor(world.connection, wallet(merchant), -500)
    assert not set_floor(world.connection, wallet(merchant), 101)
    world.connection.commit()
    assert balance(world.connection, wallet(merchant)).available_minor == 600


def test_rolling_up_changes_no_balance(world: World) -> None:
    bought(world)
    before = balance(world.connection, escrow()).balance_minor
    assert roll_up(world.connection) > 0
    world.connection.commit()
    assert balance(world.connection, escrow()).balance_minor == before == 3_000
    assert roll_up(world.connection) == 0


def test_unit_refunds_before_settlement_add_up_exactly(world: World) -> None:
    order = bought(world, quantity=3, price_e4=33_333, cost_e4=10_000)
    assert order.amount_minor == 1_000
    assert [give_back(world, order.id, 1) for _ in range(3)] == [("done", 333), ("done", 333), ("done", 334)]
    assert give_back(world, order.id, 1) == ("state_conflict", 0)
    assert world.balance(wallet(order.merchant)) == 1_000
    assert world.balance(escrow()) == 0


def test_a_refund_is_made_once_by_its_id(world: World) -> None:
    order = bought(world)
    key = world.ids.new()
    assert give_back(world, order.id, 1, refund_id=key) == ("done", 1_000)
    assert give_back(world, order.id, 1, refund_id=key) == ("repeated", 1_000)
    assert give_back(world, order.id, 3) == ("invalid_units", 0)
    assert give_back(world, world.ids.new()) == ("order_not_found", 0)
    assert world.balance(wallet(order.merchant)) == 1_000


def test_the_first_event_says_for_ever_what_was_so_then(world: World) -> None:
    order = bought(world, quantity=3, price_e4=33_333, cost_e4=10_000)
    give_back(world, order.id, 1)
    sequence_events(world.connection)
    refunded, placed = list_events(world.connection, organisation=order.merchant, limit=9)
    facts = {
        "order": str(order.id), "reference": order.reference, "sku": order.sku, "quantity": 3,
        "amount": 1_000, "currency": "CNY", "delivered_quantity": 3, "channel_order_no": None, "reason": "",
    }  # fmt: skip
    assert (placed.type, json.loads(placed.data_json)) == (
        "order.delivered",
        facts | {"state": "delivered", "refunded_amount": 0, "units_refunded": 0},
    )
    assert json.loads(refunded.data_json)["refunded_amount"] == 333
    assert event_by_id(world.connection, placed.id, organisation=order.merchant) == placed


def settled(world: World) -> OrderView:
    """An order of 3 × 10.00 with cost 6.00 each, settled: 18.00 to the supplier, 12.00 margin."""
    order = bought(world)
    world.later(seconds=world.delay_s)
    assert settle(world.connection, [order.id], at=world.at, ids=world.ids) == ["settled"]
    world.connection.commit()
    return order


def test_a_refund_after_settlement_takes_each_share_back(world: World) -> None:
    order = settled(world)
    assert give_back(world, order.id, 1) == ("done", 1_000)
    assert world.balance(payable(world.supplier)) == 1_200
    assert world.balance(platform("income", "CNY", "margin")) == 800
    assert give_back(world, order.id) == ("done", 2_000)
    assert world.balance(payable(world.supplier)) == 0
    assert world.balance(platform("income", "CNY", "margin")) == 0
    assert world.balance(wallet(order.merchant)) == 3_000


def test_what_a_supplier_lacks_comes_from_deposit_then_guarantee(world: World) -> None:
    order = settled(world)
    paid_out = world.ids.new()
    payout = PayoutRequest(paid_out, world.supplier, 1_800, "bank")
    assert request_payouts(world.connection, [payout], at=world.at, ids=world.ids) == ["created"]
    assert answer_payouts(world.connection, [(paid_out, True)], at=world.at, ids=world.ids) == ["done"]
    deposit, guarantee = owned("deposit", world.supplier, "CNY"), platform("guarantee", "CNY")
    move(world, Transfer("dep", "deposit", cash("bank", "CNY"), deposit, 700))
    # 18.00 are missing, 7.00 are there: nobody can fund it yet, and nothing moves.
    assert give_back(world, order.id) == ("unfunded", 0)
    assert world.balance(deposit) == 700
    move(world, Transfer("gua", "guarantee_funded", cash("bank", "CNY"), guarantee, 5_000))
    assert give_back(world, order.id) == ("done", 3_000)
    assert world.balance(deposit) == 0
    assert world.balance(guarantee) == 5_000 - 1_100
    assert world.balance(owned("receivable", world.supplier, "CNY")) == 1_100
    assert world.balance(platform("recourse", "CNY")) == 1_100
    assert world.balance(wallet(order.merchant)) == 3_000


def test_payouts_hold_post_and_void(world: World) -> None:
    settled(world)
    first, second, third = world.ids.many(3)
    requests = [PayoutRequest(key, world.supplier, 1_000, "bank") for key in (first, second)]
    assert request_payouts(world.connection, requests, at=world.at, ids=world.ids) == [
        "created",
        "insufficient_balance",
    ]
    world.connection.commit()
    assert balance(world.connection, payable(world.supplier)).available_minor == 800
    again = [requests[0], PayoutRequest(third, world.supplier, 800, "bank")]
    assert request_payouts(world.connection, again, at=world.at, ids=world.ids) == ["repeated", "created"]
    answers = [(first, True), (third, False), (first, True), (third, True), (second, True)]
    assert answer_payouts(world.connection, answers, at=world.at, ids=world.ids) == [
        "done", "done", "repeated", "resolved_otherwise", "hold_not_found",
    ]  # fmt: skip
    world.connection.commit()
    assert world.balance(payable(world.supplier)) == 800
    assert world.balance(cash("bank", "CNY")) == 3_000 - 1_000
    assert [view.state for view in payouts_of(world.connection, world.supplier, limit=5)] == [
        "voided",
        "posted",
    ]


def test_an_undelivered_order_is_cancelled_with_its_money(world: World) -> None:
    merchant = world.merchant(5_000)
    sku = world.sku(kind="topup", price_e4=200_000)
    order = world.buy(merchant, sku, 2).order
    assert order is not None
    assert order.state == "paid"
    stranger = CancelRequest(world.ids.new(), order.id, "api", "changed my mind")
    own = CancelRequest(merchant, order.id, "api", "changed my mind")
    outcomes = cancel(world.connection, [stranger, own, own], at=world.at, ids=world.ids)
    world.connection.commit()
    assert [change.outcome for change in outcomes] == ["order_not_found", "done", "repeated"]
    assert world.balance(wallet(merchant)) == 5_000
    delivered = bought(world)
    refused = cancel(
        world.connection,
        [CancelRequest(delivered.merchant, delivered.id, "api", "")],
        at=world.at,
        ids=world.ids,
    )
    assert refused[0].outcome == "state_conflict"
