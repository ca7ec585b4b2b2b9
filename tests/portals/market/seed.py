"""A street to shop in: the demo catalogue, a supplier with codes and top-ups by hand, a merchant's shop, the
sandbox bank.

Used by the market's tests and, over a running node, by the browser tests.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.models import Sku
from kamao.business.catalog.rows import parse_rows, read_csv
from kamao.business.catalog.templates import CATALOGUE
from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit
from kamao.business.identity.operations import register_organisation
from kamao.business.keyring import node_keyring
from kamao.business.shops.listing_rules import RuleDraft, add_rules
from kamao.business.shops.models import Shop
from kamao.business.shops.operations import BundlePart, open_shop, put_bundle
from kamao.engine.cells import LIVE
from kamao.engine.pricing.operations import put_offers, put_rules
from kamao.engine.pricing.types import OfferUpsert, PriceRule
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.kernel.ids import RandomIds, new_uuid7

STOCKED = ("tencent-video-month", "tencent-video-7-days")
_PART = 200


def build_shop(
    *, at: datetime, slug: str = "maomi", codes_each: int = 60, only: Sequence[str] | None = None
) -> Shop:
    """Build everything and return the shop. ``only`` limits the offers to these SKU codes."""
    load_rows(parse_rows(read_csv(CATALOGUE))[0], at=at)
    supplier = register_organisation(
        kind="supplier", legal_name="货多多", display_name="货多多", actor=audit.SYSTEM, at=at
    )
    merchant = register_organisation(
        kind="merchant", legal_name="猫咪数码", display_name="猫咪数码", actor=audit.SYSTEM, at=at
    )
    rows = Sku.objects.filter(official_price_e4__gt=0).order_by("code")
    skus = [sku for sku in rows if only is None or sku.code in only]
    offers = {sku.code: new_uuid7() for sku in skus}
    with transaction.atomic(), cell_connection(LIVE) as raw:
        put_rules(
            raw,
            [PriceRule(audience_kind="default", target_kind="any", effective_from=at, markup_per_mille=30)],
        )
        for start in range(0, len(skus), _PART):
            put_offers(
                raw,
                [
                    OfferUpsert(
                        id=offers[sku.code],
                        supplier=supplier.id,
                        sku=sku.id,
                        supply_price_e4=(sku.official_price_e4 or 0) * 7 // 10,
                        fulfilment="stock" if sku.kind == "code" else "manual",
                    )
                    for sku in skus[start : start + _PART]
                ],
                at=at,
            )
    stocked = [sku for sku in skus if sku.kind == "code"]
    for sku in stocked:
        add_codes(supplier.id, sku, offers[sku.code], count=codes_each, at=at)
    shop = open_shop(merchant, slug=slug, name="猫咪数码", actor=audit.SYSTEM, at=at)
    shop.intro, shop.notice, shop.contact = (
        "会员、话费、点卡，秒到账",
        "今日 24 小时发货，卡密即时到账。\n周末客服 9:00–21:00。",
        "微信 maomi-kefu",
    )
    shop.colour = "#f26b1d"
    shop.save()
    add_rules(
        shop,
        [RuleDraft(scope="everything", markup_per_mille=80, rounding="tenth")],
        actor=audit.SYSTEM,
        at=at,
    )
    parts = [sku for sku in stocked if sku.code in {"tencent-video-month", "qq-music-month"}] or stocked[:2]
    if len(parts) >= 2:
        put_bundle(
            shop,
            slug="chill",
            name_zh="追剧听歌套餐",
            name_en="Watch and listen",
            parts=[BundlePart(sku.id) for sku in parts],
            actor=audit.SYSTEM,
            at=at,
            discount_per_mille=50,
            intro="两张月卡，一次拿下",
        )
    return shop


def add_codes(supplier: object, sku: Sku, offer: object, *, count: int, at: datetime) -> None:
    """Import codes for an offer."""
    lot, ids = new_uuid7(), RandomIds()
    tail = offer.hex[-12:].upper()
    codes = [
        NewCode(f"{90_000_000 + i:08d}{i:08d}", f"{tail[:4]}-{tail[4:8]}-{tail[8:]}-{i:05d}")
        for i in range(count)
    ]
    with transaction.atomic(), cell_connection(LIVE) as raw:
        open_lots(
            raw, [NewLot(id=lot, offer=offer, supplier=supplier, sku=sku.id)], at=at, keyring=node_keyring()
        )
        outcomes = import_codes(raw, lot, codes, at=at, ids=ids, keyring=node_keyring())
    assert set(outcomes) == {"imported"}
