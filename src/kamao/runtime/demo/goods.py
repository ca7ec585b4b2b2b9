"""What the demo sells: the package's catalogue, offers of three suppliers, prices by level, a shop that lists
everything.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from kamao.business.catalog.loading import load_rows
from kamao.business.catalog.rows import LibraryRow, parse_rows, read_csv
from kamao.business.catalog.templates import CATALOGUE
from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.shops.listing_rules import RuleDraft, add_rules, rules_of
from kamao.business.shops.models import Shop
from kamao.business.shops.operations import BundlePart, open_shop, put_bundle
from kamao.business.supply.offers import STOCKED_KINDS, OfferDraft, put_supplier_offers
from kamao.engine.pool import Connection
from kamao.engine.pricing.operations import put_rules
from kamao.engine.pricing.types import PriceRule
from kamao.runtime.demo import script


class Ware(msgspec.Struct, frozen=True):
    """A SKU of the demo with what trade needs to know of it."""

    id: UUID
    code: str
    stocked: bool
    weight: int
    cost_e4: int
    needs_target: bool
    max_quantity: int


def library(*, at: datetime) -> list[Ware]:
    """Load the catalogue (again: nothing changes) and return its wares."""
    rows, _ = parse_rows(read_csv(CATALOGUE))
    report = load_rows(rows, at=at)
    return [_ware(key, row) for key, row in zip(report.skus, rows, strict=True)]


def _ware(key: UUID, row: LibraryRow) -> Ware:
    return Ware(
        key,
        row.code,
        row.kind in STOCKED_KINDS,
        row.weight,
        _cost_e4(row),
        bool(row.topup_form),
        row.max_quantity,
    )


def _cost_e4(row: LibraryRow, *, share_more: int = 0) -> int:
    share = script.COST_SHARES.get(row.category, script.COST_SHARE_OTHER) + share_more
    # Whole fen: suppliers quote in fen, and the remainder would only show as rounding in every statement.
    return max((row.official_price_e4 or 10_000) * share // 1_000 // 100 * 100, 100)


def offers(players: dict[str, Organisation], wares: list[Ware], *, at: datetime) -> None:
    """Publish the suppliers' offers in both modes: stocked goods by two suppliers, top-ups by a third."""
    rows, _ = parse_rows(read_csv(CATALOGUE))
    for livemode in (True, False):
        for key, stocked, more, every in (
            ("xinghai", True, 0, 1),
            ("jinli", True, 6, 3),
            ("dongfeng", False, 0, 1),
        ):
            drafts = [
                OfferDraft(sku=ware.id, title=row.product, unit_price_e4=_cost_e4(row, share_more=more))
                for place, (ware, row) in enumerate(zip(wares, rows, strict=True))
                if ware.stocked is stocked and place % every == 0
            ]
            put_supplier_offers(players[key].id, drafts, at=at, livemode=livemode)


def prices(
    connection: Connection, players: dict[str, Organisation], wares: list[Ware], *, at: datetime
) -> None:
    """Set the default mark-up, the levels' and one 密价."""
    rules = [
        PriceRule(
            audience_kind="level" if level else "default",
            audience=str(level) if level else "",
            target_kind="any",
            effective_from=at,
            markup_per_mille=markup,
        )
        for level, markup in script.LEVEL_MARKUPS.items()
    ]
    private = next(ware for ware in wares if ware.code == script.PRIVATE_SKU)
    rules.append(
        PriceRule(
            audience_kind="private",
            audience=players["dianjing"].id.hex,
            target_kind="sku",
            target=private.id,
            effective_from=at,
            markup_per_mille=script.PRIVATE_MARKUP,
        )
    )
    put_rules(connection, rules)


def shops(players: dict[str, Organisation], *, at: datetime) -> Shop:
    """Open the merchants' shops and list everything in them with one rule each; return the demo's own."""
    for key in script.PACE:
        slug = script.SHOP_SLUG if key == "maomi" else key
        shop = Shop.objects.filter(slug=slug).first()
        if shop is None:
            owner = players[key]
            shop = open_shop(owner, slug=slug, name=owner.display_name, actor=audit.SYSTEM, at=at)
        if not rules_of(shop):
            draft = RuleDraft(markup_per_mille=60, rounding="end_9", official_ceiling_per_mille=1_000)
            add_rules(shop, [draft], actor=audit.SYSTEM, at=at)
    return Shop.objects.select_related("organisation").get(slug=script.SHOP_SLUG)


def dress(shop: Shop, wares: list[Ware], *, at: datetime) -> None:
    """Give the demo's shop its customer service and its bundles, unless somebody has changed them."""
    if not shop.contact:
        shop.contact = script.SHOP_CONTACT
        shop.save(update_fields=["contact"])
    if shop.bundles.exists():
        return
    by_code = {ware.code: ware.id for ware in wares}
    for position, (slug, name_zh, name_en, codes) in enumerate(script.BUNDLES):
        put_bundle(
            shop, slug=slug, name_zh=name_zh, name_en=name_en,
            parts=[BundlePart(by_code[code]) for code in codes], discount_per_mille=script.BUNDLE_DISCOUNT,
            actor=audit.SYSTEM, at=at, position=position,
        )  # fmt: skip


def offers_by_sku(connection: Connection, supplier: UUID) -> dict[UUID, UUID]:
    """Return a supplier's offers by SKU in the connection's mode."""
    rows = connection.execute("SELECT sku, id FROM pricing_offer WHERE supplier = %s", (supplier,)).fetchall()
    return dict(rows)
