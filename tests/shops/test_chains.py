"""Sub-shops: they sell what the parent sells, over their tier's price, and never learn the parent's cost."""

from typing import Any

import pytest

from kamao.business.identity import audit
from kamao.business.shops.listing_rules import RuleDraft, add_rules
from kamao.business.shops.models import Shop
from kamao.business.shops.operations import (
    BundlePart,
    Override,
    add_tier,
    open_shop,
    open_sub_shop,
    own_shop,
    put_bundle,
    put_overrides,
)
from kamao.business.shops.pages import shop_listings, shop_page
from kamao.business.shops.terms import TierMarkup
from kamao.kernel.errors import Refusal
from tests.shops.support import AT, Street, organisation

MONTH = "tencent-video-month"


def sub(street: Street, share: int = 500, name: str = "银牌") -> Shop:
    tier = add_tier(street.shop, name=name, margin_share_per_mille=share)
    return open_sub_shop(
        street.shop, tier=tier, merchant=organisation("merchant", "分店"), slug="fendian", name="分店",
        actor=audit.SYSTEM, at=AT,
    )  # fmt: skip


def one(shop: Shop) -> Any:
    return shop_listings(shop, [STREET_SKU[0]], at=AT)[0]


STREET_SKU: list[Any] = []


@pytest.fixture(autouse=True)
def month(street: Street) -> None:
    STREET_SKU[:] = [street.skus[MONTH]]


def test_a_sub_shop_sells_over_its_tier_price(street: Street) -> None:
    add_rules(street.shop, [RuleDraft(markup_per_mille=200)], actor=audit.SYSTEM, at=AT)
    below = sub(street)
    assert one(below).state == "not_listed"
    add_rules(below, [RuleDraft(markup_per_mille=100)], actor=audit.SYSTEM, at=AT)
    row = one(below)
    # cost 21.00, parent's retail 25.20, half of the margin to the tier: 23.10; over it 10 %: 25.41
    assert (row.cost_e4, row.unit_price_e4, row.chain_prices_e4) == (
        231_000,
        254_100,
        (210_000, 231_000, 254_100),
    )
    told = " ".join(step.zh + step.en + str(step.unit_price_e4) for step in row.retail.steps)
    assert "210000" not in told
    assert [step.unit_price_e4 for step in row.retail.steps] == [231_000, 254_100]


def test_a_rules_own_markup_for_the_tier(street: Street) -> None:
    below = sub(street)
    add_rules(
        street.shop,
        [RuleDraft(markup_per_mille=200, tier_markups={below.tier_id: TierMarkup(per_mille=50)})],
        actor=audit.SYSTEM,
        at=AT,
    )
    add_rules(below, [RuleDraft()], actor=audit.SYSTEM, at=AT)
    assert one(below).cost_e4 == 220_500


def test_what_hides_above_hides_below(street: Street) -> None:
    add_rules(street.shop, [RuleDraft(markup_per_mille=200)], actor=audit.SYSTEM, at=AT)
    below = sub(street)
    add_rules(below, [RuleDraft()], actor=audit.SYSTEM, at=AT)
    assert one(below).state == "on_sale"
    put_overrides(street.shop, [Override(sku=street.skus[MONTH], hidden=True)], actor=audit.SYSTEM, at=AT)
    assert one(below).state == "hidden"
    assert MONTH not in [row.goods.code for row in shop_page(below, at=AT, query="腾讯视频VIP月卡").listings]
    Shop.objects.filter(id=street.shop.id).update(open=False)
    assert shop_page(below, at=AT).listings == ()


def test_a_chain_has_an_end_and_a_tier_belongs_to_its_shop(street: Street) -> None:
    below = sub(street)
    strange = add_tier(below, name="别家", margin_share_per_mille=0)
    with pytest.raises(Refusal, match="shop_not_found"):
        open_sub_shop(
            street.shop,
            tier=strange,
            merchant=street.merchant,
            slug="x-y-z",
            name="x",
            actor=audit.SYSTEM,
            at=AT,
        )
    shop = below
    for number in range(2):
        tier = add_tier(shop, name="等级", margin_share_per_mille=0)
        shop = open_sub_shop(
            shop,
            tier=tier,
            merchant=street.merchant,
            slug=f"deeper-{number}",
            name="x",
            actor=audit.SYSTEM,
            at=AT,
        )
    tier = add_tier(shop, name="等级", margin_share_per_mille=0)
    with pytest.raises(Refusal, match="invalid"):
        open_sub_shop(
            shop, tier=tier, merchant=street.merchant, slug="too-deep", name="x", actor=audit.SYSTEM, at=AT
        )


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        ("xiaodian", "shop_slug_taken"),
        ("A b", "invalid"),
        ("x", "invalid"),
        ("-abc", "invalid"),
        ("a" * 60, "invalid"),
    ],
)
def test_shop_addresses(street: Street, slug: str, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        open_shop(street.merchant, slug=slug, name="店", actor=audit.SYSTEM, at=AT)


def test_another_merchants_shop_is_not_found(street: Street) -> None:
    with pytest.raises(Refusal, match="shop_not_found"):
        own_shop(street.supplier.id, street.shop.id)
    with pytest.raises(Refusal, match="forbidden"):
        open_shop(street.supplier, slug="gongying", name="店", actor=audit.SYSTEM, at=AT)


def test_bundles_hold_several_skus(street: Street) -> None:
    parts = [BundlePart(street.skus[MONTH]), BundlePart(street.skus["china-mobile-credit-100"], 2)]
    put_bundle(
        street.shop,
        slug="weekend",
        name_zh="周末",
        parts=parts,
        discount_per_mille=50,
        actor=audit.SYSTEM,
        at=AT,
    )
    bundle = put_bundle(
        street.shop, slug="weekend", name_zh="周末套餐", parts=parts[::-1], actor=audit.SYSTEM, at=AT
    )
    assert street.shop.bundles.count() == 1
    assert [(item.sku.code, item.quantity) for item in bundle.items.select_related("sku")] == [
        ("china-mobile-credit-100", 2), (MONTH, 1),
    ]  # fmt: skip
    for wrong in (
        [parts[0]],
        [parts[0], parts[0]],
        [parts[0], BundlePart(street.shop.id)],
        [parts[0], BundlePart(parts[1].sku, 0)],
    ):
        with pytest.raises(Refusal, match="invalid"):
            put_bundle(street.shop, slug="wrong", name_zh="错", parts=wrong, actor=audit.SYSTEM, at=AT)
