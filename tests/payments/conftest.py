"""A shop with codes, a sandbox bank process and our notice door, all real, all on this machine."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from uuid import UUID
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg
import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import clear_url_caches, reverse, set_urlconf

from kamao.business.keyring import node_keyring
from kamao.business.payments import intents
from kamao.business.payments.models import PaymentIntent, ProviderAccount
from kamao.connectors.sandbox_bank.enrol import open_sandbox_accounts
from kamao.connectors.sandbox_bank.provider import SandboxBank
from kamao.connectors.sandbox_bank.transport import Credentials
from kamao.engine import books
from kamao.engine.cells import LIVE
from kamao.engine.pool import CellPool, session_options
from kamao.engine.pricing.operations import put_offers, put_rules, put_skus
from kamao.engine.pricing.types import OfferUpsert, PriceRule, SkuUpsert
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.engine.trade.operations import register_merchants, register_suppliers
from kamao.engine.trade.purchases import place_purchases, purchase_by_id
from kamao.engine.trade.tools import make_tools
from kamao.engine.trade.types import (
    MerchantSpec,
    PurchaseLine,
    PurchaseRequest,
    PurchaseView,
    ReservationLimits,
    SupplierSpec,
)
from kamao.kernel.ids import new_uuid7
from tests.payments.bank import Bank

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
PRICE_MINOR = 1450


def wait_for(condition: Callable[[], Any], *, timeout_s: float = 15.0) -> Any:
    """The first true value of a condition, asked again and again."""
    end = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def bank_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="session")
def _bank(bank_home: Path) -> Iterator[Bank]:
    bank = Bank(bank_home)
    yield bank
    bank.stop()


@pytest.fixture
def bank(_bank: Bank) -> Iterator[Bank]:
    if _bank.process is None:
        _bank.start()
    yield _bank
    if _bank.process is None:
        _bank.start()
    _bank.behave()
    _bank.control("clock", {"offset_s": 0})
    _bank.control("refunds/release")


@pytest.fixture(autouse=True)
def _routes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(settings, "ROOT_URLCONF", "tests.payments.routes")
    clear_url_caches()
    set_urlconf(None)
    yield
    clear_url_caches()


@pytest.fixture
def account(bank: Bank, transactional_db: None) -> ProviderAccount:
    return open_sandbox_accounts(bank.home, base_url=bank.base_url, at=LONG_AGO)[0]


@dataclass
class Shop:
    """A merchant with one SKU whose codes are counted."""

    pool: CellPool
    account: ProviderAccount
    base_url: str
    merchant: UUID
    sku: str
    offer: UUID
    lot: UUID
    numbers: Iterator[int]

    def place(self, quantity: int = 1, *, lasts_s: int = 60) -> intents.PurchaseToPay:
        """Reserve goods for an unpaid purchase."""
        at = datetime.now(UTC)
        line = PurchaseLine(self.sku, quantity, PRICE_MINOR * quantity, PRICE_MINOR * 100)
        request = PurchaseRequest(
            self.merchant, f"W{next(self.numbers)}", (line,), at + timedelta(seconds=lasts_s)
        )
        limits = ReservationLimits(None, None, None)
        with self.pool.transaction() as connection:
            placed = place_purchases(
                connection, [request], at=at, tools=make_tools(LIVE, node_keyring()), limits=limits
            )[0]
        assert placed.outcome == "created", placed
        assert placed.purchase is not None
        return intents.PurchaseToPay(
            placed.purchase, self.merchant, 0, placed.amount_minor, "CNY", request.expires_at, "月卡 × 1"
        )

    def add_codes(self, count: int) -> None:
        """Import more codes into the shop's one lot."""
        tools = make_tools(LIVE, node_keyring())
        first = next(self.numbers) * 1000
        codes = [NewCode(f"M{first + n}", f"MORE-{first + n}", None) for n in range(count)]
        with self.pool.transaction() as connection:
            done = import_codes(
                connection, self.lot, codes, at=datetime.now(UTC), ids=tools.ids, keyring=node_keyring()
            )
        assert done == ["imported"] * count

    def pay_page(self, purchase: intents.PurchaseToPay) -> intents.PayPage:
        """What "pay" does in a shop."""
        path = reverse("payments:notify", args=[self.account.id])
        return intents.begin_payment(
            purchase,
            account=self.account,
            at=datetime.now(UTC),
            notify_url=self.base_url + path,
            return_url=self.base_url + "/back",
        )

    def view(self, purchase: intents.PurchaseToPay) -> PurchaseView:
        with self.pool.transaction() as connection:
            found = purchase_by_id(connection, purchase.id)
        assert found is not None
        return found

    def state(self, purchase: intents.PurchaseToPay) -> str:
        return self.view(purchase).state

    def intent(self, number: str) -> PaymentIntent:
        return PaymentIntent.objects.get(number=number)

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.pool.transaction() as connection, connection.cursor() as cursor:
            cursor.execute(sql.encode(), values)
            return cursor.fetchall()

    def codes(self) -> dict[str, int]:
        """How many codes of the SKU are free, reserved and sold."""
        rows = self.query("SELECT state, count(*) FROM stock_code WHERE offer = %s GROUP BY 1", self.offer)
        return dict(rows)

    def delivered(self, purchase: intents.PurchaseToPay) -> int:
        """How many codes the purchase's orders have got."""
        sql = "SELECT count(*) FROM trade_delivery WHERE order_id = ANY (%s)"
        return int(self.query(sql, list(self.view(purchase).orders))[0][0])

    def refunds(self) -> list[tuple[str, int]]:
        return self.query("SELECT state, amount_minor FROM trade_refund ORDER BY id")

    def payments(self) -> list[tuple[str, int, str]]:
        return self.query("SELECT state, amount_minor, reason FROM trade_payment ORDER BY paid_at, id")

    def books_are_clean(self) -> bool:
        with psycopg.connect(
            settings.KAMAO_CONNINFO, options=session_options(LIVE), autocommit=True
        ) as connection:
            report = books.check(connection)
        assert report.differences == ()
        return report.clean

    def cash_minor(self) -> int:
        """What the ledger says the bank holds for us."""
        sql = (
            "SELECT coalesce(sum(CASE WHEN p.debit = a.id THEN p.amount_minor ELSE -p.amount_minor END), 0)"
            " FROM ledger_account a JOIN ledger_posting p ON a.id IN (p.debit, p.credit)"
            " WHERE a.kind = 'cash' AND a.custodian = %s"
        )
        return int(self.query(sql, self.account.key)[0][0])


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture(scope="session")
def door_url() -> Iterator[str]:
    """Our own pages over real HTTP, on whatever database the running test uses; one server for the run."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=_Threaded, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def shop(account: ProviderAccount, door_url: str) -> Iterator[Shop]:
    pool = CellPool(settings.KAMAO_CONNINFO, LIVE, size=4)
    at = datetime.now(UTC)
    merchant, supplier, sku, offer, lot = (new_uuid7() for _ in range(5))
    tools = make_tools(LIVE, node_keyring())
    with pool.transaction() as connection:
        register_merchants(connection, [MerchantSpec(merchant)], at=at)
        register_suppliers(connection, [SupplierSpec(supplier)], at=at)
        assert put_skus(connection, [SkuUpsert(id=sku, code="month", kind="code")], at=at) == ["done"]
        upsert = OfferUpsert(
            id=offer,
            supplier=supplier,
            sku=sku,
            supply_price_e4=100_000,
            fulfilment="stock",
            effective_from=LONG_AGO,
        )
        assert put_offers(connection, [upsert], at=at) == ["done"]
        rule = PriceRule(
            audience_kind="default", target_kind="sku", target=sku, fixed_e4=120_000, effective_from=LONG_AGO
        )
        put_rules(connection, [rule])
        open_lots(connection, [NewLot(lot, offer, supplier, sku)], at=at, keyring=node_keyring())
        codes = [NewCode(f"N{number}", f"SECRET-{number}", None) for number in range(10)]
        import_codes(connection, lot, codes, at=at, ids=tools.ids, keyring=node_keyring())
    yield Shop(pool, account, door_url, merchant, "month", offer, lot, itertools.count(1))
    pool.close()


@pytest.fixture
def bank_client(bank: Bank) -> SandboxBank:
    merchant = bank.credentials["merchants"]["live"]
    return SandboxBank(
        Credentials(
            bank.base_url, merchant["number"], merchant["secret"], bank.credentials["public_key"], 2.0
        )
    )
