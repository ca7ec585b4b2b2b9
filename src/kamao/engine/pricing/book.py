"""The price book: what pricing knows of the SKUs and merchants of a batch, cached and always exact.

Each transaction reads ``pricing_epoch`` first; every writer of prices raises it. An unchanged epoch proves
the cache true, a changed one empties it. Rows that take effect later are cached with their time and judged at
the moment asked.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kamao.engine.pool import Connection
from kamao.engine.pricing.rules import ANY_TARGET, Limit, Rule, channel_limit, price_of, targets_of
from kamao.engine.pricing.types import Offer, Price, Sku
from kamao.engine.statements import statement
from kamao.kernel.ids import sql_array

_SKUS_CACHED = 20_000
_MERCHANTS_CACHED = 20_000
_PAIRS_CACHED = 200_000
_RULES_WHOLE_MAX = 200
"""Up to so many private rules a merchant's are known as a whole; who has more is looked up SKU by SKU."""


class OfferTerms(msgspec.Struct, frozen=True):
    """An active offer with every supply price that is or will be in force, oldest first."""

    id: UUID
    supplier: UUID
    sku: UUID
    fulfilment: str
    sale_model: str
    currency: str
    tax_e4: int
    settlement_delay_s: int
    prices: tuple[tuple[datetime, int], ...]

    def at(self, moment: datetime) -> Offer | None:
        """Return the offer as of a moment, None before its first price."""
        price = None
        for begins, value in self.prices:
            if begins <= moment:
                price = value
        if price is None:
            return None
        return Offer(
            self.id, self.supplier, self.sku, self.fulfilment, self.sale_model, self.currency, price,
            price + self.tax_e4, self.settlement_delay_s,
        )  # fmt: skip


class SkuTerms(msgspec.Struct):
    """A SKU with its offers, public rules and channel limits."""

    sku: Sku
    offers: list[OfferTerms]
    rules: list[Rule]
    limits: list[Limit]
    changes: list[datetime]
    """Moments at which something here takes effect, for the life of computed prices."""


class PriceBook:
    """Cached pricing of one cell for one thread. Call ``open`` in each transaction before asking."""

    def __init__(self) -> None:
        self._epoch = -1
        self._by_code: dict[str, SkuTerms | None] = {}
        self._private: dict[int, list[Rule] | None] = {}
        """Each merchant's private rules, None where they are too many to be known as a whole."""
        self._pairs: dict[tuple[int, str], list[Rule]] = {}
        """Private rules of those merchants, SKU by SKU."""
        self._prices: dict[tuple[int, int, int, int], Price | None] = {}
        self._ranked: dict[str, list[Offer]] = {}
        self._until: datetime | None = None

    def open(
        self,
        connection: Connection,
        *,
        epoch: int,
        pairs: Collection[tuple[UUID, str]],
        at: datetime,
    ) -> None:
        """Make the book true for these (merchant, SKU code) pairs as of ``epoch``, read in this
        transaction.
        """
        is_full = (
            len(self._by_code) > _SKUS_CACHED
            or len(self._private) > _MERCHANTS_CACHED
            or len(self._pairs) > _PAIRS_CACHED
        )
        if epoch != self._epoch or is_full:
            self._by_code, self._private, self._pairs, self._epoch = {}, {}, {}, epoch
            self._forget_prices()
        self.advance(at)
        missing = sorted({code for _, code in pairs if code not in self._by_code})
        if missing:
            self._load_skus(connection, missing, at)
        private = self._private
        strangers = {merchant.int: merchant for merchant, _ in pairs if merchant.int not in private}
        if strangers:
            self._load_private(connection, strangers.values(), at)
        unknown = [
            pair for pair in pairs
            if private[pair[0].int] is None and (pair[0].int, pair[1]) not in self._pairs
        ]  # fmt: skip
        if unknown:
            self._load_pairs(connection, unknown, at)

    @property
    def epoch(self) -> int:
        """The epoch that the book is true for."""
        return self._epoch

    def advance(self, at: datetime) -> bool:
        """Let take effect what the book knows will: prices are computed anew, and what comes next is looked
        for again. True where something did.
        """
        if self._until is None or at < self._until:
            return False
        self._forget_prices()
        self._watch_all(at)
        return True

    def knows(self, merchant: UUID, code: str) -> bool:
        """Tell whether the book was opened for a pair before, under its epoch."""
        number = merchant.int
        if code not in self._by_code or number not in self._private:
            return False
        return self._private[number] is not None or (number, code) in self._pairs

    def _watch(self, changes: Sequence[datetime], at: datetime) -> None:
        """Remember the next moment at which computed prices stop being true."""
        for moment in changes:
            if moment > at and (self._until is None or moment < self._until):
                self._until = moment

    def _watch_all(self, at: datetime) -> None:
        for terms in self._by_code.values():
            if terms is not None:
                self._watch(terms.changes, at)
        for rules in (*self._private.values(), *self._pairs.values()):
            self._watch([rule.effective_from for rule in rules or ()], at)

    def _forget_prices(self) -> None:
        self._prices, self._ranked, self._until = {}, {}, None

    def _load_skus(self, connection: Connection, codes: Sequence[str], at: datetime) -> None:
        for code in codes:
            self._by_code[code] = None
        with connection.cursor() as cursor:
            cursor.execute(statement("pricing/read_skus"), (list(codes),))
            loaded = [_terms(row) for row in cursor.fetchall()]
            by_id = {terms.sku.id: terms for terms in loaded}
            cursor.execute(statement("pricing/read_offers"), (sql_array(list(by_id)),))
            for row in cursor.fetchall():
                prices = tuple(zip(row[8], row[9], strict=True))
                offer = OfferTerms(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], prices)
                by_id[offer.sku].offers.append(offer)
            targets = sorted({target for terms in loaded for target in targets_of(terms.sku)})
            cursor.execute(statement("pricing/read_public_rules"), (sql_array(targets),))
            rules = [Rule(*row) for row in cursor.fetchall()]
            cursor.execute(statement("pricing/read_limits"), (sql_array(targets),))
            limits = [Limit(*row) for row in cursor.fetchall()]
        for terms in loaded:
            own = set(targets_of(terms.sku))
            terms.rules.extend(rule for rule in rules if rule.target in own)
            terms.limits.extend(limit for limit in limits if limit.target in own)
            terms.changes.extend(
                [begins for offer in terms.offers for begins, _ in offer.prices]
                + [rule.effective_from for rule in terms.rules]
            )
            self._by_code[terms.sku.code] = terms
            self._watch(terms.changes, at)

    def _load_private(self, connection: Connection, merchants: Collection[UUID], at: datetime) -> None:
        """Learn the private rules of merchants that have few."""
        found: dict[str, list[Rule]] = {merchant.hex: [] for merchant in merchants}
        with connection.cursor() as cursor:
            cursor.execute(statement("pricing/read_private_rules_of"), (list(found), _RULES_WHOLE_MAX + 1))
            for row in cursor:
                found[row[1]].append(Rule(*row))
        for merchant in merchants:
            rules = found[merchant.hex]
            self._private[merchant.int] = rules if len(rules) <= _RULES_WHOLE_MAX else None
            self._watch([rule.effective_from for rule in rules], at)

    def _load_pairs(self, connection: Connection, pairs: Sequence[tuple[UUID, str]], at: datetime) -> None:
        """Learn the private rules of (merchant, SKU code) pairs."""
        targets = {ANY_TARGET}
        for _, code in pairs:
            terms = self._by_code[code]
            if terms is not None:
                targets.update(targets_of(terms.sku))
        with connection.cursor() as cursor:
            cursor.execute(
                statement("pricing/read_private_rules"),
                (sorted({merchant.hex for merchant, _ in pairs}), sql_array(sorted(targets))),
            )
            rules: dict[str, list[Rule]] = {}
            for row in cursor.fetchall():
                rules.setdefault(row[1], []).append(Rule(*row))
        for merchant, code in pairs:
            terms = self._by_code[code]
            own = set(targets_of(terms.sku)) if terms is not None else set()
            found = [rule for rule in rules.get(merchant.hex, ()) if rule.target in own]
            self._pairs[merchant.int, code] = found
            self._watch([rule.effective_from for rule in found], at)

    def has(self, code: str) -> bool:
        """Tell whether a SKU is cached; what is cached is true only as of the epoch last opened."""
        return self._by_code.get(code) is not None

    def sku(self, code: str) -> Sku | None:
        """Return an opened SKU, or None where there is none of that code."""
        terms = self._by_code[code]
        return terms.sku if terms else None

    def offers(self, code: str, at: datetime) -> list[Offer]:
        """Return a SKU's active offers in force, the cheapest first (ties: the older offer)."""
        terms = self._by_code[code]
        if terms is None:
            return []
        ranked = self._ranked.get(code)
        if ranked is None:
            current = [offer for item in terms.offers if (offer := item.at(at)) is not None]
            ranked = sorted(current, key=lambda offer: (offer.cost_e4, offer.id))
            self._ranked[code] = ranked
        return ranked

    def price(
        self, code: str, *, offer: Offer, merchant: UUID, level: int, quantity: int, at: datetime
    ) -> Price | None:
        """Return the wholesale price of an offer for a merchant; None where it would lie below cost."""
        key = (offer.id.int, merchant.int, level, quantity)
        if key in self._prices:
            return self._prices[key]
        terms = self._by_code[code]
        assert terms is not None, "the SKU was opened"
        private = self._private[merchant.int]
        rules = terms.rules + (self._pairs[merchant.int, code] if private is None else private)
        price = price_of(
            rules, sku=terms.sku, offer=offer, merchant=merchant, level=level, quantity=quantity, at=at
        )
        if len(self._prices) > _PAIRS_CACHED:
            self._prices = {}
        self._prices[key] = price
        return price

    def limits(self, code: str, sales_channel: str | None, at: datetime) -> tuple[int | None, int | None]:
        """Return the 控价 floor and ceiling of a SKU's retail unit price in a channel."""
        terms = self._by_code[code]
        if terms is None or not terms.limits:
            return None, None
        return channel_limit(terms.limits, sku=terms.sku, sales_channel=sales_channel, at=at)


def _terms(row: tuple[Any, ...]) -> SkuTerms:
    sku = Sku(row[0], row[1], row[2], row[3], tuple(row[4]), *row[5:])
    return SkuTerms(sku, [], [], [], [])


def read_epoch(connection: Connection) -> int:
    """Return the present epoch of prices."""
    with connection.cursor() as cursor:
        cursor.execute(statement("pricing/read_epoch"))
        row = cursor.fetchone()
    assert row is not None, "the epoch row exists from installation"
    return int(row[0])
