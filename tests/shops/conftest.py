"""A loaded library with offers of one supplier, and merchants with shops; once per module, undone per
test.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.models import Sku
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.catalog.templates import CATALOGUE
from kamao.business.identity import audit
from kamao.business.shops.models import Shop
from kamao.business.shops.operations import open_shop
from kamao.kernel.ids import new_uuid7
from tests.shops.support import AT, Street, organisation, put


@pytest.fixture(scope="module")
def built_street(django_db_setup: None, django_db_blocker: Any) -> Iterator[Street]:
    """The demo catalogue; every SKU of the video and phone categories is offered at 70 % of the official
    price.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        load_rows(parse_rows(read_csv(CATALOGUE))[0], at=datetime(2026, 3, 1, tzinfo=UTC))
        supplier, merchant = organisation("supplier", "货多多"), organisation("merchant", "小店")
        rows = Sku.objects.filter(category__slug__in=["video", "phone"], official_price_e4__isnull=False)
        offers = {sku.code: (new_uuid7(), sku.id, sku.official_price_e4 * 7 // 10) for sku in rows}
        put(supplier, offers)
        yield Street(
            skus=dict(Sku.objects.values_list("code", "id")),
            offers={code: row[0] for code, row in offers.items()},
            supplier=supplier,
            merchant=merchant,
            shop=open_shop(merchant, slug="xiaodian", name="小店", actor=audit.SYSTEM, at=AT),
        )
        transaction.set_rollback(True)


@pytest.fixture
def street(built_street: Street) -> Iterator[Street]:
    with transaction.atomic():
        built_street.shop = Shop.objects.get(id=built_street.shop.id)
        known = dict(built_street.offers)
        yield built_street
        built_street.offers.clear()
        built_street.offers.update(known)
        transaction.set_rollback(True)
