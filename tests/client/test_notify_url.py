"""An order that brings its own address is told there, signed with the secret for orders."""

import asyncio
from datetime import UTC, datetime

import pytest

from kamao.business.identity.audit import SYSTEM
from kamao.business.webhooks import operations
from kamao.business.webhooks.queries import Owner
from kamao.engine.cells import LIVE
from kamao_client import Client, OrderRequest
from tests.webhooks.support import Receiver, rows, until


@pytest.fixture
def buyer(base_url, merchant):
    with Client(base_url, merchant.key) as opened:
        yield opened


def test_the_events_of_an_order_go_to_its_own_address_and_no_other_orders_do(buyer, merchant, world, worker):
    goods = world.goods(price_e4=10_000, codes=3)
    keyring = world.services.keyring
    secret = operations.reset_order_secret(
        Owner(merchant.id, LIVE), actor=SYSTEM, keyring=keyring, at=datetime.now(UTC)
    ).secret
    with Receiver() as receiver:
        buyer.orders.buy(goods.code, 1, "N-1")
        order = buyer.orders.place(OrderRequest(goods.code, 1, "N-2", notify_url=receiver.url))
        asyncio.run(until(lambda: receiver.seen))
        (event,) = receiver.verified(secret)
    assert (event["type"], event["data"]["id"]) == ("order.delivered", order.id)


def test_an_own_address_that_says_gone_is_left_alone_and_others_are_still_told(
    buyer, merchant, world, worker
):
    goods = world.goods(price_e4=10_000, codes=3)
    with Receiver(410) as gone, Receiver() as fine:
        buyer.orders.place(OrderRequest(goods.code, 1, "N-3", notify_url=gone.url))
        asyncio.run(until(lambda: gone.seen))
        buyer.orders.place(OrderRequest(goods.code, 1, "N-4", notify_url=fine.url))
        asyncio.run(until(lambda: fine.seen))
        asyncio.run(until(lambda: states_of(merchant) == {"exhausted", "delivered"}))
    assert len(gone.seen) == 1


def states_of(merchant):
    found = rows(
        "SELECT DISTINCT d.state FROM webhook_delivery d JOIN webhook_message m ON m.id = d.message_id"
        " WHERE m.organisation_id = %s",
        merchant.id,
    )
    return {state for (state,) in found}
