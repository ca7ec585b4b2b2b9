"""Writes of SKUs, offers and prices. Each call raises the price epoch once, so every cache in every process
follows.

Refuses to change history: prices are rows with a beginning, never edited once they are in force.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamao.engine.pool import Connection
from kamao.engine.pricing.rules import ANY_TARGET
from kamao.engine.pricing.types import ChannelLimit, OfferUpsert, PriceRule, SkuUpsert
from kamao.engine.statements import statement
from kamao.kernel.ids import sql_array
from kamao.kernel.money import AMOUNT_MAX


def raise_epoch(connection: Connection) -> None:
    """Tell every price book that something changed; taken last, so that its row lock is held briefly."""
    with connection.cursor() as cursor:
        cursor.execute(statement("pricing/raise_epoch"))


def put_skus(connection: Connection, skus: Sequence[SkuUpsert], *, at: datetime) -> list[str]:
    """Create or change SKUs by id. Outcomes: ``done``, ``code_taken`` (another SKU has the code)."""
    if not skus:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement("pricing/read_code_owners"), ([sku.code for sku in skus],))
        owners: dict[str, UUID] = dict(cursor.fetchall())
        outcomes, accepted = [], {}
        for sku in skus:
            if owners.setdefault(sku.code, sku.id) != sku.id:
                outcomes.append("code_taken")
                continue
            accepted[sku.id] = sku
            outcomes.append("done")
        rows = list(accepted.values())
        if rows:
            cursor.execute(statement("pricing/upsert_skus"), _sku_columns(rows, at))
    raise_epoch(connection)
    return outcomes


def _sku_columns(rows: Sequence[SkuUpsert], at: datetime) -> tuple[object, ...]:
    return (
        at,
        sql_array([row.id for row in rows]),
        [row.code for row in rows],
        [row.kind for row in rows],
        [row.currency for row in rows],
        # unnest flattens arrays of arrays, so each path travels as one array literal
        [sql_array(row.categories) for row in rows],
        [row.min_quantity for row in rows],
        [row.max_quantity for row in rows],
        [row.multiple for row in rows],
        [row.official_price_e4 for row in rows],
        [row.target_required for row in rows],
        [row.promise_s for row in rows],
        [row.promise_id for row in rows],
        [row.status for row in rows],
    )


def put_offers(connection: Connection, offers: Sequence[OfferUpsert], *, at: datetime) -> list[str]:
    """Create or change offers by id, and add their supply prices.

    Outcomes in precedence order: ``sku_not_found``, ``supplier_not_found``, ``invalid_price``,
    ``currency_mismatch``, ``offer_taken`` (another supplier's), ``done``. A price equal to the one in force
    adds no row.
    """
    if not offers:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement("pricing/read_sku_currencies"), (sql_array([row.sku for row in offers]),))
        currencies: dict[UUID, str] = dict(cursor.fetchall())
        cursor.execute(statement("pricing/read_suppliers"), (sql_array([row.supplier for row in offers]),))
        delays: dict[UUID, int] = dict(cursor.fetchall())
        cursor.execute(statement("pricing/read_offer_owners"), (sql_array([row.id for row in offers]),))
        owners: dict[UUID, UUID] = dict(cursor.fetchall())
        outcomes, accepted = [], {}
        for row in offers:
            if row.sku not in currencies:
                outcomes.append("sku_not_found")
            elif row.supplier not in delays:
                outcomes.append("supplier_not_found")
            elif not 0 < row.supply_price_e4 < AMOUNT_MAX or row.tax_e4 < 0:
                outcomes.append("invalid_price")
            elif row.currency != currencies[row.sku]:
                outcomes.append("currency_mismatch")
            elif owners.setdefault(row.id, row.supplier) != row.supplier:
                outcomes.append("offer_taken")
            else:
                accepted[row.id] = row
                outcomes.append("done")
        rows = list(accepted.values())
        if rows:
            cursor.execute(
                statement("pricing/upsert_offers"),
                (
                    at,
                    sql_array([row.id for row in rows]),
                    sql_array([row.supplier for row in rows]),
                    sql_array([row.sku for row in rows]),
                    [row.fulfilment for row in rows],
                    [row.sale_model for row in rows],
                    [row.currency for row in rows],
                    [row.tax_included for row in rows],
                    [row.tax_e4 for row in rows],
                    [delays[row.supplier] for row in rows],
                    [row.status for row in rows],
                ),
            )
            cursor.execute(
                statement("pricing/add_supply_prices"),
                (
                    sql_array([row.id for row in rows]),
                    [row.effective_from or at for row in rows],
                    [row.supply_price_e4 for row in rows],
                ),
            )
    raise_epoch(connection)
    return outcomes


def put_rules(connection: Connection, rules: Sequence[PriceRule]) -> None:
    """Add wholesale price rules; a rule of the same key and beginning is replaced while it has not begun to
    matter.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement("pricing/put_rules"),
            (
                [rule.audience_kind for rule in rules],
                [rule.audience for rule in rules],
                [rule.target_kind for rule in rules],
                [rule.target or ANY_TARGET for rule in rules],
                [rule.min_quantity for rule in rules],
                [rule.effective_from for rule in rules],
                [rule.fixed_e4 for rule in rules],
                [rule.markup_per_mille for rule in rules],
                [rule.markup_e4 for rule in rules],
            ),
        )
    raise_epoch(connection)


def put_limits(connection: Connection, limits: Sequence[ChannelLimit]) -> None:
    """Add channel limits (控价)."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("pricing/put_limits"),
            (
                [limit.target_kind for limit in limits],
                [limit.target or ANY_TARGET for limit in limits],
                [limit.sales_channel for limit in limits],
                [limit.effective_from for limit in limits],
                [limit.floor_e4 for limit in limits],
                [limit.ceiling_e4 for limit in limits],
            ),
        )
    raise_epoch(connection)
