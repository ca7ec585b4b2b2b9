"""Who gets what of an order: pure functions. Each party gains the difference between its price and the one
before it.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from kamao.kernel.money import order_amount


class Party(msgspec.Struct, frozen=True):
    """A party of an order by position: the supplier at cost, the platform at wholesale, merchants at their
    retail.
    """

    position: int
    role: str
    organisation: UUID | None
    unit_price_e4: int


def settlement_shares(
    parties: Sequence[Party], *, held_minor: int, units: int, currency: str
) -> list[tuple[Party | None, int]]:
    """Split what is held for ``units`` units among the parties, in order; the rest goes to the last one.

    Each party's term is its price times the units less what the parties before it got, and takes min(term,
    what is left) (``trade.md``). Without a party after the supplier the rest is the platform's margin (party
    None).
    """
    ordered = sorted(parties, key=lambda party: party.position)
    left = held_minor
    before = 0
    shares: list[tuple[Party | None, int]] = []
    for each in ordered:
        reached = order_amount(each.unit_price_e4, units, currency)
        share = min(max(reached - before, 0), left)
        before = max(before, reached)
        left -= share
        shares.append((each, share))
    if left and ordered and ordered[-1].role == "merchant":
        shares[-1] = (ordered[-1], shares[-1][1] + left)
    elif left:
        shares.append((None, left))
    return [(party, share) for party, share in shares if share]
