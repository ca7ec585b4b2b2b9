"""Lots and codes: import, recall, return, reveal. Owns the refusal of duplicates; refuses unsealed
storage.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation

from kamao.engine.arrays import ids as ids_array
from kamao.engine.arrays import moment
from kamao.engine.burst import Burst
from kamao.engine.pool import Connection
from kamao.engine.statements import statement
from kamao.engine.stock.opening import plain_bytes
from kamao.engine.stock.types import NewCode, NewLot
from kamao.kernel.ids import IdSource, sql_array
from kamao.kernel.limits import CODE_TEXT_MAX
from kamao.kernel.sealing import NONCE_BYTES, DataKey, Keyring, fold_code

_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_SHORT_SECRET = 10
"""A secret shorter than this is only unique together with its number (a PIN beside a card number)."""


def open_lots(connection: Connection, lots: Sequence[NewLot], *, at: datetime, keyring: Keyring) -> list[str]:
    """Create lots, each with a data key of its own.

    Outcomes: ``created``, ``repeated`` (the id exists for the same offer), ``lot_conflict``,
    ``offer_not_found``.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("stock/read_offers_of_lots"), (sql_array([lot.offer for lot in lots]),))
        offers = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
        cursor.execute(statement("stock/read_lots"), (sql_array([lot.id for lot in lots]),))
        known: dict[UUID, UUID] = dict(cursor.fetchall())
        outcomes, fresh = [], []
        for lot in lots:
            if lot.id in known:
                outcomes.append("repeated" if known[lot.id] == lot.offer else "lot_conflict")
            elif offers.get(lot.offer) != (lot.supplier, lot.sku):
                outcomes.append("offer_not_found")
            else:
                known[lot.id] = lot.offer
                fresh.append(lot)
                outcomes.append("created")
        if fresh:
            cursor.execute(
                statement("stock/insert_lots"),
                (
                    at,
                    sql_array([lot.id for lot in fresh]),
                    sql_array([lot.offer for lot in fresh]),
                    sql_array([lot.supplier for lot in fresh]),
                    sql_array([lot.sku for lot in fresh]),
                    [keyring.new_data_key(lot.id)[0] for lot in fresh],
                    [lot.source for lot in fresh],
                    [lot.unit_cost_e4 for lot in fresh],
                ),
            )
    return outcomes


def _mark(code: NewCode, folded: str) -> str:
    """Return what the keyed fingerprint is made of, which makes a code unique on this node.

    A long secret is unique by itself: the same secret under another printed number is the same code. A short
    one counts together with its number.
    """
    if len(code.secret) >= _SHORT_SECRET:
        return "code|" + folded
    return "pair|" + fold_code(f"{code.number}|{code.secret}")


def import_codes(
    connection: Connection,
    lot: UUID,
    codes: Sequence[NewCode],
    *,
    at: datetime,
    ids: IdSource,
    keyring: Keyring,
) -> list[str]:
    """Seal and store codes of one lot. Outcomes in precedence order: ``lot_not_found`` (also recalled),
    ``invalid`` (empty secret, or longer than limits allow), ``expired``, ``duplicate`` (here or ever before),
    ``imported``.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("stock/lock_lot"), (lot,))
        row = cursor.fetchone()
        if row is None:
            return ["lot_not_found"] * len(codes)
        offer, wrapped = row
        key = keyring.open_data_key(lot, wrapped)
        outcomes: list[str] = []
        wanted: dict[str, int] = {}
        for place, code in enumerate(codes):
            folded = fold_code(code.secret)
            refused = _refusal(code, folded, at)
            if refused is None:
                refused = "duplicate" if wanted.setdefault(_mark(code, folded), place) != place else None
            outcomes.append(refused or "imported")
        seen = dict(zip(keyring.fingerprints(list(wanted)), wanted.values(), strict=True))
        places = list(seen.values())
        made = ids.many(len(places))
        fingerprints = b"".join(seen)
        nonces = keyring.random(NONCE_BYTES * len(places))
        rows: list[bytes] = []
        burst = Burst(connection)
        burst.add("stock/insert_fingerprints", fingerprints, ids_array(made))
        try:
            # The database inserts while this process seals; what turns out a duplicate was sealed for
            # nothing.
            with connection.transaction():
                burst.send(
                    sent=lambda: rows.extend(
                        _copy_rows(offer, lot, [codes[place] for place in places], made, key, nonces)
                    )
                )
        except UniqueViolation:
            # Asking row by row costs a third more, so only a chunk that holds a duplicate is asked so.
            cursor.execute(statement("stock/insert_fresh_fingerprints"), (fingerprints, sql_array(made)))
            cursor.execute(statement("stock/read_fresh_codes"), (sql_array(made), fingerprints))
            fresh = {row[0] for row in cursor.fetchall()}
            for place, code_id in zip(places, made, strict=True):
                if code_id not in fresh:
                    outcomes[place] = "duplicate"
            rows = [row for row, code_id in zip(rows, made, strict=True) if code_id in fresh]
        if rows:
            with cursor.copy(statement("stock/copy_codes")) as copy:
                copy.write(_COPY_HEAD + b"".join(rows) + _COPY_END)
            cursor.execute(statement("stock/count_imported"), (len(rows), lot))
            cursor.execute(statement("stock/raise_epoch"), (offer,))
    return outcomes


def _refusal(code: NewCode, folded: str, at: datetime) -> str | None:
    if not folded or max(len(code.secret), len(code.number)) > CODE_TEXT_MAX:
        return "invalid"
    if "\x00" in code.secret or "\x00" in code.number:
        return "invalid"
    if code.expires_at is not None and code.expires_at <= at:
        return "expired"
    return None


def _copy_rows(
    offer: UUID, lot: UUID, codes: Sequence[NewCode], ids: Sequence[UUID], key: DataKey, nonces: bytes
) -> list[bytes]:
    """Seal codes and lay each out as a row of a binary COPY: six fields, each behind its length."""
    head = b"\0\6\0\0\0\x10"
    middle = b"\0\0\0\x10" + offer.bytes + b"\0\0\0\x10" + lot.bytes
    free = b"\0\0\0\4free"
    ends: dict[datetime | None, bytes] = {}
    rows = []
    at_byte = 0
    for code, code_id in zip(codes, ids, strict=True):
        end = ends.get(code.expires_at)
        if end is None:
            end = ends[code.expires_at] = moment(code.expires_at) + free
        sealed = key.seal(code_id, plain_bytes(code), nonces[at_byte : at_byte + NONCE_BYTES])
        at_byte += NONCE_BYTES
        rows.append(
            head + code_id.int.to_bytes(16, "big") + middle + end + len(sealed).to_bytes(4, "big") + sealed
        )
    return rows


def release(connection: Connection, holders: Sequence[UUID]) -> list[UUID]:
    """Give reserved codes of these holders back to sale; return the codes."""
    with connection.cursor() as cursor:
        cursor.execute(statement("stock/release_reserved"), (sql_array(holders),))
        rows = cursor.fetchall()
        for offer in sorted({row[1] for row in rows}):
            cursor.execute(statement("stock/raise_epoch"), (offer,))
    return [row[0] for row in rows]


def recall_lot(connection: Connection, lot: UUID, *, supplier: UUID) -> tuple[str, int]:
    """Take every unsold code of a lot off sale for good.

    Return ``done`` (or ``lot_not_found``: another supplier's too) and how many codes were taken. Sold and
    reserved codes stay with their orders: their buyers are compensated by refund.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement("stock/mark_lot_recalled"), (lot, supplier))
        if cursor.fetchone() is None:
            return "lot_not_found", 0
        cursor.execute(statement("stock/recall_codes"), (lot,))
        taken = cursor.rowcount
        cursor.execute(statement("stock/count_recalled"), (taken, lot))
        return "done", taken


def record_reveals(
    connection: Connection,
    items: Sequence[UUID],
    *,
    order: UUID,
    actor: str,
    reason: str,
    at: datetime,
    ids: IdSource,
) -> None:
    """Write the trace of codes being shown; in the transaction that reads them, before they are opened."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("stock/insert_reveals"),
            (order, actor, reason, at, sql_array(ids.many(len(items))), sql_array(items)),
        )
