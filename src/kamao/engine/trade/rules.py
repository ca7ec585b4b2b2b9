"""Pure rules of the trade: what makes two requests the same, and what a refund of units gives back."""

from collections.abc import Sequence
from uuid import UUID

from kamao.engine.trade.types import OrderRequest
from kamao.kernel.money import split_by_weight


def content_of(request: OrderRequest) -> bytes:
    """Return the canonical content by which a repeated reference is judged: SKU, quantity, target, price
    limits.
    """
    head = f"{request.sku}\n{request.quantity}\n{request.max_unit_price_e4}\n{request.max_amount_minor}\n"
    return head.encode() + (request.target_json or b"")


def opening_place(order: UUID, item: UUID) -> UUID:
    """Return the id under which a provenance opening is sealed: bound to the order and the item at once."""
    return UUID(int=opening_number(order, item))


def opening_number(order: UUID, item: UUID) -> int:
    """Return the number of ``opening_place``."""
    return order.int ^ item.int


def refund_of_units(amount_minor: int, quantity: int, *, refunded_before: int, refunded_after: int) -> int:
    """Return the money of the units refunded between two counts.

    The share of k units is floor(amount × k / quantity); a refund is the difference of two shares, so the
    refunds of all units add up to the amount exactly, in whatever steps they are made (``trade.md``: reversal
    k).
    """
    assert 0 <= refunded_before < refunded_after <= quantity, "units are refunded forwards, and at most all"
    return amount_minor * refunded_after // quantity - amount_minor * refunded_before // quantity


def reversal_shares(settled: Sequence[int], returned: Sequence[int], *, amount_minor: int) -> list[int]:
    """Return what each settled share gives back for a further refund of ``amount_minor``.

    ``returned`` is what each gave back before. After any number of reversals the parts stand in proportion to
    the shares, never exceed them, and add up exactly. Raises ValueError where more is asked than was settled.
    """
    if amount_minor > sum(settled) - sum(returned):
        raise ValueError("a reversal gives back at most what was settled")
    target = split_by_weight(sum(returned) + amount_minor, settled)
    parts = [max(goal - done, 0) for goal, done in zip(target, returned, strict=True)]
    surplus = sum(parts) - amount_minor
    for index in range(len(parts)):
        step = min(parts[index], surplus)
        parts[index] -= step
        surplus -= step
    return parts
