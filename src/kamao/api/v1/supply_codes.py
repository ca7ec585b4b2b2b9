"""Codes on their way in: JSON up to 10 000, or NDJSON without limit, sealed as they arrive.

Owns the two readings of a request. A stream is stored in parts that commit one by one; sent again with the
same Idempotency-Key it goes on in the same lot, and what was stored before is answered as duplicate. Refuses
to echo a code.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath, JSONBody

from kamao.api import public_ids
from kamao.api.contract import supply as contract
from kamao.api.errors import missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response, key_of
from kamao.api.orders import encode_json
from kamao.api.v1.supply import OPT, own_offers
from kamao.business.engine_bridge import cell_connection
from kamao.business.supply.models import SupplierOffer
from kamao.engine.pool import Connection
from kamao.engine.stock.operations import import_codes, open_lots
from kamao.engine.stock.types import NewCode, NewLot
from kamao.kernel import ids
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import RandomIds, new_uuid7
from kamao.kernel.limits import CODES_JSON_MAX

_PART: Final = 2_000
_LINE_BYTES_MAX: Final = 4_096
_REFUSED_SHOWN_MAX: Final = 1_000
NDJSON: Final = "application/x-ndjson"
STREAM_TYPES: Final = (NDJSON, "application/octet-stream")
_line_decoder = msgspec.json.Decoder(contract.Code)


@post(
    "/supply/offers/{offer_id:str}/codes", status_code=201, opt=OPT, operation_id="addCodes", tags=["supply"]
)
async def add_codes(
    request: ApiRequest, offer_id: FromPath[str], data: JSONBody[contract.CodesRequest]
) -> Response[contract.CodesAnswer]:
    """Add up to 10 000 codes to an offer; duplicates and wrong ones are refused one by one."""
    if len(data.codes) > CODES_JSON_MAX:
        raise Refusal(
            "too_large", zh="一次最多 10 000 条，更多请用流式接口。", en="At most 10 000 codes; stream more."
        )
    offer = public_ids.read_id(public_ids.OFFER, offer_id, thing="offer")

    def work() -> contract.CodesAnswer:
        tally = _Tally()
        row = _own(request, offer)
        lot = new_uuid7()
        with cell_connection(request.cell.cell) as connection:
            _store(request, connection, row, lot, list(enumerate(data.codes)), tally)
        return tally.answer(lot)

    return await effect(request, work)


@post(
    "/supply/offers/{offer_id:str}/codes/stream",
    status_code=201, opt=OPT, operation_id="streamCodes", tags=["supply"], request_max_body_size=None,
)  # fmt: skip
async def stream_codes(request: ApiRequest, offer_id: FromPath[str]) -> Response[contract.CodesAnswer]:
    """Add any number of codes as NDJSON, one object per line. Repeat it with the same Idempotency-Key after a
    failure.
    """
    offer = public_ids.read_id(public_ids.OFFER, offer_id, thing="offer")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in STREAM_TYPES:
        raise Refusal(
            "unsupported_media_type",
            zh=f"请使用 Content-Type: {NDJSON}。",
            en=f"Send Content-Type: {NDJSON}.",
        )
    key = key_of(request)
    row = await request.run(lambda: _own(request, offer))
    lot = new_uuid7() if key is None else _lot_of(request, offer, key)
    tally = _Tally()

    async def flush(part: list[tuple[int, contract.Code]]) -> None:
        def work() -> None:
            with request.cell.pool.transaction() as connection:
                _store(request, connection, row, lot, part, tally)

        await asyncio.get_running_loop().run_in_executor(request.services.threads, work)

    part: list[tuple[int, contract.Code]] = []
    index = 0
    async for line in _lines(request):
        code = _decoded(line)
        if code is None:
            tally.refuse(index, "malformed")
        else:
            part.append((index, code))
        index += 1
        if len(part) >= _PART:
            await flush(part)
            part = []
    if part:
        await flush(part)
    if index == 0:
        raise Refusal("malformed")
    return json_response(encode_json(tally.answer(lot)), 201)


class _Tally:
    """What became of the codes so far."""

    def __init__(self) -> None:
        self._counts = {"imported": 0, "duplicate": 0, "invalid": 0, "expired": 0}
        self._refused: list[contract.RefusedCode] = []

    def refuse(self, index: int, reason: Any) -> None:
        self._counts["invalid" if reason == "malformed" else reason] += 1
        if len(self._refused) < _REFUSED_SHOWN_MAX:
            self._refused.append(contract.RefusedCode(index, reason))

    def take(self, part: Sequence[tuple[int, contract.Code]], outcomes: Sequence[str]) -> None:
        for (index, _), outcome in zip(part, outcomes, strict=True):
            if outcome == "imported":
                self._counts["imported"] += 1
            else:
                self.refuse(index, outcome)

    def answer(self, lot: UUID) -> contract.CodesAnswer:
        return contract.CodesAnswer(
            ids.encode(public_ids.LOT, lot),
            **self._counts,
            refused=sorted(self._refused, key=lambda each: each.index),
        )


def _own(request: ApiRequest, offer: UUID) -> SupplierOffer:
    row: SupplierOffer | None = own_offers(request).filter(pk=offer).first()
    if row is None:
        raise missing("offer")
    if row.fulfilment != "stock":
        raise Refusal(
            "state_conflict",
            zh="该报价不由卡密库存交付。",
            en="This offer is not supplied from a stock of codes.",
        )
    return row


def _store(
    request: ApiRequest,
    connection: Connection,
    offer: SupplierOffer,
    lot: UUID,
    part: Sequence[tuple[int, contract.Code]],
    tally: _Tally,
) -> None:
    """Open the lot if need be and store a part of the codes in the open transaction."""
    at: datetime = request.services.clock.now()
    keyring = request.services.keyring
    wanted = NewLot(lot, offer.id, offer.supplier_id, offer.sku_id, "api")
    outcome = open_lots(connection, [wanted], at=at, keyring=keyring)[0]
    if outcome not in {"created", "repeated"}:
        raise missing("offer")
    codes = [NewCode(code.number, code.secret, code.expires_at) for _, code in part]
    outcomes = import_codes(connection, lot, codes, at=at, ids=RandomIds(request.key.cell), keyring=keyring)
    if outcomes and outcomes[0] == "lot_not_found":
        raise Refusal("state_conflict", zh="该批次已召回。", en="This lot has been recalled.")
    tally.take(part, outcomes)


def _lot_of(request: ApiRequest, offer: UUID, key: str) -> UUID:
    """Return the lot that belongs to a key for ever: UUIDv8 over who, what and the key."""
    named = f"lot|{request.key.organisation}|{request.key.cell}|{offer}|{key}".encode()
    number = int.from_bytes(hashlib.blake2b(named, digest_size=16).digest())
    return UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | (0x8 << 76) | (0b10 << 62))


def _decoded(line: bytes) -> contract.Code | None:
    try:
        return _line_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


async def _lines(request: ApiRequest) -> Any:
    """Yield the lines of the body without holding more than one part of it; a line has at most 4 KiB."""
    rest = b""
    async for chunk in request.stream():
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > _LINE_BYTES_MAX:
            raise Refusal("malformed", zh="单行不得超过 4 KiB。", en="A line may hold at most 4 KiB.")
        for line in lines:
            if line.strip():
                yield line
    if rest.strip():
        yield rest
