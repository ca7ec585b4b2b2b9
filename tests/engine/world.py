"""A small market for engine tests: merchants with money, a supplier, SKUs with codes whose secrets the test
knows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from kamao.engine import books
from kamao.engine.cells import LIVE
from kamao.engine.ledger.accounts import Account, cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.types import Transfer
from kamao.engine.pricing.operations import put_offers, put_rules, put_skus
from kamao.engine.pricing.types import OfferUpsert, PriceRule, SkuUpsert
from kamao.engine.stock.opening import open_delivery
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.engine.trade.operations import register_merchants, register_suppliers
from kamao.engine.trade.submit import submit
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import MerchantSpec, OrderRequest, OrderView, SubmitResult, SupplierSpec
from kamao.kernel.clock import ManualClock
from kamao.kernel.ids import RandomIds
from kamao.kernel.sealing import Keyring

START = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)


class World:
    """Everything one test trades with; commits after each act."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.clock = ManualClock(START)
        self.keyring = Keyring.generate()
        self.ids = RandomIds()
        self.tools = TradeTools(ids=self.ids, keyring=self.keyring)
        self.supplier = self.ids.new()
        self.delay_s = 3600
        spec = SupplierSpec(self.supplier, settlement_delay_s=self.delay_s)
        register_suppliers(connection, [spec], at=self.at)
        self.skus: dict[str, UUID] = {}
        self.offers: dict[str, UUID] = {}
        connection.commit()

    @property
    def at(self) -> datetime:
        """The present moment of this world."""
        return self.clock.now()

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**by))

    def merchant(self, money: int = 0, *, level: int = 0, credit: int = 0) -> UUID:
        """A new merchant with this much in its wallet."""
        key = self.ids.new()
        register_merchants(self.connection, [MerchantSpec(key, level, credit_minor=credit)], at=self.at)
        self.connection.commit()
        if money:
            self.top_up(key, money)
        return key

    def top_up(self, merchant: UUID, money: int) -> None:
        """Book money into a wallet."""
        key = f"test:{self.ids.new()}"
        item = Transfer(key, "wallet_topup", cash("bank", "CNY"), wallet(merchant), money)
        assert transfer(self.connection, [item], at=self.at, ids=self.ids)[0].outcome == "created"
        self.connection.commit()

    def sku(
        self,
        *,
        cost_e4: int = 100_000,
        price_e4: int | None = None,
        codes: Sequence[str] = (),
        kind: str = "code",
        supplier: UUID | None = None,
        name: str | None = None,
        **terms: Any,
    ) -> str:
        """A new SKU with one offer, sold at ``price_e4`` (None: at cost), and codes with these secrets."""
        key, code = self.ids.new(), name or f"sku-{self.ids.new().hex[-10:]}"
        put_skus(self.connection, [SkuUpsert(id=key, code=code, kind=kind, **terms)], at=self.at)
        self.skus[code] = key
        if price_e4 is not None:
            self.rule(target_kind="sku", target=key, audience_kind="template", fixed_e4=price_e4)
        self.offer(code, cost_e4=cost_e4, codes=codes, supplier=supplier, manual=kind != "code")
        return code

    def rule(self, **terms: Any) -> None:
        """Add a price rule in force from now on."""
        put_rules(self.connection, [PriceRule(effective_from=terms.pop("effective_from", self.at), **terms)])
        self.connection.commit()

    def offer(
        self,
        code: str,
        *,
        cost_e4: int,
        codes: Sequence[str] = (),
        supplier: UUID | None = None,
        manual: bool = False,
        **terms: Any,
    ) -> UUID:
        """Another offer for a SKU."""
        key = self.ids.new()
        upsert = OfferUpsert(
            id=key,
            supplier=supplier or self.supplier,
            sku=self.skus[code],
            supply_price_e4=cost_e4,
            fulfilment="manual" if manual else "stock",
            **terms,
        )
        assert put_offers(self.connection, [upsert], at=self.at) == ["done"]
        self.offers[code] = key
        self.connection.commit()
        if codes:
            self.stock(code, codes, offer=key, supplier=supplier)
        return key

    def stock(
        self,
        code: str,
        secrets: Sequence[str],
        *,
        offer: UUID | None = None,
        supplier: UUID | None = None,
        expires_at: datetime | None = None,
    ) -> list[str]:
        """Import codes with these secrets as one lot and return the outcomes."""
        lot = self.ids.new()
        new = NewLot(lot, offer or self.offers[code], supplier or self.supplier, self.skus[code])
        assert open_lots(self.connection, [new], at=self.at, keyring=self.keyring) == ["created"]
        outcomes = import_codes(
            self.connection,
            lot,
            [NewCode("", secret, expires_at) for secret in secrets],
            at=self.at,
            ids=self.ids,
            keyring=self.keyring,
        )
        self.connection.commit()
        self.last_lot = lot
        return outcomes

    def submit(self, *requests: OrderRequest) -> list[SubmitResult]:
        """Place orders in one batch and commit."""
        self.connection.commit()
        return submit(self.connection, requests, at=self.at, tools=self.tools)

    def buy(self, merchant: UUID, sku: str, quantity: int = 1, **terms: Any) -> SubmitResult:
        """Place one order under a fresh reference."""
        reference = terms.pop("reference", None) or self.ids.new().hex
        return self.submit(OrderRequest(merchant, reference, sku, quantity, **terms))[0]

    def secrets(self, order: OrderView | None) -> list[str]:
        """The opened secrets of an order's deliveries."""
        assert order is not None
        return [open_delivery(self.keyring, delivered).secret for delivered in order.deliveries]

    def balance(self, account: Account) -> int:
        """An account's balance derived from postings by the test's own SQL, not by the engine's queries."""
        row = self.connection.execute(
            "SELECT coalesce(sum(CASE WHEN credit = %(id)s THEN amount_minor ELSE -amount_minor END), 0)"
            "::bigint"
            " FROM ledger_posting WHERE credit = %(id)s OR debit = %(id)s",
            {"id": account.id},
        ).fetchone()
        self.connection.commit()
        return int(row[0]) * account.normal

    def count(self, table: str) -> int:
        """How many rows a table has."""
        row = self.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        self.connection.commit()
        return int(row[0])


def assert_books_clean(conninfo: str) -> None:
    """Fail with every difference that the books show."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT set_config('search_path', %s, false)", (LIVE.search_path,))
        connection.commit()
        report = books.check(connection)
    assert report.clean, "\n".join(str(difference) for difference in report.differences)
