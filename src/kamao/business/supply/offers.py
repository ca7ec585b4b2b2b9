"""Offers of a supplier under its own item numbers: business row and engine row in one transaction, thousands
at once.

The one implementation behind the sheet import, the open API (`PUT /supply/offers`) and the console. Refuses
nothing by exception: one outcome per draft, in order, with the engine's codes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction

from kamao.business.catalog.bulk import upsert_rows
from kamao.business.catalog.models import Sku
from kamao.business.engine_bridge import cell_connection
from kamao.business.identity.models import Organisation
from kamao.business.supply.models import SupplierOffer
from kamao.engine.cells import LIVE, TEST
from kamao.engine.pricing.operations import put_offers
from kamao.engine.pricing.types import OfferUpsert
from kamao.kernel.ids import new_uuid7

STOCKED_KINDS: Final = frozenset({"code", "voucher", "licence", "course", "collectible"})
"""Kinds that are delivered from sealed stock; all others are fulfilled by hand until a system is
connected.
"""


class _Offer(msgspec.Struct):
    """A row of ``SupplierOffer`` while it is worked on; its fields are the table's columns."""

    id: UUID
    supplier_id: UUID
    livemode: bool
    item: str
    title: str
    sku_id: UUID
    unit_price_e4: int
    currency: str
    tax_included: bool
    fulfilment: str
    sale_model: str
    status: str
    awaiting_quote: bool
    stated_stock: int | None
    effective_from: datetime | None
    created_at: datetime
    updated_at: datetime


_COLUMNS: Final = _Offer.__struct_fields__


class OfferDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a supplier asks for one of its items. An empty ``item`` means "my offer for this SKU".

    ``unit_price_e4`` None keeps the price an existing offer has (to pause or resume it). ``effective_from``
    in the past or None means at once.
    """

    sku: UUID
    item: str = ""
    title: str = ""
    unit_price_e4: int | None = None
    currency: str = "CNY"
    tax_included: bool = True
    on_sale: bool = True
    stated_stock: int | None = None
    effective_from: datetime | None = None
    awaiting_quote: bool = False


class OfferOutcome(msgspec.Struct, frozen=True):
    """What became of a draft: ``done`` or a refusal code, and the offer's id when there is one.

    ``change``: new, price, paused, resumed, same.
    """

    code: str
    offer: UUID | None = None
    change: str = ""


def item_of(draft: OfferDraft, sku_codes: dict[UUID, str]) -> str:
    """Return the key under which a draft is kept: the supplier's number, or ours for the SKU."""
    return draft.item or f"~{sku_codes[draft.sku]}"


def put_supplier_offers(
    supplier: UUID, drafts: Sequence[OfferDraft], *, at: datetime, livemode: bool = True
) -> list[OfferOutcome]:
    """Create or change a supplier's offers; all of them commit together, each with its own outcome.

    Outcomes: ``sku_not_found``, ``price_missing`` (a new offer needs one) and those of the engine's
    ``put_offers``. The last of several drafts for one item wins.
    """
    with transaction.atomic():
        # One supplier's offers are written by one at a time: two imports at once must not both make an item.
        Organisation.objects.select_for_update(no_key=True).get(pk=supplier)
        skus = {
            row[0]: row
            for row in Sku.objects.filter(id__in={draft.sku for draft in drafts}).values_list(
                "id", "code", "kind"
            )
        }
        codes = {sku: row[1] for sku, row in skus.items()}
        found = _existing(supplier, drafts, codes, livemode=livemode)
        outcomes: list[OfferOutcome] = []
        rows: dict[UUID, _Offer] = {}
        asked: list[tuple[int, OfferUpsert]] = []
        for place, draft in enumerate(drafts):
            if draft.sku not in skus:
                outcomes.append(OfferOutcome("sku_not_found"))
                continue
            item = item_of(draft, codes)
            row = found.get(item) or _adopted(found, codes[draft.sku], item)
            if row is None and draft.unit_price_e4 is None:
                outcomes.append(OfferOutcome("price_missing"))
                continue
            row, change = _merged(
                row, draft, item, supplier=supplier, kind=skus[draft.sku][2], at=at, livemode=livemode
            )
            found[item] = rows[row.id] = row
            asked.append((place, _upsert(row, at)))
            outcomes.append(OfferOutcome("done", row.id, change))
        _write(rows, asked, outcomes, at=at, livemode=livemode)
    return outcomes


def _existing(
    supplier: UUID, drafts: Sequence[OfferDraft], codes: dict[UUID, str], *, livemode: bool
) -> dict[str, _Offer]:
    """Lock and return the supplier's offers that the drafts may mean, by item."""
    keys = {draft.item for draft in drafts if draft.item} | {f"~{code}" for code in codes.values()}
    offers = SupplierOffer.objects.select_for_update().filter(
        supplier_id=supplier, livemode=livemode, item__in=keys
    )
    found = [_Offer(*row) for row in offers.order_by("id").values_list(*_COLUMNS)]
    return {offer.item: offer for offer in found}


def _adopted(found: dict[str, _Offer], sku_code: str, item: str) -> _Offer | None:
    """Return the stand-in made for codes that came before the quote: the quote takes it over, codes and
    all.
    """
    stand_in = found.get(f"~{sku_code}")
    if stand_in is None or not stand_in.awaiting_quote:
        return None
    del found[stand_in.item]
    stand_in.item = item
    return stand_in


def _merged(
    row: _Offer | None,
    draft: OfferDraft,
    item: str,
    *,
    supplier: UUID,
    kind: str,
    at: datetime,
    livemode: bool,
) -> tuple[_Offer, str]:
    price = draft.unit_price_e4
    status = "active" if draft.on_sale and not draft.awaiting_quote else "paused"
    if row is None:
        assert price is not None
        row = _Offer(
            new_uuid7(), supplier, livemode, item, "", draft.sku, price, draft.currency,
            draft.tax_included, "stock", "self_operated", status, draft.awaiting_quote, None, None, at, at,
        )  # fmt: skip
        change = "new"
    elif row.awaiting_quote and not draft.awaiting_quote and price is not None:
        change = "new"
    elif price is not None and price != row.unit_price_e4:
        change = "price"
    elif status != row.status:
        change = "resumed" if status == "active" else "paused"
    else:
        change = "same"
    row.item, row.sku_id, row.status = item, draft.sku, status
    row.title = draft.title or row.title
    if price is not None:
        row.unit_price_e4, row.awaiting_quote = price, draft.awaiting_quote
        row.currency, row.tax_included = draft.currency, draft.tax_included
        row.effective_from = (
            draft.effective_from if draft.effective_from and draft.effective_from > at else at
        )
    elif row.awaiting_quote:
        row.status = "paused"
    row.fulfilment = "stock" if kind in STOCKED_KINDS else "manual"
    if draft.stated_stock is not None:
        row.stated_stock = draft.stated_stock
    row.updated_at = at
    return row, change


def _upsert(row: _Offer, at: datetime) -> OfferUpsert:
    later = row.effective_from is not None and row.effective_from > at
    return OfferUpsert(
        id=row.id, supplier=row.supplier_id, sku=row.sku_id, supply_price_e4=row.unit_price_e4,
        fulfilment=row.fulfilment, sale_model=row.sale_model, currency=row.currency,  # type: ignore[arg-type]
        tax_included=row.tax_included, status=row.status,  # type: ignore[arg-type]
        effective_from=row.effective_from if later else None,
    )  # fmt: skip


def _write(
    rows: dict[UUID, _Offer],
    asked: list[tuple[int, OfferUpsert]],
    outcomes: list[OfferOutcome],
    *,
    at: datetime,
    livemode: bool,
) -> None:
    if not asked:
        return
    with cell_connection(LIVE if livemode else TEST) as connection:
        answers = put_offers(connection, [upsert for _, upsert in asked], at=at)
    for (place, upsert), answer in zip(asked, answers, strict=True):
        if answer != "done":
            outcomes[place] = OfferOutcome(answer)
            rows.pop(upsert.id, None)
    values = [msgspec.structs.astuple(row) for row in rows.values()]
    upsert_rows("supply_supplieroffer", _COLUMNS, values, key=("id",), keep=("created_at",))
