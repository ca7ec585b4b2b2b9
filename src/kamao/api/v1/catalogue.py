"""The catalogue: SKUs with the caller's own price, categories, scenes and quotes. Refuses to show anyone's
cost.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from django.db.models import QuerySet
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from kamao.api import targets
from kamao.api.contract import catalogue as contract
from kamao.api.contract.common import SKU_CODE, SLUG
from kamao.api.errors import missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import LIMIT_DEFAULT, Limit
from kamao.api.prices import Priced, channel_limits, price_skus, refusal_of_quote, wallet_available
from kamao.business.catalog.filters import SkuFilter
from kamao.business.catalog.models import Category, Scene, Sku, TopupForm
from kamao.business.catalog.search import RESULTS_MAX, find_skus
from kamao.kernel import money

_OPT = {"scope": "catalogue:read"}
_CHUNK = 200
Slug = Annotated[str | None, QueryParameter(pattern=SLUG)]
SkuCursor = Annotated[
    str | None, QueryParameter(pattern=SKU_CODE, description="Code of the SKU seen last or first")
]


@get("/catalogue/skus", opt=_OPT, operation_id="listSkus", tags=["catalogue"])
async def list_skus(
    request: ApiRequest,
    category: Slug = None,
    scene: Slug = None,
    q: Annotated[
        str | None, QueryParameter(max_length=100, description="Chinese, pinyin, initials, with typos")
    ] = None,
    kind: FromQuery[contract.SkuKind | None] = None,
    in_stock: FromQuery[bool | None] = None,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: SkuCursor = None,
    ending_before: SkuCursor = None,
) -> Response[contract.SkuList]:
    """List SKUs by code, or by fit where ``q`` is given, with your wholesale price and stock."""
    place = None if starting_after is not None else ending_before

    def read() -> contract.SkuList:
        where = _filter(category, scene, kind)
        if where is None:
            return contract.SkuList([], has_more=False)
        codes = (
            _by_code(where, starting_after, place)
            if q is None
            else iter(_by_fit(q, where, starting_after, place))
        )
        found = _page(request, codes, wanted=limit + 1, in_stock=in_stock)
        has_more, found = len(found) > limit, found[:limit]
        if place is not None:
            found = found[::-1]
        return contract.SkuList(found, has_more)

    return json_response(encode_json(await request.run(read)))


@get("/catalogue/skus/{sku:str}", opt=_OPT, operation_id="getSku", tags=["catalogue"])
async def get_sku(request: ApiRequest, sku: FromPath[str]) -> Response[contract.Sku]:
    """Read one SKU with your wholesale price, stock and top-up form."""

    def read() -> contract.Sku:
        found = _shapes(request, [sku]) if "\x00" not in sku else []
        if not found:
            raise missing("sku")
        return found[0]

    return json_response(encode_json(await request.run(read)))


@get("/categories", opt=_OPT, operation_id="listCategories", tags=["catalogue"])
async def list_categories(request: ApiRequest) -> Response[contract.CategoryList]:
    """List the category tree, parents before their children."""

    def read() -> contract.CategoryList:
        rows = sorted(
            Category.objects.select_related("parent"), key=lambda row: (len(row.path), row.position, row.slug)
        )
        return contract.CategoryList(
            [
                contract.Category(row.slug, _name(row, request), row.parent.slug if row.parent else None)
                for row in rows
            ],
            has_more=False,
        )

    return json_response(encode_json(await request.run(read)))


@get("/scenes", opt=_OPT, operation_id="listScenes", tags=["catalogue"])
async def list_scenes(request: ApiRequest) -> Response[contract.SceneList]:
    """List the scenes."""

    def read() -> contract.SceneList:
        rows = [
            contract.Scene(row.slug, _name(row, request))
            for row in Scene.objects.order_by("position", "slug")
        ]
        return contract.SceneList(rows, has_more=False)

    return json_response(encode_json(await request.run(read)))


@post(
    "/quotes",
    status_code=200,
    opt={**_OPT, "by_reference": True, "refusals": (404,)},
    operation_id="createQuote",
    tags=["catalogue"],
)
async def create_quote(
    request: ApiRequest, data: JSONBody[contract.QuoteRequest]
) -> Response[contract.Quote]:
    """Ask what an order would cost and whether it would be accepted. Nothing is reserved or written."""
    return json_response(encode_json(await request.run(lambda: _quote(request, data))))


def _quote(request: ApiRequest, data: contract.QuoteRequest) -> contract.Quote:
    at = request.services.clock.now()
    merchant = request.key.organisation if request.key.kind == "merchant" else None
    priced = price_skus(request.cell, [data.sku], merchant=merchant, quantity=data.quantity, at=at).get(
        data.sku
    )
    if priced is None:
        raise missing("sku")
    currency = priced.sku.currency
    unit = None if priced.price is None else priced.price.unit_price_e4
    amount = None if unit is None else money.order_amount(unit, data.quantity, currency)
    available = None
    if merchant is not None and "wallet:read" in request.key.scopes:
        with request.cell.pool.transaction() as connection:
            available = wallet_available(connection, merchant, currency)
    check = None if data.target is None else targets.check(targets.load_form(data.sku), data.target)
    refusal = refusal_of_quote(
        priced, quantity=data.quantity, has_target=data.target is not None, amount_minor=amount,
        available_minor=available,
    )  # fmt: skip
    floor, ceiling = channel_limits(request.cell, data.sku, sales_channel=data.sales_channel, at=at)
    retail = None
    if data.retail_unit_price_decimal is not None:
        retail = money.parse_minor_decimal(data.retail_unit_price_decimal, currency)
    if refusal is None and check is not None and check.errors:
        refusal = "invalid"
    if refusal is None and retail is not None and not _within(retail, floor, ceiling):
        refusal = "not_sellable"
    return contract.Quote(
        data.sku, data.quantity, None if unit is None else money.e4_to_minor(unit, currency),
        _decimal(unit, currency), amount, currency, priced.stock, refusal is None,
        refusal,
        _explanation(request, priced), _target_check(request, check), available,
        _decimal(floor, currency), _decimal(ceiling, currency),
    )  # fmt: skip


def _within(retail: int, floor: int | None, ceiling: int | None) -> bool:
    return (floor is None or retail >= floor) and (ceiling is None or retail <= ceiling)


def _decimal(unit_price_e4: int | None, currency: str) -> str | None:
    return None if unit_price_e4 is None else money.minor_decimal(unit_price_e4, currency)


def _explanation(request: ApiRequest, priced: Priced) -> list[contract.PriceStep]:
    """Show the steps that are the caller's business. A private price reads like any other: nobody learns it
    is one.
    """
    if priced.price is None:
        return []
    steps = []
    for step in priced.price.steps:
        if step.internal:
            continue
        is_private = step.code == "private"
        zh, en = ("等级价", "level price") if is_private else (step.zh, step.en)
        code = "level" if is_private else step.code
        text = zh if request.language == "zh" else en
        steps.append(
            contract.PriceStep(code, text, money.minor_decimal(step.unit_price_e4, priced.sku.currency))
        )
    return steps


def _target_check(request: ApiRequest, check: Any) -> contract.TargetCheck | None:
    if check is None:
        return None
    problems = [
        contract.TargetProblem(error.field, error.code, error.zh if request.language == "zh" else error.en)
        for error in check.errors
    ]
    return contract.TargetCheck(not problems, None if problems else check.target, problems)


def _filter(category: str | None, scene: str | None, kind: str | None) -> SkuFilter | None:
    """Return the filter, None where a slug names nothing: then nothing is found."""
    category_id = scene_id = None
    if category is not None:
        category_id = Category.objects.filter(slug=category).values_list("id", flat=True).first()
        if category_id is None:
            return None
    if scene is not None:
        scene_id = Scene.objects.filter(slug=scene).values_list("id", flat=True).first()
        if scene_id is None:
            return None
    return SkuFilter(category_id=category_id, scene_id=scene_id, kind=kind)


def _rows(where: SkuFilter) -> QuerySet[Sku]:
    rows = Sku.objects.filter(status="active", product__status="active")
    if where.category_id is not None:
        rows = rows.filter(category__path__contains=[where.category_id])
    if where.scene_id is not None:
        rows = rows.filter(scene_ids__contains=[where.scene_id])
    if where.kind is not None:
        rows = rows.filter(kind=where.kind)
    return rows


def _by_code(where: SkuFilter, after: str | None, before: str | None) -> Iterator[str]:
    """Yield codes in ascending order after a code, or in descending order before one."""
    rows = _rows(where)
    place = before or after
    while True:
        part = rows
        if place is not None:
            part = part.filter(code__lt=place) if before is not None else part.filter(code__gt=place)
        order = "-code" if before is not None else "code"
        codes = list(part.order_by(order).values_list("code", flat=True)[:_CHUNK])
        yield from codes
        if len(codes) < _CHUNK:
            return
        place = codes[-1]


def _by_fit(query: str, where: SkuFilter, after: str | None, before: str | None) -> list[str]:
    hits = find_skus(query, filters=where, limit=RESULTS_MAX)
    codes = dict(Sku.objects.filter(id__in=[hit.sku_id for hit in hits]).values_list("id", "code"))
    found = [codes[hit.sku_id] for hit in hits if hit.sku_id in codes]
    if after is not None:
        return found[found.index(after) + 1 :] if after in found else []
    if before is not None:
        return found[: found.index(before)][::-1] if before in found else []
    return found


def _page(
    request: ApiRequest, codes: Iterator[str], *, wanted: int, in_stock: bool | None
) -> list[contract.Sku]:
    """Take SKUs until there are enough; with ``in_stock`` those that cannot (or can) be had are passed
    over.
    """
    found: list[contract.Sku] = []
    step = wanted if in_stock is None else _CHUNK
    while len(found) < wanted:
        part = [code for _, code in zip(range(step), codes, strict=False)]
        if not part:
            break
        shapes = _shapes(request, part)
        found += [shape for shape in shapes if in_stock is None or (shape.stock != "none") == in_stock]
    return found[:wanted]


def _shapes(request: ApiRequest, codes: list[str]) -> list[contract.Sku]:
    """Return the SKUs of these codes in their order, priced for the caller."""
    rows = {
        row.code: row
        for row in Sku.objects.select_related(
            "product", "brand", "category", "topup_form", "after_sales"
        ).filter(code__in=codes, status="active", product__status="active")
    }
    merchant = request.key.organisation if request.key.kind == "merchant" else None
    at = request.services.clock.now()
    priced = price_skus(request.cell, list(rows), merchant=merchant, quantity=None, at=at)
    scenes = dict(Scene.objects.values_list("id", "slug"))
    return [_shape(request, rows[code], priced.get(code), scenes) for code in codes if code in rows]


def _shape(request: ApiRequest, row: Sku, priced: Priced | None, scenes: dict[Any, str]) -> contract.Sku:
    unit = priced.price.unit_price_e4 if priced is not None and priced.price is not None else None
    official = row.official_price_e4
    chinese = request.language == "zh"
    variant = (row.variant_zh or row.variant_en) if chinese else (row.variant_en or row.variant_zh)
    product = _name(row.product, request)
    return contract.Sku(
        sku=row.code,
        name=f"{product} {variant}".strip(),
        product=product,
        brand=None if row.brand is None else _name(row.brand, request),
        category=row.category.slug,
        scenes=[scenes[each] for each in row.scene_ids if each in scenes],
        kind=row.kind,  # type: ignore[arg-type]
        price=None if unit is None else money.e4_to_minor(unit, row.currency),
        price_decimal=_decimal(unit, row.currency),
        official_price=None if official is None else money.e4_to_minor(official, row.currency),
        currency=row.currency,
        stock="none" if priced is None else priced.stock,
        promise_s=row.promise_s,
        warranty=None if row.after_sales is None else row.after_sales.slug,
        topup_form=None if row.topup_form is None else topup_form(row.topup_form, request),
        min_quantity=row.min_quantity,
        max_quantity=row.max_quantity,
        multiple=row.multiple,
        updated_at=row.updated_at,
    )


def topup_form(form: TopupForm, request: ApiRequest) -> contract.TopupForm:
    """Return a top-up form in the caller's language."""
    chinese = request.language == "zh"
    fields = []
    for field in form.fields:
        choices = [
            contract.FormChoice(
                each["value"], each["zh"] if chinese else each["en"], list(each.get("within", ()))
            )
            for each in field.get("choices", ())
        ]
        fields.append(
            contract.FormField(
                key=field["key"],
                label=field["label_zh"] if chinese else field["label_en"],
                hint=field.get("hint_zh" if chinese else "hint_en", ""),
                required=field.get("required", True),
                validator=field["validator"],
                choices=choices,
                parent=field.get("parent") or None,
            )
        )
    return contract.TopupForm(_name(form, request), fields)


def _name(row: Any, request: ApiRequest) -> str:
    zh, en = row.name_zh, row.name_en
    name: str = (zh or en) if request.language == "zh" else (en or zh)
    return name
