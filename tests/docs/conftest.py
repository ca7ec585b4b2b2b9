"""A served API with a worker beside it and goods in test mode: what the guides expect of a demo node."""

from datetime import UTC, datetime

import pytest

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.rows import LibraryRow
from kamao.engine.cells import TEST
from kamao.engine.pricing.operations import put_offers, put_rules
from kamao.engine.pricing.types import OfferUpsert, PriceRule
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.kernel.ids import RandomIds, new_uuid7
from tests.api.conftest import api, api_database, services, world
from tests.client.conftest import base_url, worker

__all__ = ["api", "api_database", "base_url", "services", "worker", "world"]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="package")
def goods_in_test_mode(services, world) -> None:
    """One SKU of the library on sale in the test cell, with fifty codes."""
    row = LibraryRow(
        category="视频会员", brand="腾讯视频", product="腾讯视频VIP", variant="月卡", kind="code",
        code="tencent-video-month", official_price_e4=300_000,
    )  # fmt: skip
    (sku,) = load_rows([row], at=LONG_AGO).skus
    supplier = world.make_supplier(cell=TEST.number)
    offer, lot, at = new_uuid7(), new_uuid7(), world.now()
    codes = [NewCode(f"NO-{number}", f"GUIDE-{number}") for number in range(50)]
    with world.cell(TEST.number).pool.transaction() as connection:
        put_offers(
            connection,
            [
                OfferUpsert(
                    id=offer, supplier=supplier.id, sku=sku, supply_price_e4=120_000, fulfilment="stock",
                    effective_from=LONG_AGO,
                )
            ],
            at=at,
        )  # fmt: skip
        put_rules(
            connection,
            [
                PriceRule(
                    audience_kind="default", target_kind="sku", target=sku, fixed_e4=145_000,
                    effective_from=LONG_AGO,
                )
            ],
        )  # fmt: skip
        open_lots(connection, [NewLot(lot, offer, supplier.id, sku)], at=at, keyring=services.keyring)
        import_codes(connection, lot, codes, at=at, ids=RandomIds(TEST.number), keyring=services.keyring)


@pytest.fixture
def demo(base_url, world, goods_in_test_mode, worker, monkeypatch):
    """What a reader has after the first step: the address and a test key in the environment."""
    merchant = world.merchant(balance_minor=100_000, cell=TEST.number)
    monkeypatch.setenv("KAMAO_URL", base_url)
    monkeypatch.setenv("KAMAO_KEY", merchant.key)
    return merchant
