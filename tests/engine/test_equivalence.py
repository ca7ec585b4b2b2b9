"""A batch gives exactly what its items one after another give: outcomes, prices, codes, balances."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from kamao.engine.ledger.accounts import wallet
from kamao.engine.trade.types import OrderRequest, SubmitResult
from tests.engine.world import World

item = st.tuples(
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers(1, 4),
    st.integers(0, 9),
    st.sampled_from([None, 2_000, 9_000]),
)


class Market:
    """Two merchants and two SKUs, each SKU with a cheap and a dear offer, all with little stock and little
    money.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.merchants = [world.merchant(money) for money in (7_000, 25_000)]
        tag = world.ids.new().hex
        self.skus = []
        for number in range(2):
            cheap = [f"{tag}-{number}-cheap-{n}" for n in range(3)]
            sku = world.sku(cost_e4=90_000, codes=cheap)
            world.offer(sku, cost_e4=95_000, codes=[f"{tag}-{number}-dear-{n}" for n in range(4)])
            self.skus.append(sku)
        self.tag = tag

    def request(self, item: tuple[int, int, int, int, int | None]) -> OrderRequest:
        """An item as a request in this market."""
        merchant, sku, quantity, reference, limit = item
        return OrderRequest(
            self.merchants[merchant], f"ref-{reference}", self.skus[sku], quantity, max_amount_minor=limit
        )

    def told(self, results: list[SubmitResult]) -> list[Any]:
        """Results without what differs between two markets by construction."""
        lines = []
        for result in results:
            secrets = [] if result.order is None else self.world.secrets(result.order)
            price = None if result.order is None else result.order.unit_price_e4
            lines.append((result.outcome, price, [secret.removeprefix(self.tag) for secret in secrets]))
        return lines

    def money(self) -> list[int]:
        """What is left in the wallets."""
        return [self.world.balance(wallet(merchant)) for merchant in self.merchants]


@pytest.mark.timeout(120)
@settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(items=st.lists(item, min_size=1, max_size=14))
def test_a_batch_equals_its_items_one_after_another(world: World, items: list[Any]) -> None:
    together, alone = Market(world), Market(world)
    batch = world.submit(*[together.request(each) for each in items])
    single = [world.submit(alone.request(each))[0] for each in items]
    assert together.told(batch) == alone.told(single)
    assert together.money() == alone.money()
