"""One SKU is listed, changed and taken out again, beside the rules."""

import pytest

from kamao.business.identity import audit
from kamao.business.shops.listing_rules import RuleDraft, add_rules, rules_of
from kamao.business.shops.models import ListingOverride
from kamao.business.shops.operations import Override
from kamao.business.shops.single_listings import list_sku, override_of, read_listing, unlist_sku
from kamao.kernel.errors import Refusal
from tests.shops.support import AT, Street

MONTH = "tencent-video-month"


def test_a_sku_alone(street: Street) -> None:
    sku = street.skus[MONTH]
    listed = list_sku(
        street.shop, Override(sku=sku, title="月卡"), markup_per_mille=100, actor=audit.SYSTEM, at=AT
    )
    assert (listed.state, listed.unit_price_e4, listed.title) == ("on_sale", 231_000, "月卡")
    again = list_sku(street.shop, Override(sku=sku, price_e4=250_000), actor=audit.SYSTEM, at=AT)
    assert (again.unit_price_e4, len(rules_of(street.shop))) == (250_000, 1)
    assert override_of(street.shop, sku).price_e4 == 250_000
    assert unlist_sku(street.shop, sku, actor=audit.SYSTEM, at=AT).state == "not_listed"
    assert (rules_of(street.shop), ListingOverride.objects.count()) == ([], 0)


def test_a_sku_that_a_wider_rule_lists_is_hidden_and_comes_back(street: Street) -> None:
    sku = street.skus[MONTH]
    add_rules(street.shop, [RuleDraft()], actor=audit.SYSTEM, at=AT)
    assert unlist_sku(street.shop, sku, actor=audit.SYSTEM, at=AT).state == "hidden"
    assert list_sku(street.shop, Override(sku=sku), actor=audit.SYSTEM, at=AT).state == "on_sale"
    assert len(rules_of(street.shop)) == 1


def test_an_unknown_sku_is_refused(street: Street) -> None:
    for call in (read_listing, unlist_sku):
        with pytest.raises(Refusal, match="listing_not_found"):
            call(
                street.shop,
                street.shop.id,
                at=AT,
                **({} if call is read_listing else {"actor": audit.SYSTEM}),
            )
    with pytest.raises(Refusal, match="listing_not_found"):
        list_sku(street.shop, Override(sku=street.shop.id), actor=audit.SYSTEM, at=AT)
    assert rules_of(street.shop) == []
