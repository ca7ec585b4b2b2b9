"""Supply: a supplier's offers, lots, fulfilments by hand and settlements. Refuses keys that are no
supplier's.
"""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from kamao.api import public_ids
from kamao.api.contract import supply as contract
from kamao.api.contract.common import SKU_CODE, VISIBLE
from kamao.api.contract.wallet import StatementPage
from kamao.api.errors import missing, problem_of
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import (
    LIMIT_DEFAULT,
    Limit,
    after,
    before,
    cursor_of,
    page_of_queryset,
)
from kamao.api.v1.wallet import EntryAfter, EntryBefore, statement_page
from kamao.business.catalog.models import Sku
from kamao.business.engine_bridge import cell_connection
from kamao.business.supply.models import SupplierOffer
from kamao.business.supply.offers import OfferDraft, OfferOutcome, put_supplier_offers
from kamao.engine.ledger.accounts import payable
from kamao.engine.stock.operations import recall_lot
from kamao.engine.stock.queries import Lot, free_counts, lots_of
from kamao.engine.trade.fulfilment import answer, open_fulfilments, open_target
from kamao.engine.trade.tools import make_tools
from kamao.engine.trade.types import FulfilmentAnswer, FulfilmentView, Receipt
from kamao.kernel import ids, money
from kamao.kernel.errors import PROBLEMS, Refusal

OPT = {"scope": "supply:write"}
_FREE_COUNTED_MAX = 10_000
_OFFER_PROBLEMS = {
    "price_missing": ("/supply_price_decimal", "新报价须有价格", "A new offer needs a price"),
    "invalid_price": ("/supply_price_decimal", "价格须大于 0", "A price must be above 0"),
    "currency_mismatch": ("/currency", "币种与商品不符", "The currency is not the SKU's"),
}


@put("/supply/offers", opt=OPT, operation_id="putOffers", tags=["supply"])
async def put_offers(
    request: ApiRequest, data: JSONBody[contract.OffersRequest]
) -> Response[contract.OffersAnswer]:
    """Create or change up to 5000 offers by your own item numbers; each is answered by itself."""

    def work() -> contract.OffersAnswer:
        outcomes = _put(request, data.offers)
        return contract.OffersAnswer(
            [_result(request, offer, outcome) for offer, outcome in zip(data.offers, outcomes, strict=True)]
        )

    return json_response(encode_json(await request.run(work)))


def _put(request: ApiRequest, offers: list[contract.OfferUpsert]) -> list[OfferOutcome]:
    skus = dict(Sku.objects.filter(code__in={offer.sku for offer in offers}).values_list("code", "id"))
    drafts = []
    places = []
    outcomes = [OfferOutcome("sku_not_found")] * len(offers)
    for place, offer in enumerate(offers):
        if offer.sku not in skus:
            continue
        places.append(place)
        drafts.append(
            OfferDraft(
                sku=skus[offer.sku],
                item=offer.item,
                title=offer.title,
                unit_price_e4=_rate(offer),
                currency=offer.currency,
                tax_included=offer.tax_included,
                on_sale=offer.on_sale,
                stated_stock=offer.stated_stock,
                effective_from=offer.effective_from,
            )
        )
    made = put_supplier_offers(
        request.key.organisation, drafts, at=request.services.clock.now(), livemode=request.cell.cell.livemode
    )
    for place, outcome in zip(places, made, strict=True):
        outcomes[place] = outcome
    return outcomes


def _rate(offer: contract.OfferUpsert) -> int | None:
    if offer.supply_price_decimal is None:
        return None
    return (
        money.parse_minor_decimal(offer.supply_price_decimal, offer.currency) if _known(offer.currency) else 0
    )


def _known(currency: str) -> bool:
    return currency in money.CURRENCY_EXPONENTS


def _result(request: ApiRequest, offer: contract.OfferUpsert, outcome: OfferOutcome) -> contract.OfferResult:
    if outcome.code == "done" and outcome.offer is not None:
        return contract.OfferResult(
            offer.item, 200, offer=ids.encode(public_ids.OFFER, outcome.offer), change=outcome.change
        )
    if outcome.code in _OFFER_PROBLEMS:
        refusal = Refusal("invalid", pointers=(_OFFER_PROBLEMS[outcome.code],))
    else:
        refusal = Refusal(outcome.code if outcome.code in PROBLEMS else "state_conflict")
    problem = problem_of(refusal, language=request.language, request_id=request.request_id)
    return contract.OfferResult(offer.item, refusal.status, problem=problem)


@get("/supply/offers", opt=OPT, operation_id="listOffers", tags=["supply"])
async def list_offers(
    request: ApiRequest,
    item: Annotated[str | None, QueryParameter(max_length=120, pattern=VISIBLE)] = None,
    sku: Annotated[str | None, QueryParameter(pattern=SKU_CODE)] = None,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.OFFER)] = None,
    ending_before: Annotated[str | None, before(public_ids.OFFER)] = None,
) -> Response[contract.OfferList]:
    """List your offers, newest first."""
    cursor = cursor_of(
        public_ids.OFFER, limit=limit, starting_after=starting_after, ending_before=ending_before
    )

    def read() -> contract.OfferList:
        rows = own_offers(request).select_related("sku")
        if item is not None:
            rows = rows.filter(item=item)
        if sku is not None:
            rows = rows.filter(sku__code=sku)
        page, has_more = page_of_queryset(rows, cursor, shape=lambda row: row)
        stocked = [row.id for row in page if row.fulfilment == "stock"]
        at = request.services.clock.now()
        with request.cell.pool.transaction() as connection:
            counts = free_counts(connection, stocked, at=at, at_most=_FREE_COUNTED_MAX) if stocked else {}
        return contract.OfferList([_offer(row, counts.get(row.id, 0)) for row in page], has_more)

    return json_response(encode_json(await request.run(read)))


def own_offers(request: ApiRequest) -> Any:
    """Return the caller's offers in its mode."""
    return SupplierOffer.objects.filter(
        supplier_id=request.key.organisation, livemode=request.cell.cell.livemode
    )


def _offer(row: SupplierOffer, free: int) -> contract.Offer:
    return contract.Offer(
        ids.encode(public_ids.OFFER, row.id),
        row.item,
        row.sku.code,
        row.title,
        money.e4_to_minor(row.unit_price_e4, row.currency),
        money.minor_decimal(row.unit_price_e4, row.currency),
        row.currency,
        row.tax_included,
        row.fulfilment,
        row.status,
        row.stated_stock,
        row.effective_from,
        free,
        row.updated_at,
    )


@get("/supply/lots", opt={**OPT, "refusals": (404,)}, operation_id="listLots", tags=["supply"])
async def list_lots(
    request: ApiRequest,
    offer: Annotated[str | None, QueryParameter(max_length=64)] = None,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.LOT)] = None,
) -> Response[contract.LotList]:
    """List your lots of codes, newest first."""
    cursor = cursor_of(public_ids.LOT, limit=limit, starting_after=starting_after)
    of_offer = None if offer is None else public_ids.read_id(public_ids.OFFER, offer, thing="offer")

    def read() -> contract.LotList:
        with request.cell.pool.transaction() as connection:
            rows = lots_of(
                connection,
                request.key.organisation,
                limit=limit + 1,
                before=cursor.older_than,
                offer=of_offer,
            )
        return contract.LotList([_lot(row) for row in rows[:limit]], len(rows) > limit)

    return json_response(encode_json(await request.run(read)))


def _lot(row: Lot) -> contract.Lot:
    return contract.Lot(
        ids.encode(public_ids.LOT, row.id), ids.encode(public_ids.OFFER, row.offer), row.source, row.state,
        row.imported, row.free, row.sold, row.recalled, row.created_at,
    )  # fmt: skip


@post("/supply/lots/{lot_id:str}/recall", status_code=200, opt=OPT, operation_id="recallLot", tags=["supply"])
async def recall(request: ApiRequest, lot_id: FromPath[str]) -> Response[contract.Recall]:
    """Take every unsold code of a lot off sale for good. Sold codes stay with their buyers."""
    lot = public_ids.read_id(public_ids.LOT, lot_id, thing="lot")

    def work() -> contract.Recall:
        with cell_connection(request.cell.cell) as connection:
            outcome, count = recall_lot(connection, lot, supplier=request.key.organisation)
        if outcome != "done":
            raise missing("lot")
        return contract.Recall(lot_id, count)

    return await effect(request, work, status=200)


@get("/supply/fulfilments", opt=OPT, operation_id="listFulfilments", tags=["supply"])
async def list_fulfilments(
    request: ApiRequest,
    fulfilment_state: Annotated[Literal["open"], QueryParameter(name="state")] = "open",
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.FULFILMENT)] = None,
) -> Response[contract.FulfilmentList]:
    """List what waits to be supplied by hand, oldest first, with its target."""
    cursor = cursor_of(public_ids.FULFILMENT, limit=limit, starting_after=starting_after)

    def read() -> contract.FulfilmentList:
        with request.cell.pool.transaction() as connection:
            rows = open_fulfilments(
                connection, request.key.organisation, limit=limit + 1, after=cursor.older_than
            )
        return contract.FulfilmentList([_fulfilment(request, row) for row in rows[:limit]], len(rows) > limit)

    return json_response(encode_json(await request.run(read)))


def _fulfilment(request: ApiRequest, row: FulfilmentView) -> contract.Fulfilment:
    target = open_target(request.services.keyring, row)
    return contract.Fulfilment(
        ids.encode(public_ids.FULFILMENT, row.id),
        ids.encode(public_ids.ORDER, row.order),
        row.sku,
        row.quantity,
        row.state,
        msgspec.json.decode(target) if target else None,
        row.created_at,
    )


@post(
    "/supply/fulfilments/{fulfilment_id:str}/succeed",
    status_code=200, opt=OPT, operation_id="succeedFulfilment", tags=["supply"],
)  # fmt: skip
async def succeed(
    request: ApiRequest, fulfilment_id: FromPath[str], data: JSONBody[contract.SucceedRequest]
) -> Response[contract.FulfilmentAnswer]:
    """Report success with one receipt per supplied unit; fewer than ordered refunds the rest."""
    receipts = tuple(Receipt(each.secret, each.number) for each in data.receipts)
    return await _answer(request, fulfilment_id, receipts=receipts, upstream_no=data.upstream_no)


@post(
    "/supply/fulfilments/{fulfilment_id:str}/fail",
    status_code=200, opt=OPT, operation_id="failFulfilment", tags=["supply"],
)  # fmt: skip
async def fail(
    request: ApiRequest, fulfilment_id: FromPath[str], data: JSONBody[contract.FailRequest]
) -> Response[contract.FulfilmentAnswer]:
    """Report that it cannot be supplied: the next offer is tried, or the buyer's money goes back."""
    return await _answer(request, fulfilment_id, failure=data.reason)


async def _answer(request: ApiRequest, text: str, **says: Any) -> Response[contract.FulfilmentAnswer]:
    attempt = public_ids.read_id(public_ids.FULFILMENT, text, thing="fulfilment")
    given = FulfilmentAnswer(attempt=attempt, supplier=request.key.organisation, **says)

    def work() -> contract.FulfilmentAnswer:
        tools = make_tools(request.cell.cell, request.services.keyring, hints=request.cell.hints)
        with cell_connection(request.cell.cell) as connection:
            change = answer(connection, [given], at=request.services.clock.now(), tools=tools)[0]
        match change.outcome:
            case "done" | "repeated":
                return contract.FulfilmentAnswer(text, change.state or "")
            case "invalid":
                raise Refusal(
                    "invalid",
                    pointers=(
                        ("/receipts", "数量不得超过订购数量", "There are more receipts than units ordered"),
                    ),
                )
            case "fulfilment_not_found":
                raise missing("fulfilment")
            case _:
                raise Refusal("state_conflict")

    return await effect(request, work, status=200)


@get("/supply/settlements", opt=OPT, operation_id="listSettlements", tags=["supply"])
async def list_settlements(
    request: ApiRequest,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: EntryAfter = None,
    ending_before: EntryBefore = None,
) -> Response[StatementPage]:
    """List what you were credited and debited: settled orders, reversals and payouts, newest first."""
    account = payable(request.key.organisation)
    return json_response(
        encode_json(
            await request.run(
                lambda: statement_page(
                    request, account, limit=limit, starting_after=starting_after, ending_before=ending_before
                )
            )
        )
    )
