"""Transfers and holds. Owns their idempotency; refuses to break a floor or to resolve a hold twice."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamao.engine.ledger.accounts import Account, ensure_accounts
from kamao.engine.ledger.journal import Journal
from kamao.engine.ledger.types import Hold, HoldResolution, Transfer, Transferred
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.kernel.ids import IdSource, sql_array
from kamao.kernel.money import AMOUNT_MAX


def _content(transfer: Transfer) -> bytes:
    parts = (transfer.kind, transfer.debit.name, transfer.credit.name, str(transfer.amount_minor))
    return hashlib.sha256("\n".join(parts).encode()).digest()


def transfer(
    connection: Connection, transfers: Sequence[Transfer], *, at: datetime, ids: IdSource
) -> list[Transferred]:
    """Post transfers, each once by its key; a repeated key gives the first posting.

    Outcomes in precedence order: ``invalid`` (amount, currencies or sides), ``repeated`` / ``key_conflict``,
    ``insufficient_balance``, ``created``.
    """
    ensure_accounts(connection, [side for item in transfers for side in (item.debit, item.credit)], at=at)
    with connection.cursor() as cursor:
        # The advisory keys order concurrent first uses of one key; a UNIQUE violation would abort neighbours.
        cursor.execute(statement("ledger/lock_transfer_keys"), ([item.key for item in transfers],))
        cursor.execute(statement("ledger/read_transfer_keys"), ([item.key for item in transfers],))
        seen = {key: (posting, bytes(content)) for key, posting, content in cursor.fetchall()}
    journal = Journal(at=at, ids=ids)
    journal.lock(connection, [side for item in transfers for side in (item.debit, item.credit)])
    results: list[Transferred | None] = []
    created: dict[str, tuple[int, bytes]] = {}
    for item in transfers:
        results.append(_decide(item, journal, seen, created))
    postings = journal.flush(connection)
    if created:
        keys = list(created)
        with connection.cursor() as cursor:
            cursor.execute(
                statement("ledger/insert_transfer_keys"),
                (
                    at,
                    keys,
                    sql_array([postings[created[key][0]] for key in keys]),
                    [created[key][1] for key in keys],
                ),
            )
    return [
        _with_posting(item, result, postings, created)
        for item, result in zip(transfers, results, strict=True)
    ]


def _with_posting(
    item: Transfer, result: Transferred | None, postings: list[UUID], created: dict[str, tuple[int, bytes]]
) -> Transferred:
    """Fill in the posting of what this batch created, and of its repeats inside the batch."""
    if result is None:
        return Transferred("created", postings[created[item.key][0]])
    if result.outcome == "repeated" and result.posting is None:
        return Transferred("repeated", postings[created[item.key][0]])
    return result


def _decide(
    item: Transfer,
    journal: Journal,
    seen: dict[str, tuple[UUID, bytes]],
    created: dict[str, tuple[int, bytes]],
) -> Transferred | None:
    """Post one transfer or say why not; None means created in this batch."""
    if not 0 < item.amount_minor < AMOUNT_MAX or item.debit.currency != item.credit.currency:
        return Transferred("invalid")
    if item.debit.id == item.credit.id:
        return Transferred("invalid")
    content = _content(item)
    if item.key in seen:
        posting, first = seen[item.key]
        return Transferred("repeated", posting) if first == content else Transferred("key_conflict")
    if item.key in created:
        return Transferred("repeated") if created[item.key][1] == content else Transferred("key_conflict")
    if item.debit.floored and not journal.covers(item.debit, item.amount_minor):
        return Transferred("insufficient_balance")
    place = journal.post(
        item.kind, debit=item.debit, credit=item.credit, amount_minor=item.amount_minor, subject=item.subject
    )
    created[item.key] = (place, content)
    return None


def hold(connection: Connection, holds: Sequence[Hold], *, at: datetime, ids: IdSource) -> list[str]:
    """Set money aside. Outcomes: ``created``, ``repeated`` (same id), ``insufficient_balance``,
    ``invalid``.
    """
    ensure_accounts(connection, [side for item in holds for side in (item.debit, item.credit)], at=at)
    journal = Journal(at=at, ids=ids)
    journal.lock(connection, [item.debit for item in holds])
    with connection.cursor() as cursor:
        cursor.execute(statement("ledger/read_holds"), (sql_array([item.id for item in holds]),))
        known = {row[0] for row in cursor.fetchall()}
    outcomes, fresh = [], []
    for item in holds:
        if item.id in known:
            outcomes.append("repeated")
        elif (
            not item.debit.floored
            or not 0 < item.amount_minor < AMOUNT_MAX
            or item.debit.id == item.credit.id
        ):
            outcomes.append("invalid")
        elif not journal.covers(item.debit, item.amount_minor):
            outcomes.append("insufficient_balance")
        else:
            journal.hold(item.debit, item.amount_minor)
            known.add(item.id)
            fresh.append(item)
            outcomes.append("created")
    journal.flush(connection)
    if fresh:
        with connection.cursor() as cursor:
            cursor.execute(
                statement("ledger/insert_holds"),
                (
                    at,
                    sql_array([item.id for item in fresh]),
                    [item.kind for item in fresh],
                    sql_array([item.debit.id for item in fresh]),
                    sql_array([item.credit.id for item in fresh]),
                    [item.amount_minor for item in fresh],
                    [item.debit.currency for item in fresh],
                    [item.order for item in fresh],
                    [item.subject for item in fresh],
                ),
            )
    return outcomes


def resolve_holds(
    connection: Connection, resolutions: Sequence[HoldResolution], *, at: datetime, ids: IdSource
) -> list[str]:
    """Post or void holds, each at most once.

    Outcomes: ``done``, ``repeated`` (resolved the same way before), ``resolved_otherwise``,
    ``hold_not_found``, ``invalid`` (more than was held).
    """
    wanted = sql_array([item.hold for item in resolutions])
    with connection.cursor() as cursor:
        cursor.execute(statement("ledger/read_hold_terms"), (wanted,))
        rows = {row[0]: row for row in cursor.fetchall()}
        accounts = _accounts_of(connection, [side for row in rows.values() for side in (row[2], row[3])])
        journal = Journal(at=at, ids=ids)
        journal.lock(connection, accounts.values())
        # Read under the accounts' locks: whoever resolved a hold first has held the same ones.
        cursor.execute(statement("ledger/read_hold_resolutions"), (wanted,))
        resolved = {row[0]: row[1] for row in cursor.fetchall()}
    outcomes: list[str] = []
    writes: list[tuple[UUID, str, int | None, int]] = []
    for item in resolutions:
        way = "posted" if item.post else "voided"
        if item.hold not in rows:
            outcomes.append("hold_not_found")
            continue
        if item.hold in resolved:
            outcomes.append("repeated" if resolved[item.hold] == way else "resolved_otherwise")
            continue
        _, kind, debit, credit, held, order, subject = rows[item.hold]
        amount = held if item.amount_minor is None else item.amount_minor
        if item.post and not 0 < amount <= held:
            outcomes.append("invalid")
            continue
        journal.hold(accounts[debit], -held)
        place = None
        if item.post:
            place = journal.post(
                kind,
                debit=accounts[debit],
                credit=accounts[credit],
                amount_minor=amount,
                order=order,
                subject=subject,
            )
        resolved[item.hold] = way
        writes.append((item.hold, way, place, amount if item.post else 0))
        outcomes.append("done")
    postings = journal.flush(connection)
    if writes:
        with connection.cursor() as cursor:
            cursor.execute(
                statement("ledger/insert_hold_resolutions"),
                (
                    at,
                    sql_array([row[0] for row in writes]),
                    [row[1] for row in writes],
                    [None if row[2] is None else postings[row[2]] for row in writes],
                    [row[3] for row in writes],
                ),
            )
    return outcomes


def _accounts_of(connection: Connection, keys: Sequence[UUID]) -> dict[UUID, Account]:
    with connection.cursor() as cursor:
        cursor.execute(statement("ledger/read_accounts"), (sql_array(sorted(set(keys))),))
        return {row[0]: Account(*row) for row in cursor.fetchall()}


def set_floor(connection: Connection, account: Account, floor_minor: int) -> bool:
    """Set a floor (a credit line is a negative one); False where the balance is already below it."""
    with connection.cursor() as cursor:
        cursor.execute(statement("ledger/set_floor"), (floor_minor, account.id, floor_minor))
        return cursor.rowcount == 1


def roll_up(connection: Connection, *, limit: int = 10_000) -> int:
    """Fold deltas of accounts without a floor into their balances; return how many rows were folded."""
    with connection.cursor() as cursor:
        cursor.execute(statement("ledger/take_deltas"), (limit,))
        rows = cursor.fetchall()
        totals: dict[UUID, int] = {}
        for account, amount in rows:
            totals[account] = totals.get(account, 0) + amount
        if totals:
            ordered = sorted(totals)
            cursor.execute(
                statement("ledger/add_to_balances"), (sql_array(ordered), [totals[key] for key in ordered])
            )
            assert cursor.rowcount == len(ordered), "every delta has its account"
    return len(rows)
