"""What the tests of shops trade on."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.identity.operations import register_organisation
from kamao.business.shops.models import Shop
from kamao.engine.cells import LIVE
from kamao.engine.pricing.operations import put_offers
from kamao.engine.pricing.types import OfferUpsert
from kamao.kernel.ids import new_uuid7

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Street(msgspec.Struct):
    """What the tests trade on: ids of SKUs by code, offers by code, and the parties."""

    skus: dict[str, UUID]
    offers: dict[str, UUID]
    supplier: Organisation
    merchant: Organisation
    shop: Shop

    def offer(self, code: str, price_e4: int, **terms: Any) -> None:
        """Put or change the supplier's offer of a SKU."""
        put(
            self.supplier,
            {code: (self.offers.setdefault(code, new_uuid7()), self.skus[code], price_e4)},
            **terms,
        )


def put(
    supplier: Organisation, offers: dict[str, tuple[UUID, UUID, int]], *, at: datetime = AT, **terms: Any
) -> None:
    with transaction.atomic(), cell_connection(LIVE) as raw:
        outcomes = put_offers(
            raw,
            [
                OfferUpsert(
                    id=key,
                    supplier=supplier.id,
                    sku=sku,
                    supply_price_e4=price,
                    **{"fulfilment": "manual", **terms},
                )
                for key, sku, price in offers.values()
            ],
            at=at,
        )
    assert set(outcomes) == {"done"}


def organisation(kind: str, name: str) -> Organisation:
    return register_organisation(kind=kind, legal_name=name, display_name=name, actor=audit.SYSTEM, at=AT)
