"""How figures are written for people: money in its parts, unit prices, compact counts. Refuses floats."""

from decimal import Decimal
from typing import NamedTuple

from kamao.kernel.money import CURRENCY_EXPONENTS, E4

SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥", "KRW": "₩"}


class MoneyParts(NamedTuple):
    """An amount in the parts a page styles apart: sign of the number, currency sign, major part, minor
    part.
    """

    minus: str
    sign: str
    major: str
    minor: str

    def text(self) -> str:
        """Return the amount as plain text, for titles and messages."""
        return f"{self.minus}{self.sign}{self.major}{self.minor}"


def currency_sign(currency: str) -> str:
    """Return the sign of a currency, or its code and a thin space."""
    return SIGNS.get(currency, f"{currency}\u2009")


def money_parts(amount_minor: int, currency: str = "CNY") -> MoneyParts:
    """Split an amount of minor units into the parts a page shows."""
    exponent = CURRENCY_EXPONENTS[currency]
    whole, rest = divmod(abs(amount_minor), 10**exponent)
    minor = f".{rest:0{exponent}d}" if exponent else ""
    return MoneyParts("−" if amount_minor < 0 else "", currency_sign(currency), f"{whole:,}", minor)


def money_text(amount_minor: int, currency: str = "CNY") -> str:
    """Return an amount as plain text, such as ``¥1,234.50``."""
    return money_parts(amount_minor, currency).text()


def rate_parts(unit_price_e4: int, currency: str = "CNY") -> MoneyParts:
    """Split a unit price (1/10 000 of the major unit): the currency's digits at least, four at most."""
    exponent = CURRENCY_EXPONENTS[currency]
    whole, rest = divmod(abs(unit_price_e4), E4)
    digits = f"{rest:04d}".rstrip("0").ljust(exponent, "0")
    minor = f".{digits}" if digits else ""
    return MoneyParts("−" if unit_price_e4 < 0 else "", currency_sign(currency), f"{whole:,}", minor)


def compact_count(count: int) -> str:
    """Return a count people read at a glance: 980, 1.2k, 34k, 1.1M."""
    if count < 1000:
        return str(count)
    for size, suffix in ((1_000_000, "M"), (1000, "k")):
        if count >= size:
            value = (Decimal(count) / size).quantize(Decimal("0.1"))
            text = f"{value:f}".removesuffix(".0") if value < 100 else str(count // size)
            return text + suffix
    return str(count)
