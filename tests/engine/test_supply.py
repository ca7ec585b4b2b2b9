"""Codes and supply by hand: duplicates, recall, sealing, partial delivery, failover."""

import pytest

from kamao.engine.escrow.operations import settle
from kamao.engine.ledger.accounts import escrow, payable, platform, wallet
from kamao.engine.stock.operations import recall_lot
from kamao.engine.stock.queries import free_counts, lots_of
from kamao.engine.trade.fulfilment import answer, open_fulfilments, open_target
from kamao.engine.trade.operations import register_suppliers
from kamao.engine.trade.queries import order_by_id
from kamao.engine.trade.types import FulfilmentAnswer, OrderView, Receipt, SupplierSpec
from kamao.kernel.sealing import Keyring, SealError
from tests.engine.world import World


def test_a_code_is_imported_once_for_ever(world: World) -> None:
    merchant = world.merchant(100_000)
    sku = world.sku(price_e4=100_000, codes=["AbCd-1234-EfGh"])
    other = world.sku(price_e4=100_000)
    assert world.stock(sku, ["abcd 1234 efgh", "ＡＢＣＤ-1234-EFGH", "NEW-CODE-0001", "new-code-0001"]) == [
        "duplicate", "duplicate", "imported", "duplicate",
    ]  # fmt: skip
    world.buy(merchant, sku)
    assert world.stock(other, ["ABCD1234EFGH", "", "x" * 513, "\x00abcdefghijkl"]) == [
        "duplicate", "invalid", "invalid", "invalid",
    ]  # fmt: skip
    assert world.count("stock_code") == 2


def test_a_long_import_is_told_code_by_code_and_each_opens(world: World) -> None:
    sku = world.sku(price_e4=100_000, codes=["CODE-0000002500"])
    secrets = [f"CODE-{number:010}" for number in range(4_100)]
    secrets[4_050] = secrets[10]
    outcomes = world.stock(sku, secrets)
    assert {place for place, outcome in enumerate(outcomes) if outcome != "imported"} == {2_500, 4_050}
    assert {outcomes[2_500], outcomes[4_050]} == {"duplicate"}
    assert world.stock(sku, secrets) == ["duplicate"] * 4_100
    assert world.connection.execute("SELECT sum(imported) FROM stock_lot").fetchone() == (4_099,)
    rows = world.connection.execute(
        "SELECT c.id, c.sealed, l.id, l.wrapped_key FROM stock_code c JOIN stock_lot l ON l.id = c.lot"
    ).fetchall()
    opened = [world.keyring.open_data_key(lot, key).open(code, sealed) for code, sealed, lot, key in rows]
    assert len({*opened}) == 4_099
    assert all(any(secret.encode() in plain for plain in opened) for secret in secrets[1_998:2_003])


def test_codes_are_sealed_and_open_only_with_their_key_and_place(world: World) -> None:
    sku = world.sku(price_e4=100_000, codes=["very-secret-code-1"])
    rows = world.connection.execute(
        "SELECT c.id, c.sealed, l.id, l.wrapped_key FROM stock_code c JOIN stock_lot l ON l.id = c.lot"
    ).fetchall()
    world.connection.commit()
    code, sealed, lot, wrapped = rows[0]
    assert b"secret" not in sealed
    key = world.keyring.open_data_key(lot, wrapped)
    with pytest.raises(SealError):
        key.open(world.ids.new(), sealed)
    with pytest.raises(Exception, match="lacks key"):
        Keyring.generate().open_data_key(lot, wrapped)
    assert world.secrets(world.buy(world.merchant(1_000), sku).order) == ["very-secret-code-1"]
    assert code


def test_a_recalled_lot_sells_no_more(world: World) -> None:
    sku = world.sku(price_e4=100_000, codes=["recall-code-01", "recall-code-02", "recall-code-03"])
    lot = world.last_lot
    merchant = world.merchant(10_000)
    world.buy(merchant, sku)
    assert recall_lot(world.connection, lot, supplier=world.ids.new()) == ("lot_not_found", 0)
    assert recall_lot(world.connection, lot, supplier=world.supplier) == ("done", 2)
    world.connection.commit()
    assert world.buy(merchant, sku).outcome == "out_of_stock"
    view = lots_of(world.connection, world.supplier, limit=5)[0]
    assert (view.state, view.imported, view.recalled, view.free, view.sold) == ("recalled", 3, 2, 0, 1)
    assert free_counts(world.connection, [world.offers[sku]], at=world.at) == {world.offers[sku]: 0}


def by_hand(world: World, *, quantity: int = 3) -> OrderView:
    """A paid top-up order of 10.00 a unit (cost 9.00) that waits for its supplier."""
    sku = world.sku(kind="topup", cost_e4=90_000, price_e4=100_000, target_required=True)
    target = b'{"mobile":"13800000000"}'
    order = world.buy(world.merchant(1_000 * quantity), sku, quantity, target_json=target).order
    assert order is not None
    return order


def reply(world: World, *answers: FulfilmentAnswer) -> list[str]:
    """Give suppliers' answers and commit."""
    outcomes = [
        change.outcome for change in answer(world.connection, answers, at=world.at, tools=world.tools)
    ]
    world.connection.commit()
    return outcomes


def test_partial_supply_refunds_the_rest(world: World) -> None:
    order = by_hand(world)
    task = open_fulfilments(world.connection, world.supplier, limit=5)[0]
    assert (task.order, task.quantity) == (order.id, 3)
    assert open_target(world.keyring, task) == b'{"mobile":"13800000000"}'
    done = FulfilmentAnswer(task.id, world.supplier, (Receipt("serial-1"), Receipt("serial-2")))
    stranger = FulfilmentAnswer(task.id, world.ids.new(), (Receipt("x"),))
    nothing = FulfilmentAnswer(task.id, world.supplier)
    too_many = FulfilmentAnswer(task.id, world.supplier, (Receipt("x"),) * 4)
    failed = FulfilmentAnswer(task.id, world.supplier, failure="late")
    assert reply(world, stranger, nothing, too_many, done, done, failed) == [
        "fulfilment_not_found", "invalid", "invalid", "done", "repeated", "state_conflict",
    ]  # fmt: skip
    after = order_by_id(world.connection, order.id, with_deliveries=True)
    assert after is not None
    assert (after.state, after.delivered_quantity, after.units_refunded, after.refunded_minor) == (
        "delivered",
        2,
        1,
        1_000,
    )
    assert sorted(world.secrets(after)) == ["serial-1", "serial-2"]
    assert world.balance(wallet(order.merchant)) == 1_000
    assert world.balance(escrow()) == 2_000


def test_failure_gives_the_money_back_in_the_same_transaction(world: World) -> None:
    order = by_hand(world)
    task = open_fulfilments(world.connection, world.supplier, limit=5)[0]
    assert reply(world, FulfilmentAnswer(task.id, world.supplier, failure="no such number")) == ["done"]
    after = order_by_id(world.connection, order.id)
    assert after is not None
    assert (after.state, after.message) == ("failed", "no such number")
    assert world.balance(wallet(order.merchant)) == 3_000


def test_failure_goes_to_the_next_offer_and_settles_with_who_supplied(world: World) -> None:
    order = by_hand(world, quantity=1)
    second = world.ids.new()
    register_suppliers(world.connection, [SupplierSpec(second, settlement_delay_s=60)], at=world.at)
    world.offer(order.sku, cost_e4=95_000, supplier=second, manual=True)
    dear = world.offer(order.sku, cost_e4=100_001, supplier=second, manual=True)
    task = open_fulfilments(world.connection, world.supplier, limit=5)[0]
    assert reply(world, FulfilmentAnswer(task.id, world.supplier, failure="closed today")) == ["done"]
    tasks = open_fulfilments(world.connection, second, limit=5)
    assert [each.order for each in tasks] == [order.id]
    assert dear
    assert reply(world, FulfilmentAnswer(tasks[0].id, second, (Receipt("serial-9"),))) == ["done"]
    world.later(seconds=60)
    assert settle(world.connection, [order.id], at=world.at, ids=world.ids) == ["settled"]
    world.connection.commit()
    assert world.balance(payable(world.supplier)) == 0
    assert world.balance(payable(second)) == 950
    assert world.balance(platform("income", "CNY", "margin")) == 50
