"""Listing and unlisting one SKU: the rule of scope SKU and the override that go together.

What the open API calls a listing. Refuses a SKU that the library does not have.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from kamao.business.identity import audit
from kamao.business.shops.listing_rules import RuleDraft, add_rules, remove_rule, rules_of
from kamao.business.shops.models import ListingOverride, Shop
from kamao.business.shops.operations import Override, put_overrides
from kamao.business.shops.pages import shop_listings
from kamao.business.shops.resolving import NOT_LISTED, Listing
from kamao.kernel.errors import Refusal


def read_listing(shop: Shop, sku: UUID, *, at: datetime, sales_channel: str = "shop") -> Listing:
    """Return one SKU in a shop, listed or not; an unknown SKU is ``listing_not_found``."""
    found = shop_listings(shop, [sku], at=at, sales_channel=sales_channel)
    if not found:
        raise Refusal("listing_not_found")
    return found[0]


def override_of(shop: Shop, sku: UUID) -> Override:
    """Return what was decided for a SKU, an empty override where nothing was."""
    row = ListingOverride.objects.filter(shop=shop, sku=sku).first()
    if row is None:
        return Override(sku=sku)
    return Override(sku=sku, price_e4=row.price_e4, title=row.title, hidden=row.hidden, position=row.position)


def list_sku(
    shop: Shop, override: Override, *, markup_per_mille: int = 0, actor: audit.Actor, at: datetime
) -> Listing:
    """List one SKU with what is decided for it; a rule is added only where no rule lists it yet."""
    with transaction.atomic():
        before = read_listing(shop, override.sku, at=at)
        if before.state == NOT_LISTED:
            draft = RuleDraft(scope="sku", scope_id=override.sku, markup_per_mille=markup_per_mille)
            add_rules(shop, [draft], actor=actor, at=at)
        put_overrides(shop, [override], actor=actor, at=at)
        return read_listing(shop, override.sku, at=at)


def unlist_sku(shop: Shop, sku: UUID, *, actor: audit.Actor, at: datetime) -> Listing:
    """Take one SKU out of a shop: its own rules end, and where a wider rule still lists it, it is hidden."""
    with transaction.atomic():
        read_listing(shop, sku, at=at)
        for rule in rules_of(shop):
            if rule.scope == "sku" and rule.scope_id == sku:
                remove_rule(shop, rule.key, actor=actor, at=at)
        put_overrides(shop, [Override(sku=sku)], actor=actor, at=at)
        after = read_listing(shop, sku, at=at)
        if after.state != NOT_LISTED:
            put_overrides(shop, [Override(sku=sku, hidden=True)], actor=actor, at=at)
            after = read_listing(shop, sku, at=at)
        return after
