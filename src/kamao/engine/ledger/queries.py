"""Reads of the ledger. Owns balances and statements; refuses to decide anything."""

from collections.abc import Sequence
from uuid import UUID

from kamao.engine.ledger.accounts import Account
from kamao.engine.ledger.types import Balance, Entry
from kamao.engine.pool import Connection
from kamao.engine.statements import statement


def balances(connection: Connection, accounts: Sequence[Account]) -> dict[UUID, Balance]:
    """Return the balances of accounts by id; accounts that do not exist are absent.

    Accounts without a floor include what has not been rolled up yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("ledger/read_balances"), ([account.id for account in accounts],))
        return {row[0]: Balance(row[1], row[2], row[3], row[4]) for row in cursor.fetchall()}


def balance(connection: Connection, account: Account) -> Balance:
    """Return one account's balance; an account that does not exist has nothing."""
    return balances(connection, [account]).get(account.id, Balance(account.currency, 0, 0, 0))


def statement_of(
    connection: Connection,
    account: Account,
    *,
    before_entry: int | None = None,
    after_entry: int | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Return entries of a floored account, newest first.

    ``before_entry`` pages to older lines, ``after_entry`` to newer ones (still newest first).
    """
    key = account.id
    name = "ledger/read_entries_after" if after_entry is not None else "ledger/read_entries"
    bound = after_entry if after_entry is not None else before_entry
    with connection.cursor() as cursor:
        cursor.execute(statement(name), (key, bound, bound, limit, key, bound, bound, limit, limit))
        entries = [Entry(*row) for row in cursor.fetchall()]
    return entries[::-1] if after_entry is not None else entries
