"""Parties of the trade: merchants and suppliers as a cell knows them. Owns their registration, level and
status.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamao.engine.ledger.accounts import ensure_accounts, node_accounts, owned, payable, wallet
from kamao.engine.pool import Connection
from kamao.engine.pricing.operations import raise_epoch
from kamao.engine.statements import statement
from kamao.engine.trade.types import MerchantSpec, SupplierSpec
from kamao.kernel.ids import sql_array


def register_merchants(connection: Connection, merchants: Sequence[MerchantSpec], *, at: datetime) -> None:
    """Make merchants known to the cell with their wallets; again: change level and status, never money.

    A credit line lowers the wallet's floor; it is raised only as far as the balance allows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/upsert_merchants"),
            (
                at,
                sql_array([item.id for item in merchants]),
                [item.level for item in merchants],
                [item.status for item in merchants],
            ),
        )
        ensure_accounts(
            connection,
            [
                account
                for item in merchants
                for account in (
                    wallet(item.id, item.currency),
                    payable(item.id, item.currency),
                    *node_accounts(item.currency),
                )
            ],
            at=at,
        )
        cursor.execute(
            statement("trade/set_credit_lines"),
            (
                sql_array([wallet(item.id, item.currency).id for item in merchants]),
                [-item.credit_minor for item in merchants],
            ),
        )
    raise_epoch(connection)


def register_suppliers(connection: Connection, suppliers: Sequence[SupplierSpec], *, at: datetime) -> None:
    """Make suppliers known to the cell with their payable and deposit accounts; again: change delay and
    status.

    A suspended supplier's offers stop selling at once; they come back when it is active again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement("trade/upsert_suppliers"),
            (
                at,
                sql_array([item.id for item in suppliers]),
                [item.settlement_delay_s for item in suppliers],
                [item.status for item in suppliers],
            ),
        )
        cursor.execute(
            statement("trade/follow_suppliers"),
            (
                sql_array([item.id for item in suppliers]),
                [item.settlement_delay_s for item in suppliers],
            ),
        )
    ensure_accounts(
        connection,
        [
            account
            for item in suppliers
            for account in (payable(item.id, item.currency), owned("deposit", item.id, item.currency))
        ],
        at=at,
    )
    raise_epoch(connection)


def merchant_terms(connection: Connection, merchant: UUID) -> MerchantSpec | None:
    """Return a merchant's level, status and credit line in this cell."""
    with connection.cursor() as cursor:
        cursor.execute(statement("trade/read_merchant"), (merchant,))
        row = cursor.fetchone()
    return MerchantSpec(row[0], row[1], row[2], row[3], row[4]) if row else None
