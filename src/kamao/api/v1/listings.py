"""Listings of the caller's own shops: read, list, change, unlist, and one click for many. Refuses other
people's shops.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter

from kamao.api.contract import listings as contract
from kamao.api.contract.common import SKU_CODE, SLUG
from kamao.api.errors import missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import LIMIT_DEFAULT, Limit
from kamao.business.catalog.models import Brand, Category, Scene, Sku
from kamao.business.shops.items import shop_items
from kamao.business.shops.listing_rules import RuleDraft, add_rules
from kamao.business.shops.models import Shop
from kamao.business.shops.operations import Override, put_overrides, shops_of
from kamao.business.shops.resolving import Listing
from kamao.business.shops.single_listings import list_sku, override_of, read_listing, unlist_sku
from kamao.business.shops.terms import Limits
from kamao.kernel import ids, money
from kamao.kernel.errors import Refusal

_OPT = {"scope": "listings:write", "refusals": (404,)}
_SCOPES: dict[str, Any] = {"category": Category, "scene": Scene, "brand": Brand}
ShopName = Annotated[str | None, QueryParameter(pattern=SLUG, description="Address of one of your shops")]


@get("/listings", opt=_OPT, operation_id="listListings", tags=["listings"])
async def list_listings(
    request: ApiRequest,
    shop: ShopName = None,
    q: Annotated[str | None, QueryParameter(max_length=100)] = None,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, QueryParameter(pattern=SKU_CODE)] = None,
) -> Response[contract.ListingList]:
    """List what the rules of a shop list, on sale or not, the most popular first."""

    def read() -> contract.ListingList:
        own = _shop(request, shop)
        page = shop_items(
            own, at=request.services.clock.now(), query=q or "", after=starting_after or "", limit=limit
        )
        return contract.ListingList(
            [_shape(request, own, each) for each in page.items], bool(page.next_after)
        )

    return json_response(encode_json(await request.run(read)))


@get("/listings/{sku:str}", opt=_OPT, operation_id="getListing", tags=["listings"])
async def get_listing(
    request: ApiRequest, sku: FromPath[str], shop: ShopName = None
) -> Response[contract.Listing]:
    """Read one SKU in a shop, listed or not, with its price and why it is what it is."""

    def read() -> contract.Listing:
        own = _shop(request, shop)
        return _shape(request, own, read_listing(own, _sku(sku), at=request.services.clock.now()))

    return json_response(encode_json(await request.run(read)))


@post("/listings", status_code=201, opt=_OPT, operation_id="createListing", tags=["listings"])
async def create_listing(
    request: ApiRequest, data: JSONBody[contract.ListingRequest]
) -> Response[contract.Listing]:
    """List one SKU in a shop."""

    def work() -> contract.Listing:
        own = _shop(request, data.shop)
        override = Override(
            sku=_sku(data.sku),
            price_e4=_rate(data.price_decimal),
            title=data.title,
            hidden=data.hidden,
            position=data.position,
        )
        made = list_sku(
            own, override, markup_per_mille=data.markup_per_mille, actor=request.actor,
            at=request.services.clock.now(),
        )  # fmt: skip
        return _shape(request, own, made)

    return await effect(request, work)


@patch("/listings/{sku:str}", opt=_OPT, operation_id="updateListing", tags=["listings"])
async def update_listing(
    request: ApiRequest, sku: FromPath[str], data: JSONBody[contract.ListingChange]
) -> Response[contract.Listing]:
    """Change what is decided for one SKU in a shop; what is left out stays."""

    def work() -> contract.Listing:
        own = _shop(request, data.shop)
        at = request.services.clock.now()
        key = _sku(sku)
        read_listing(own, key, at=at)
        before = override_of(own, key)
        changed = Override(
            sku=key,
            price_e4=before.price_e4 if data.price_decimal is msgspec.UNSET else _rate(data.price_decimal),
            title=before.title if data.title is msgspec.UNSET else data.title,
            hidden=before.hidden if data.hidden is msgspec.UNSET else data.hidden,
            position=before.position if data.position is msgspec.UNSET else data.position,
        )
        put_overrides(own, [changed], actor=request.actor, at=at)
        return _shape(request, own, read_listing(own, key, at=at))

    return json_response(encode_json(await request.run(work)))


@delete("/listings/{sku:str}", opt=_OPT, operation_id="deleteListing", tags=["listings"])
async def delete_listing(request: ApiRequest, sku: FromPath[str], shop: ShopName = None) -> None:
    """Take one SKU out of a shop; where a wider rule still lists it, it is hidden."""

    def work() -> None:
        unlist_sku(_shop(request, shop), _sku(sku), actor=request.actor, at=request.services.clock.now())

    await request.run(work)


@post("/listings/bulk", status_code=200, opt=_OPT, operation_id="bulkList", tags=["listings"])
async def bulk_list(
    request: ApiRequest, data: JSONBody[contract.BulkRequest]
) -> Response[contract.BulkAnswer]:
    """List by rules with one click: a category, a scene, a brand or everything, in constant time."""

    def work() -> contract.BulkAnswer:
        own = _shop(request, data.shop)
        drafts = [_draft(rule, f"/rules/{index}") for index, rule in enumerate(data.rules)]
        try:
            made = add_rules(own, drafts, actor=request.actor, at=request.services.clock.now())
        except Refusal as refusal:
            if refusal.code != "invalid":
                raise
            # Each field was valid by itself, so what is refused here is what they say together.
            raise Refusal("rule_conflict", pointers=refusal.pointers) from refusal
        return contract.BulkAnswer(own.change_no, [ids.encode("rul", rule.key) for rule in made])

    return await effect(request, work, status=200)


def _shop(request: ApiRequest, slug: str | None) -> Shop:
    """Return the caller's shop of this mode: the named one, else the first."""
    own = shops_of(request.key.organisation, cell=request.key.cell)
    for shop in own:
        if slug is None or shop.slug == slug:
            return shop
    raise Refusal("shop_not_found")


def _sku(code: str) -> UUID:
    found: UUID | None = None
    if "\x00" not in code:
        found = Sku.objects.filter(code=code).values_list("id", flat=True).first()
    if found is None:
        raise missing("sku")
    return found


def _rate(text: str | None) -> int | None:
    return None if text is None else money.parse_minor_decimal(text)


def _draft(rule: contract.RuleRequest, pointer: str) -> RuleDraft:
    scope_id = None
    if (rule.scope == "everything") != (rule.of is None):
        raise _no_such_scope(pointer)
    if rule.of is not None:
        if rule.scope == "sku":
            scope_id = Sku.objects.filter(code=rule.of).values_list("id", flat=True).first()
        else:
            scope_id = _SCOPES[rule.scope].objects.filter(slug=rule.of).values_list("id", flat=True).first()
        if scope_id is None:
            raise _no_such_scope(pointer)
    return RuleDraft(
        scope=rule.scope,
        scope_id=scope_id,
        lists=rule.lists,
        markup_per_mille=rule.markup_per_mille,
        markup_e4=_rate(rule.markup_decimal) or 0,
        rounding=rule.rounding,
        floor_e4=_rate(rule.floor_decimal),
        ceiling_e4=_rate(rule.ceiling_decimal),
        official_ceiling_per_mille=rule.official_ceiling_per_mille,
        channel_limits=_limits(rule.channel_limits),
        closed_hours=tuple(rule.closed_hours),
        follows_new=rule.follows_new,
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
    )


def _limits(given: contract.LimitsByChannel | None) -> dict[str, Limits]:
    found = {}
    for channel in contract.LimitsByChannel.__struct_fields__:
        limits = getattr(given, channel, None)
        if limits is not None:
            found[channel] = Limits(_rate(limits.floor_decimal), _rate(limits.ceiling_decimal))
    return found


def _no_such_scope(pointer: str) -> Refusal:
    return Refusal(
        "state_conflict", zh=f"{pointer} 的上架范围不存在。", en=f"The scope of {pointer} does not exist."
    )


def _shape(request: ApiRequest, shop: Shop, listing: Listing) -> contract.Listing:
    chinese = request.language == "zh"
    goods = listing.goods
    retail = listing.retail
    steps = () if retail is None else retail.steps
    return contract.Listing(
        sku=goods.code,
        shop=shop.slug,
        title=listing.title or goods.name(request.language),
        state=listing.state,
        on_sale=listing.on_sale,
        price=None if retail is None else money.e4_to_minor(retail.unit_price_e4, goods.currency),
        price_decimal=None if retail is None else money.minor_decimal(retail.unit_price_e4, goods.currency),
        cost_decimal=None
        if listing.cost_e4 is None
        else money.minor_decimal(listing.cost_e4, goods.currency),
        currency=goods.currency,
        stock=listing.stock or "none",  # type: ignore[arg-type]
        position=listing.position,
        explanation=[
            contract.ListingStep(
                step.zh if chinese else step.en, money.minor_decimal(step.unit_price_e4, goods.currency)
            )
            for step in steps
        ],
    )
