"""The client against a running server: what a merchant's and a supplier's program does with it."""

import asyncio

import pytest

from kamao_client import AsyncClient, Client, OrderRequest, errors


@pytest.fixture
def client(base_url, merchant):
    with Client(base_url, merchant.key, language="en") as opened:
        yield opened


def test_buying_gives_the_codes_and_repeating_the_reference_gives_the_same_order(client, world):
    goods = world.goods(price_e4=145_000)
    secrets = world.stock(goods, 5)
    order = client.orders.buy(goods.code, 2, "A-1001")
    assert (order.state, order.amount, order.unit_price_decimal) == ("delivered", 2900, "1450")
    assert len(order.deliveries) == 2
    assert {delivery.secret for delivery in order.deliveries} <= set(secrets)
    again = client.orders.buy(goods.code, 2, "A-1001")
    assert again.id == order.id
    assert [each.item for each in again.deliveries] == [each.item for each in order.deliveries]
    assert client.wallet.get().balance == 100_000 - 2900


def test_each_refusal_is_its_own_exception_and_leaves_the_reference_free(client, world):
    goods = world.goods(price_e4=145_000, codes=1)
    dear = world.goods(price_e4=99_990_000, codes=1)
    with pytest.raises(errors.OutOfStock):
        client.orders.buy(goods.code, 2, "B-1")
    with pytest.raises(errors.InsufficientBalance) as poor:
        client.orders.buy(dear.code, 1, "B-1")
    assert poor.value.status == 402
    with pytest.raises(errors.PriceAboveLimit):
        client.orders.buy(goods.code, 1, "B-1", max_amount=100)
    with pytest.raises(errors.NotFound) as missing:
        client.orders.buy("no-such-sku", 1, "B-1")
    assert missing.value.code == "sku_not_found"
    with pytest.raises(errors.InvalidRequest) as invalid:
        client.orders.place(OrderRequest(goods.code, 0, "B-1"))
    assert invalid.value.problem.errors[0].pointer == "/quantity"
    assert client.orders.buy(goods.code, 1, "B-1").state == "delivered"
    with pytest.raises(errors.ReferenceConflict):
        client.orders.buy(goods.code, 2, "B-1")


def test_error_texts_come_in_the_language_asked_for(base_url, merchant):
    with Client(base_url, merchant.key) as chinese, Client(base_url, merchant.key, language="en") as english:
        with pytest.raises(errors.NotFound) as zh:
            chinese.orders.get("ord_00000000000000000000000000")
        with pytest.raises(errors.NotFound) as en:
            english.orders.get("ord_00000000000000000000000000")
    assert zh.value.code == en.value.code == "order_not_found"
    assert any("\u4e00" <= char <= "\u9fff" for char in zh.value.problem.detail)
    assert en.value.problem.detail.isascii()


def test_a_wrong_key_is_refused_and_never_shown(base_url):
    with Client(base_url, "kmk_live_wrong") as client, pytest.raises(errors.Unauthenticated) as refused:
        client.wallet.get()
    assert "kmk_live_wrong" not in repr(refused.value) + str(refused.value)


def test_a_batch_answers_each_order_by_itself(client, world):
    goods = world.goods(codes=3)
    results = client.orders.place_many(
        [
            OrderRequest(goods.code, 1, "C-1"),
            OrderRequest("nothing", 1, "C-2"),
            OrderRequest(goods.code, 1, "C-1"),
        ]
    )
    assert [result.status for result in results] == [201, 404, 200]
    assert results[0].order.id == results[2].order.id
    assert results[1].problem.code == "sku_not_found"


def test_lists_are_read_page_by_page_to_the_end(client, world, monkeypatch):
    goods = world.goods(price_e4=10_000, codes=7)
    for module in ("client", "async_client"):
        monkeypatch.setattr(f"kamao_client.{module}.PAGE_LIMIT", 3)
    made = [client.orders.buy(goods.code, 1, f"D-{number}").id for number in range(7)]
    listed = list(client.orders.list(sku=goods.code))
    assert [order.id for order in listed] == made[::-1]
    assert all(order.deliveries is None for order in listed)
    entries = list(client.wallet.entries())
    assert [entry.entry_no for entry in entries] == list(range(8, 0, -1))
    assert [entry.amount for entry in entries] == [-100] * 7 + [100_000]
    assert client.orders.find("D-3").id == made[3]
    assert client.orders.find("D-99") is None
    assert client.orders.get(made[0]).deliveries[0].secret is not None


def test_the_async_client_does_the_same(base_url, world, merchant):
    goods = world.goods(price_e4=10_000, codes=20)

    async def run():
        async with AsyncClient(base_url, merchant.key) as client:
            orders = await asyncio.gather(*[client.orders.buy(goods.code, 1, f"E-{n}") for n in range(20)])
            with pytest.raises(errors.OutOfStock):
                await client.orders.buy(goods.code, 1, "E-20")
            listed = [order.id async for order in client.orders.list(sku=goods.code)]
            assert (await client.orders.find("E-7")).id == orders[7].id
            return orders, listed, await client.wallet.get()

    orders, listed, wallet = asyncio.run(run())
    codes = [order.deliveries[0].secret for order in orders]
    assert len(set(codes)) == 20
    assert sorted(listed) == sorted(order.id for order in orders)
    assert wallet.balance == 100_000 - 2_000


def test_webhook_endpoints_are_managed_and_secrets_shown_once(client):
    made = client.webhooks.create("http://127.0.0.1:9/hook", events=["order.*"], description="shop")
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    rotated = client.webhooks.rotate(made.id, overlap_s=60)
    assert rotated.secret not in {None, made.secret}
    (listed,) = client.webhooks.endpoints()
    assert (listed.id, listed.events, listed.secret) == (made.id, ["order.*"], None)
    client.webhooks.delete(made.id)
    assert list(client.webhooks.endpoints()) == []
    with pytest.raises(errors.InvalidRequest) as refused:
        client.webhooks.create("http://10.0.0.1/hook")
    assert refused.value.code == "webhook_url_refused"
    with pytest.raises(errors.NotFound):
        client.webhooks.redeliver("evt_00000000000000000000000000")
