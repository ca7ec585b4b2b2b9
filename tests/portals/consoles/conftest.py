"""A small trade, rolled back after each test, and browsers signed in as its people."""

import itertools
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.db import transaction
from django.test import Client
from django.utils import timezone

from kamao.business.engine_bridge import cell_connection
from kamao.business.keyring import node_keyring
from kamao.engine import cells
from kamao.engine.ledger.accounts import cash, wallet
from kamao.engine.ledger.operations import transfer
from kamao.engine.ledger.queries import balance as ledger_balance
from kamao.engine.ledger.types import Transfer
from kamao.engine.pricing.operations import put_offers, put_rules, put_skus
from kamao.engine.pricing.types import OfferUpsert, PriceRule, SkuUpsert
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.engine.trade.submit import submit_within
from kamao.engine.trade.tools import make_tools
from kamao.engine.trade.types import OrderRequest
from kamao.kernel.ids import RandomIds, encode, new_uuid7
from tests.identity.factories import member, organisation

TARGET = "13812345678"
SECRET = "SECRET-000001"
_numbers = itertools.count(1)


class Browser(Client):
    """A browser of one person; `prove` stands for a second factor entered a moment ago."""

    def __init__(self, user=None, *, proved=True, **defaults):
        super().__init__(**defaults)
        self.user = user
        if user is not None:
            self.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            if proved:
                self.prove()

    def prove(self, seconds_ago=0):
        session = self.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": "mfa", "type": "totp", "at": time.time() - seconds_ago}
        ]
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(self.user.pk)
        session.save()


class Trade:
    """A supplier with codes and a merchant with money."""

    def __init__(self):
        self.at = timezone.now()
        self.operator = organisation("operator", "Node", at=self.at)
        self.supplier = organisation("supplier", "Goods", at=self.at)
        self.merchant = organisation("merchant", "Shop", at=self.at)
        self.other = organisation("merchant", "Other", at=self.at)
        self.tools = make_tools(cells.LIVE, node_keyring())
        self.ids = RandomIds(0)
        self.lot = new_uuid7()
        with self.cell() as connection:
            self.code, sku, offer = self._goods(connection, kind="code")
            self.manual, _sku, _offer = self._goods(connection, kind="manual")
            open_lots(
                connection,
                [NewLot(self.lot, offer, self.supplier.id, sku)],
                at=self.at,
                keyring=node_keyring(),
            )
            codes = [NewCode(f"NO{number}", f"SECRET-{number:06}") for number in range(1, 21)]
            assert (
                import_codes(connection, self.lot, codes, at=self.at, ids=self.ids, keyring=node_keyring())
                == ["imported"] * 20
            )
        self.fund(self.merchant, 100_000)

    def _goods(self, connection, *, kind):
        """A SKU at 14.50 wholesale with one offer at 13.05."""
        code, sku, offer = f"sku-{next(_numbers)}", new_uuid7(), new_uuid7()
        long_ago = self.at - timedelta(days=30)
        put_skus(connection, [SkuUpsert(id=sku, code=code, kind=kind)], at=self.at)
        terms = OfferUpsert(
            id=offer,
            supplier=self.supplier.id,
            sku=sku,
            supply_price_e4=130_500,
            effective_from=long_ago,
            fulfilment="stock" if kind == "code" else "manual",
        )
        assert put_offers(connection, [terms], at=self.at) == ["done"]
        rule = PriceRule(
            audience_kind="default",
            target_kind="sku",
            target=sku,
            fixed_e4=145_000,
            effective_from=long_ago,
        )
        put_rules(connection, [rule])
        return code, sku, offer

    def rival(self):
        return organisation("supplier", "Rival", at=self.at)

    def cell(self):
        return in_cell()

    def balance(self, merchant=None):
        with self.cell() as connection:
            return ledger_balance(connection, wallet((merchant or self.merchant).id)).balance_minor

    def fund(self, merchant, amount_minor):
        wish = Transfer(f"t-{new_uuid7()}", "topup", cash("bank", "CNY"), wallet(merchant.id), amount_minor)
        with self.cell() as connection:
            assert transfer(connection, [wish], at=self.at, ids=self.ids)[0].outcome == "created"

    def order(self, merchant=None, *, reference=None, quantity=2, by_hand=False, **more):
        merchant = merchant or self.merchant
        wish = OrderRequest(
            merchant=merchant.id,
            reference=reference or f"A-{next(_numbers)}",
            sku=self.manual if by_hand else self.code,
            quantity=quantity,
            target_json=b'{"mobile":"13812345678"}',
            retail_unit_price_e4=200_000,
            sales_channel="taobao",
            **more,
        )
        with self.cell() as connection:
            result = submit_within(connection, [wish], at=timezone.now(), tools=self.tools)[0]
        assert result.outcome == "created", result.outcome
        return encode("ord", result.order.id)

    def sign_in(self, role, of=None, **options):
        user = member(of or self.merchant, role, f"{role}{next(_numbers)}@example.test")
        return Browser(user, **options)


@contextmanager
def in_cell():
    with transaction.atomic(), cell_connection(cells.LIVE) as connection:
        yield connection


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def trade(db):
    return Trade()
