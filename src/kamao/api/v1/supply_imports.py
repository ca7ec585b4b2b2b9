"""Sheets on their way in: upload with its preview, rows by fate, start with columns, cancel, refused rows.

Owns the shapes only; every step is `kamao.business.supply`, as for the console and the CLI. A file is
previewed outside the transaction that takes it in: reading a large one may last. Refuses imports of another
supplier or mode (404), and to give codes back: a key is no second factor.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils.http import content_disposition_header
from litestar import Response, get, post
from litestar.exceptions import ClientException
from litestar.params import FromPath, JSONBody, QueryParameter

from kamao.api import public_ids
from kamao.api.contract import imports as contract
from kamao.api.contract.common import VISIBLE, IdOnly
from kamao.api.errors import missing
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import LIMIT_DEFAULT, Limit, after, before, cursor_of, page_of_queryset
from kamao.api.v1.supply import OPT, own_offers
from kamao.business.catalog.models import Sku
from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.supply import imports, mappings, refused, running
from kamao.business.supply.imports import FILENAME_MAX, Options, Upload
from kamao.business.supply.models import Fate, ImportRow, SheetImport
from kamao.business.supply.sheets.reader import BYTES_MAX
from kamao.business.supply.sheets.reasons import reason_text
from kamao.kernel import ids, money
from kamao.kernel.errors import Refusal, problem

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_TYPES: Final = (
    "application/octet-stream", "text/csv", "text/plain", "text/tab-separated-values", "application/zip",
    XLSX,
)  # fmt: skip
_KINDS: Final = ("offers", "codes")
_NOT_READ: Final = frozenset({"file_unreadable", "file_too_large"})
_PLACE_MAX: Final = 2**31 - 1
COLUMNS_CONFLICT = problem(
    "columns_conflict", 409, title_zh="列与表格不符", title_en="The columns do not fit the file",
    detail_zh="所选的工作表或列无法成立，请对照导入的 columns 按 errors 修改后重发。",
    detail_en="The sheets or columns chosen cannot hold; compare them with the import's and send again.",
)  # fmt: skip


@post(
    "/supply/imports", status_code=201, opt={**OPT, "refusals": (404,)}, operation_id="createImport",
    tags=["supply"], request_max_body_size=BYTES_MAX,
)  # fmt: skip
async def create_import(
    request: ApiRequest,
    kind: Annotated[Literal["offers", "codes"], QueryParameter(description="What is in the file")],
    filename: Annotated[
        str, QueryParameter(min_length=1, max_length=FILENAME_MAX, pattern=VISIBLE, description="Its name")
    ],
    offer: Annotated[
        str | None, QueryParameter(max_length=64, description="For codes that do not name their goods")
    ] = None,
    effective_at: Annotated[
        datetime | None, QueryParameter(description="When the prices begin to hold; for offers only")
    ] = None,
    again: Annotated[bool, QueryParameter(description="Take a finished file in once more")] = False,
) -> Response[contract.Import]:
    """Take a file in and preview it. Nothing is on sale before the start."""
    content = await _file(request)
    of_offer = None if offer is None else public_ids.read_id(public_ids.OFFER, offer, thing="offer")
    is_codes = kind == "codes"

    def work() -> IdOnly:
        if of_offer is not None and not own_offers(request).filter(pk=of_offer).exists():
            raise missing("offer")
        made, _fresh = imports.upload(
            Organisation.objects.get(pk=request.key.organisation),
            Upload(filename, content),
            kind=kind,
            at=request.services.clock.now(),
            actor=request.actor,
            options=Options(offer=of_offer if is_codes else None, livemode=request.cell.cell.livemode),
            effective_at=None if is_codes else effective_at,
            again=again,
        )
        return IdOnly(ids.encode(public_ids.IMPORT, made.id))

    taken = await effect(request, work)
    import_id = _read_id(msgspec.json.decode(taken.content, type=IdOnly).id)

    def previewed() -> contract.Import:
        made = _own(request, import_id)
        if made.state in {"uploaded", "parsed"}:
            made = running.preview(made.id, at=request.services.clock.now())
        elif made.state == "cancelled" and made.failure in _NOT_READ:
            raise Refusal(made.failure)
        return _import(request, made)

    response = json_response(encode_json(await request.run(previewed)), 201)
    response.headers.update(taken.headers)
    return response


async def _file(request: ApiRequest) -> bytes:
    """Return the uploaded bytes. Raises Refusal for another type, no bytes, or too many of them."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in FILE_TYPES:
        raise Refusal(
            "unsupported_media_type",
            zh="请以文件原文为请求体，使用 Content-Type: application/octet-stream。",
            en="Send the file itself as the body, as Content-Type: application/octet-stream.",
        )
    try:
        content = await request.body()
    except ClientException as error:
        if error.status_code == 413:
            raise Refusal("file_too_large") from error
        raise
    if not content:
        raise Refusal("malformed", zh="请求体应为文件内容。", en="The body is the file; it is empty.")
    return content


@get("/supply/imports", opt=OPT, operation_id="listImports", tags=["supply"])
async def list_imports(
    request: ApiRequest,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.IMPORT)] = None,
    ending_before: Annotated[str | None, before(public_ids.IMPORT)] = None,
) -> Response[contract.ImportList]:
    """List your imports, newest first."""
    cursor = cursor_of(
        public_ids.IMPORT, limit=limit, starting_after=starting_after, ending_before=ending_before
    )

    def read() -> contract.ImportList:
        page, has_more = page_of_queryset(
            _own_imports(request), cursor, shape=lambda row: _import(request, row)
        )
        return contract.ImportList(page, has_more)

    return json_response(encode_json(await request.run(read)))


@get("/supply/imports/{import_id:str}", opt=OPT, operation_id="getImport", tags=["supply"])
async def get_import(request: ApiRequest, import_id: FromPath[str]) -> Response[contract.Import]:
    """Read an import: state, progress, counts by fate, columns."""
    wanted = _read_id(import_id)
    return json_response(encode_json(await request.run(lambda: _import(request, _own(request, wanted)))))


@get("/supply/imports/{import_id:str}/rows", opt=OPT, operation_id="listImportRows", tags=["supply"])
async def list_rows(
    request: ApiRequest,
    import_id: FromPath[str],
    fate: Annotated[contract.ROWS_FATES, QueryParameter(description="Which rows")] = "review",
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[
        int | None, QueryParameter(ge=0, le=_PLACE_MAX, description="place of the last row seen")
    ] = None,
) -> Response[contract.ImportRowList]:
    """List the rows of one fate in the order of the file, each with its reason."""
    wanted = _read_id(import_id)

    def read() -> contract.ImportRowList:
        rows = ImportRow.objects.filter(sheet_import=_own(request, wanted), fate=Fate(fate))
        if starting_after is not None:
            rows = rows.filter(place__gt=starting_after)
        page = list(rows.select_related("sku").order_by("place")[: limit + 1])
        shown = page[:limit]
        near = {UUID(text) for row in shown for text in row.near}
        codes = dict(Sku.objects.filter(pk__in=near).values_list("pk", "code")) if near else {}
        return contract.ImportRowList([_row(request, row, codes) for row in shown], len(page) > limit)

    return json_response(encode_json(await request.run(read)))


@post(
    "/supply/imports/{import_id:str}/start",
    status_code=200, opt=OPT, operation_id="startImport", tags=["supply"],
)  # fmt: skip
async def start(
    request: ApiRequest, import_id: FromPath[str], data: JSONBody[contract.ImportStart | None] = None
) -> Response[contract.Import]:
    """Begin applying, with columns where you choose them, or take an interrupted import up again."""
    wanted = _read_id(import_id)
    if data and data.sheets:
        sheets = data.sheets
        await request.run(lambda: _choose_columns(request, wanted, sheets))

    def work() -> contract.Import:
        found = _own(request, wanted)
        if found.state == "parsed":
            raise Refusal(
                "import_state_conflict",
                zh="列的含义尚不确定，请在 sheets 中指定后再开始。",
                en="The columns are not certain; name them in sheets and start again.",
            )
        return _import(request, imports.start(found.id, at=request.services.clock.now(), actor=request.actor))

    return await effect(request, work, status=200)


def _choose_columns(request: ApiRequest, import_id: UUID, sheets: list[contract.ChosenSheet]) -> None:
    """Keep the columns and preview again. An import already started is past choosing: its start answers."""
    found = _own(request, import_id)
    if found.state not in {"parsed", "previewed"}:
        return
    at = request.services.clock.now()
    headers = {described["sheet"]: described["headers"] for described in found.mappings}
    for number, chosen in enumerate(sheets):
        if chosen.sheet not in headers:
            raise Refusal(
                "columns_conflict",
                pointers=((f"/sheets/{number}/sheet", "没有这个工作表", "There is no such sheet"),),
            )
    with transaction.atomic():
        for number, chosen in enumerate(sheets):
            choice = [(column.at, column.role, column.fen) for column in chosen.columns]
            try:
                mappings.remember(found.organisation_id, found.kind, headers[chosen.sheet], choice, at=at)
            except Refusal as refusal:
                zh, en = refusal.message("zh"), refusal.message("en")
                pointer = (f"/sheets/{number}/columns", zh, en)
                raise Refusal("columns_conflict", zh=zh, en=en, pointers=(pointer,)) from refusal
    running.preview(found.id, at=at)


@post(
    "/supply/imports/{import_id:str}/cancel",
    status_code=200, opt=OPT, operation_id="cancelImport", tags=["supply"],
)  # fmt: skip
async def cancel(request: ApiRequest, import_id: FromPath[str]) -> Response[contract.Import]:
    """Stop an import; what was applied stays."""
    wanted = _read_id(import_id)

    def work() -> contract.Import:
        found = _own(request, wanted)
        return _import(
            request, imports.cancel(found.id, at=request.services.clock.now(), actor=request.actor)
        )

    return await effect(request, work, status=200)


@get(
    "/supply/imports/{import_id:str}/refused",
    opt={**OPT, "refusals": (403,)}, operation_id="getRefusedRows", tags=["supply"],
)  # fmt: skip
async def refused_rows(request: ApiRequest, import_id: FromPath[str]) -> Response[bytes]:
    """Give your own file back with the rows that did not go in and why."""
    wanted = _read_id(import_id)

    def read() -> tuple[bytes, str]:
        found = _own(request, wanted)
        if found.kind == "codes":
            raise Refusal(
                "forbidden",
                zh="接口不返回卡密：各行原因见 rows，含卡密的文件请在供应商后台二次验证后下载。",
                en="Codes are never given back here: see rows for the reasons, or use the console.",
            )
        given = refused.refused_file(found, language=request.language)
        audit.record(
            "import.give_back", actor=request.actor, at=request.services.clock.now(),
            organisation=found.organisation_id, object_kind="import", object_id=str(found.id),
        )  # fmt: skip
        return given

    content, name = await request.run(read)
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return Response(
        content=content,
        media_type="text/csv" if name.endswith(".csv") else XLSX,
        headers={"Content-Disposition": disposition},
    )


def _read_id(text: str) -> UUID:
    return public_ids.read_id(public_ids.IMPORT, text, thing="import")


def _own_imports(request: ApiRequest) -> Any:
    return SheetImport.objects.filter(
        organisation_id=request.key.organisation, livemode=request.cell.cell.livemode, kind__in=_KINDS
    )


def _own(request: ApiRequest, import_id: UUID) -> SheetImport:
    found: SheetImport | None = _own_imports(request).filter(pk=import_id).first()
    if found is None:
        raise missing("import")
    return found


def _import(request: ApiRequest, row: SheetImport) -> contract.Import:
    offer = msgspec.convert(row.options, Options).offer
    return contract.Import(
        ids.encode(public_ids.IMPORT, row.id),
        row.kind,
        row.state,
        row.filename,
        _counts(row.counts),
        [_sheet(described) for described in row.mappings],
        [_doubt(request, doubt) for doubt in row.doubts],
        row.sheets_left_out,
        row.rows_total,
        row.place_done,
        row.percent_done,
        None if offer is None else ids.encode(public_ids.OFFER, offer),
        row.effective_at,
        row.created_at,
        row.started_at,
        row.finished_at,
    )


def _counts(counts: dict[str, int]) -> contract.ImportCounts:
    changes = {name[7:]: count for name, count in sorted(counts.items()) if name.startswith("change_")}
    return contract.ImportCounts(
        offer=counts.get("offer", 0),
        review=counts.get("review", 0),
        refused=counts.get("refused", 0),
        skipped=counts.get("skipped", 0),
        applied=counts.get("applied", 0),
        changes=changes,
    )


def _sheet(described: dict[str, Any]) -> contract.ImportSheet:
    columns = [
        contract.ImportColumn(
            column["at"], column["header"], column["role"], column["certainty"], column.get("fen", False)
        )
        for column in described["columns"]
    ]
    return contract.ImportSheet(described["sheet"], described["headers"], described["header_row"], columns)


def _doubt(request: ApiRequest, doubt: str) -> contract.ImportReason:
    code, _, columns = doubt.partition(":")
    return _reason(request, code, {"columns": columns})


def _reason(request: ApiRequest, code: str, params: dict[str, str] | None = None) -> contract.ImportReason:
    return contract.ImportReason(code, reason_text(code, request.language, params))


def _row(request: ApiRequest, row: ImportRow, codes: dict[UUID, str]) -> contract.ImportRow:
    currency = row.currency or "CNY"
    return contract.ImportRow(
        row.place,
        row.sheet,
        row.number,
        row.fate,
        _reason(request, row.reason, row.params),
        [_reason(request, note) for note in row.notes],
        row.item,
        row.title,
        row.price_text,
        None if row.unit_price_e4 is None else money.minor_decimal(row.unit_price_e4, currency),
        currency,
        None if row.sku is None else row.sku.code,
        [codes[near] for near in map(UUID, row.near) if near in codes],
        row.change,
    )
