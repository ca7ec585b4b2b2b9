"""Money: integer minor units, unit prices in 1/10 000 of the major unit, and exact splits.

Refuses floats everywhere. Rounds an order once, half up (``trade.md``: prices are rates, amounts are money).
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

E4 = 10_000
"""Unit prices count 1/10 000 of the major unit."""

CURRENCY_EXPONENTS = {
    "CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "HKD": 2, "TWD": 2, "MOP": 2, "SGD": 2, "AUD": 2, "CAD": 2,
    "THB": 2, "MYR": 2, "PHP": 2, "IDR": 2, "INR": 2, "TRY": 2, "BRL": 2, "MXN": 2, "RUB": 2,
    "JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3,
}  # fmt: skip
"""Digits after the point of each currency's minor unit (ISO 4217)."""

AMOUNT_MAX = 10**15
"""No single amount or unit price may reach this, so that sums of a thousand stay far inside BIGINT."""


def _e4_per_minor(currency: str) -> Decimal:
    return Decimal(E4) / Decimal(10 ** CURRENCY_EXPONENTS[currency])


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide non-negative integers, rounding halves up; the one rounding of money in Kamao."""
    return (2 * numerator + denominator) // (2 * denominator)


def order_amount(unit_price_e4: int, quantity: int, currency: str = "CNY") -> int:
    """Return quantity × unit price in minor units, rounded once, half up."""
    total = unit_price_e4 * quantity
    if currency == "CNY":
        return (total + 50) // 100
    return divide_half_up(total * 10 ** CURRENCY_EXPONENTS[currency], E4)


def minor_decimal(unit_price_e4: int, currency: str = "CNY") -> str:
    """Return a unit price as the API's decimal string in minor units, with at most 2 further decimals."""
    value = Decimal(unit_price_e4) / _e4_per_minor(currency)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_minor_decimal(text: str, currency: str = "CNY") -> int | None:
    """Return the unit price (1/10 000 of the major unit) of a decimal string in minor units.

    None where the text is no such number, is negative, or has more precision than a unit price holds.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or value < 0 or value >= AMOUNT_MAX:
        return None
    scaled = value * _e4_per_minor(currency)
    whole = int(scaled)
    return whole if whole == scaled else None


def e4_to_minor(unit_price_e4: int, currency: str = "CNY") -> int:
    """Return a unit price rounded half up to minor units, for display beside the exact decimal."""
    return order_amount(unit_price_e4, 1, currency)


def minor_to_e4(amount_minor: int, currency: str = "CNY") -> int:
    """Return an amount of minor units as a unit price; exact for every currency of at most 4 decimals."""
    return int(amount_minor * _e4_per_minor(currency))


def split_by_weight(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights: floors first, the remainder handed out in order.

    The parts add up exactly. All-zero weights give everything to the first part. Amount and weights must not
    be negative, and there must be at least one weight.
    """
    if amount_minor < 0 or not weights or min(weights) < 0:
        raise ValueError("an amount is split over at least one weight, none negative")
    total = sum(weights)
    if total == 0:
        return [amount_minor] + [0] * (len(weights) - 1)
    parts = [amount_minor * weight // total for weight in weights]
    left = amount_minor - sum(parts)
    for index, weight in enumerate(weights):
        if left == 0:
            break
        if weight:
            parts[index] += 1
            left -= 1
    return parts
