"""How a bundle's price is split over its orders: cost first, the rest by list price, to the last fen.

Pure. Refuses a total below the costs: nobody sells a bundle at a loss by accident.
"""

from collections.abc import Sequence

import msgspec

from kamao.kernel.errors import Refusal, problem
from kamao.kernel.money import split_by_weight

BUNDLE_BELOW_COST = problem(
    "bundle_below_cost",
    409,
    title_zh="套餐价低于成本",
    title_en="Bundle below cost",
    detail_zh="该套餐暂时无法购买，请联系店铺。",
    detail_en="This bundle cannot be bought at the moment; please contact the shop.",
)


class Part(msgspec.Struct, frozen=True):
    """One order of a bundle: what it costs its merchant in all (wholesale and platform part) and its list
    price.
    """

    cost_minor: int
    list_minor: int


def split_total(total_minor: int, parts: Sequence[Part]) -> list[int]:
    """Split a bundle's total (minor units) over its orders: each gets its cost, the rest goes by list price.

    The shares add up exactly. Raises Refusal ``bundle_below_cost`` where the total does not cover the costs.
    """
    costs = sum(part.cost_minor for part in parts)
    if total_minor < costs:
        raise Refusal("bundle_below_cost")
    rest = split_by_weight(total_minor - costs, [part.list_minor for part in parts])
    return [part.cost_minor + share for part, share in zip(parts, rest, strict=True)]
