"""Lots and codes: import, recall, return, reveal. Owns the refusal of duplicates; refuses unsealed
storage.
"""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from typing import Final
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
_BLOCK: Final = 2_000
"""Codes that travel together."""
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
        sifted = _Sifted(codes, at=at, ids=ids, keyring=keyring)
        try:
            with connection.transaction():
                _send_fingerprints(Burst(connection), sifted)
        except UniqueViolation:
            # Asking row by row costs a third more, so only a chunk that holds a duplicate is asked so.
            fingerprints = b"".join(sifted.fingerprints)
            cursor.execute(
                statement("stock/insert_fresh_fingerprints"), (fingerprints, sql_array(sifted.ids))
            )
            cursor.execute(statement("stock/read_fresh_codes"), (sql_array(sifted.ids), fingerprints))
            sifted.keep({row[0] for row in cursor.fetchall()})
        if sifted.places:
            key = keyring.open_data_key(lot, wrapped)
            nonces = keyring.random(NONCE_BYTES * len(sifted.places))
            with cursor.copy(statement("stock/copy_codes")) as copy:
                copy.write(_COPY_HEAD)
                for start in range(0, len(sifted.places), _BLOCK):
                    # The database stores one block while the next is sealed.
                    block = [codes[place] for place in sifted.places[start : start + _BLOCK]]
                    made = sifted.ids[start : start + _BLOCK]
                    copy.write(
                        b"".join(_copy_rows(offer, lot, block, made, key, nonces[start * NONCE_BYTES :]))
                    )
                copy.write(_COPY_END)
            cursor.execute(statement("stock/count_imported"), (len(sifted.places), lot))
            cursor.execute(statement("stock/raise_epoch"), (offer,))
    return sifted.outcomes


class _Sifted:
    """Codes of one import as they are sifted: an outcome for each, and of those to be stored the place, the
    keyed fingerprint and the id.
    """

    def __init__(self, codes: Sequence[NewCode], *, at: datetime, ids: IdSource, keyring: Keyring) -> None:
        self._codes = codes
        self._at = at
        self._source = ids
        self._keyring = keyring
        self._marks: set[str] = set()
        self.outcomes: list[str] = []
        self.places: list[int] = []
        self.fingerprints: list[bytes] = []
        self.ids: list[UUID] = []

    def blocks(self) -> Iterator[tuple[list[bytes], list[UUID]]]:
        """Sift block by block; yield each block's fingerprints and ids."""
        for start in range(0, len(self._codes), _BLOCK):
            fresh: list[str] = []
            for place in range(start, min(start + _BLOCK, len(self._codes))):
                code = self._codes[place]
                folded = fold_code(code.secret)
                refused = _refusal(code, folded, self._at)
                if refused is None:
                    mark = _mark(code, folded)
                    if mark in self._marks:
                        refused = "duplicate"
                    else:
                        self._marks.add(mark)
                        fresh.append(mark)
                        self.places.append(place)
                self.outcomes.append(refused or "imported")
            if fresh:
                fingerprints, made = self._keyring.fingerprints(fresh), self._source.many(len(fresh))
                self.fingerprints += fingerprints
                self.ids += made
                yield fingerprints, made

    def keep(self, fresh: Container[UUID]) -> None:
        """Call every code whose id is not among these a duplicate."""
        sifted = list(zip(self.places, self.ids, strict=True))
        self.places = [place for place, code in sifted if code in fresh]
        self.ids = [code for _, code in sifted if code in fresh]
        for place, code in sifted:
            if code not in fresh:
                self.outcomes[place] = "duplicate"


def _send_fingerprints(burst: Burst, sifted: _Sifted) -> None:
    """Insert the fingerprints of all blocks; the database works on one while the next is made."""
    try:
        for fingerprints, made in sifted.blocks():
            burst.add("stock/insert_fingerprints", b"".join(fingerprints), ids_array(made))
            burst.depart()
    except BaseException:
        burst.abandon()
        raise
    burst.send()


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
