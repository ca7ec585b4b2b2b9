"""The client in a supplier's hands: offers, codes, lots, fulfilments by hand, settlements, keys."""

import time
from datetime import UTC, datetime

import pytest

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.rows import LibraryRow
from kamao_client import Client, Code, OfferUpsert, Receipt, errors


@pytest.fixture
def supplier(base_url, world):
    with Client(base_url, world.make_supplier().key, language="en") as opened:
        yield opened


@pytest.fixture
def sku_code(services):
    row = LibraryRow(
        category="视频会员",
        brand="测试",
        product="客户端测试会员",
        variant="月卡",
        kind="code",
        code="client-month",
    )
    load_rows([row], at=datetime(2026, 1, 1, tzinfo=UTC))
    return "client-month"


def test_a_supplier_puts_offers_and_codes_and_takes_a_lot_back(supplier, sku_code):
    offers = [OfferUpsert("ITEM-1", sku_code, "1305"), OfferUpsert("ITEM-2", "no-such-sku", "1")]
    first, second = supplier.supply.put_offers(offers)
    assert (first.status, first.change) == (200, "new")
    assert (second.status, second.problem.code) == (404, "sku_not_found")
    again = supplier.supply.put_offers(offers[:1])[0]
    assert (again.offer, again.change) == (first.offer, "same")

    codes = [Code(f"SECRET-{n}", f"NO-{n}") for n in range(5)]
    added = supplier.supply.add_codes(first.offer, [*codes, codes[0]], idempotency_key="codes-1")
    assert (added.imported, added.duplicate) == (5, 1)
    assert (added.refused[0].index, added.refused[0].reason) == (5, "duplicate")
    assert supplier.supply.add_codes(first.offer, [*codes, codes[0]], idempotency_key="codes-1") == added
    streamed = supplier.supply.stream_codes(first.offer, [Code(f"MORE-{n}") for n in range(3)])
    assert streamed.imported == 3

    (offer,) = supplier.supply.offers()
    assert (offer.id, offer.item, offer.free_codes, offer.supply_price) == (first.offer, "ITEM-1", 8, 1305)
    lots = {lot.id: lot.free for lot in supplier.supply.lots()}
    assert lots == {added.lot: 5, streamed.lot: 3}
    assert supplier.supply.recall_lot(streamed.lot).recalled == 3
    assert list(supplier.supply.settlements()) == []


def until_numbered(client, event_type):
    """Wait until the worker has numbered what was committed."""
    until = time.monotonic() + 20
    while not any(client.webhooks.events(event_type=event_type)):
        assert time.monotonic() < until, "the event was never numbered"


def test_work_by_hand_is_listed_and_reported(supplier, base_url, world, worker):
    owner = world.make_supplier()
    goods = world.goods(kind="manual", price_e4=100_000, supplier=owner)
    buyer = world.merchant(balance_minor=10_000)
    with Client(base_url, buyer.key) as merchant, Client(base_url, owner.key) as by_hand:
        order = merchant.orders.buy(goods.code, 1, "H-1")
        assert (order.state, order.is_final) == ("paid", False)
        (task,) = by_hand.supply.fulfilments()
        assert (task.order, task.quantity) == (order.id, 1)
        with pytest.raises(errors.NotFound):
            supplier.supply.succeed(task.id, [Receipt("R")])
        assert (
            by_hand.supply.succeed(task.id, [Receipt("CARRIER-77")], upstream_no="U-1").order_state
            == "delivered"
        )
        done = merchant.orders.get(order.id)
        assert [delivery.secret for delivery in done.deliveries] == ["CARRIER-77"]

        failing = merchant.orders.buy(goods.code, 1, "H-2")
        (task,) = by_hand.supply.fulfilments()
        assert by_hand.supply.fail(task.id, reason="no carrier").order_state == "failed"
        assert merchant.orders.get(failing.id).state == "failed"
        assert merchant.wallet.get().balance == 9_000
        until_numbered(merchant, "order.failed")
        kinds = [event.type for event in merchant.webhooks.events()]
        assert kinds == ["order.failed", "order.delivered"]  # what happens inside is not told
        assert [event.data["id"] for event in merchant.webhooks.events(event_type="order.failed")] == [
            failing.id
        ]
        assert list(merchant.webhooks.events(event_type="order.paid")) == []


def test_keys_are_made_listed_and_revoked(base_url, merchant):
    with Client(base_url, merchant.key) as client:
        made = client.keys.create("till", scopes=["orders:write"])
        assert made.key.startswith("kmk_live_")
        assert made.key not in repr(made)
        with Client(base_url, made.key) as limited, pytest.raises(errors.Forbidden):
            limited.wallet.get()
        client.keys.revoke(made.id)
        listed = {key.id: key for key in client.keys.list()}
        assert listed[made.id].revoked_at is not None
        assert listed[made.id].key is None
