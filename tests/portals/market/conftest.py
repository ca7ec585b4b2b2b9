"""A shop with a few SKUs: codes in stock, phone credit and a game's tokens by hand; undone per test."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from kamao.business.shops.models import Shop
from tests.portals.market.seed import build_shop

SKUS = (
    "tencent-video-month",
    "tencent-video-7-days",
    "qq-music-month",
    "china-mobile-credit-50",
    "golden-spatula-60-tokens",
)


@pytest.fixture(scope="module")
def built_shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Shop]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_shop(at=datetime.now(UTC) - timedelta(minutes=5), codes_each=5, only=SKUS)
        transaction.set_rollback(True)


@pytest.fixture
def shop(built_shop: Shop) -> Iterator[Shop]:
    with transaction.atomic():
        yield Shop.objects.get(id=built_shop.id)
        transaction.set_rollback(True)


@pytest.fixture
def buyer(shop: Shop) -> Client:
    """A browser that speaks English, so that texts can be asserted beside ids."""
    return Client(headers={"accept-language": "en"})
