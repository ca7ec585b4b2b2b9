"""The wallet: balance and statement. Refuses keys of organisations that have no wallet."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter

from kamao.api import public_ids
from kamao.api.contract.wallet import (
    StatementEntry,
    StatementPage,
    Topup,
    TopupList,
    TopupRequest,
    Wallet,
)
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import LIMIT_DEFAULT, Limit, after, before, cursor_of, page_of_queryset
from kamao.business.engine_bridge import cell_connection
from kamao.business.wallets.models import Topup as TopupRow
from kamao.business.wallets.operations import announce_topup
from kamao.engine.ledger.accounts import Account, wallet
from kamao.engine.ledger.queries import balance, statement_of
from kamao.engine.ledger.types import Entry
from kamao.engine.trade.operations import merchant_terms
from kamao.kernel import ids
from kamao.kernel.errors import Refusal

_OPT = {"scope": "wallet:read"}
EntryAfter = Annotated[
    int | None, QueryParameter(ge=1, le=2**62, description="entry_no of the last entry seen")
]
EntryBefore = Annotated[
    int | None, QueryParameter(ge=1, le=2**62, description="entry_no of the first entry seen")
]


@get("/wallet", opt=_OPT, operation_id="getWallet", tags=["wallet"])
async def get_wallet(request: ApiRequest) -> Response[Wallet]:
    """Read the wallet's balance, what is held, and the credit line."""

    def read() -> Wallet:
        with request.cell.pool.transaction() as connection:
            terms = merchant_terms(connection, request.key.organisation)
            if terms is None:
                raise _no_wallet()
            found = balance(connection, wallet(request.key.organisation, terms.currency))
        return Wallet(
            terms.currency,
            found.balance_minor,
            found.pending_minor,
            -found.floor_minor,
            found.available_minor,
        )

    return json_response(encode_json(await request.run(read)))


@get("/wallet/entries", opt=_OPT, operation_id="listWalletEntries", tags=["wallet"])
async def list_entries(
    request: ApiRequest,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: EntryAfter = None,
    ending_before: EntryBefore = None,
) -> Response[StatementPage]:
    """List the wallet's entries, newest first. Cursors are entry numbers; each entry carries the balance
    after it.
    """

    def read() -> StatementPage:
        account = wallet(request.key.organisation)
        return statement_page(
            request, account, limit=limit, starting_after=starting_after, ending_before=ending_before
        )

    return json_response(encode_json(await request.run(read)))


def statement_page(
    request: ApiRequest,
    account: Account,
    *,
    limit: int,
    starting_after: int | None,
    ending_before: int | None,
) -> StatementPage:
    """Return a page of a floored account's statement; ``ending_before`` gives way to ``starting_after``."""
    if starting_after is not None:
        ending_before = None
    with request.cell.pool.transaction() as connection:
        rows = statement_of(
            connection, account, before_entry=starting_after, after_entry=ending_before, limit=limit + 1
        )
    has_more = len(rows) > limit
    shown = rows[:limit] if ending_before is None else rows[-limit:]
    return StatementPage([_entry(row, account.currency) for row in shown], has_more)


def _entry(row: Entry, currency: str) -> StatementEntry:
    return StatementEntry(
        row.entry_no,
        row.kind,
        row.amount_minor,
        row.balance_after,
        currency,
        None if row.order is None else ids.encode(public_ids.ORDER, row.order),
        row.created_at,
    )


@post(
    "/wallet/topups",
    status_code=201,
    opt={**_OPT, "refusals": (409,)},
    operation_id="createTopup",
    tags=["wallet"],
)
async def create_topup(request: ApiRequest, data: JSONBody[TopupRequest]) -> Response[Topup]:
    """Announce a transfer to the operator's bank; the same bank reference is announced once."""

    def work() -> Topup:
        with cell_connection(request.cell.cell) as connection:
            terms = merchant_terms(connection, request.key.organisation)
        if terms is None:
            raise _no_wallet()
        row, _ = announce_topup(
            request.key.organisation,
            cell=request.key.cell,
            amount_minor=data.amount,
            currency=terms.currency,
            bank_reference=data.bank_reference,
            actor=request.actor,
            at=request.services.clock.now(),
        )
        return _topup(row)

    return await effect(request, work)


@get("/wallet/topups", opt=_OPT, operation_id="listTopups", tags=["wallet"])
async def list_topups(
    request: ApiRequest,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.TOPUP)] = None,
    ending_before: Annotated[str | None, before(public_ids.TOPUP)] = None,
) -> Response[TopupList]:
    """List announced top-ups, newest first."""
    cursor = cursor_of(
        public_ids.TOPUP, limit=limit, starting_after=starting_after, ending_before=ending_before
    )
    rows = TopupRow.objects.filter(organisation_id=request.key.organisation, cell=request.key.cell)
    page, has_more = await request.run(lambda: page_of_queryset(rows, cursor, shape=_topup))
    return json_response(encode_json(TopupList(page, has_more)))


def _no_wallet() -> Refusal:
    return Refusal("forbidden", zh="该机构没有预存款账户。", en="This organisation has no wallet.")


def _topup(row: TopupRow) -> Topup:
    return Topup(
        ids.encode(public_ids.TOPUP, row.id),
        row.amount_minor,
        row.currency,
        row.bank_reference,
        row.state,  # type: ignore[arg-type]
        row.created_at,
        row.decided_at,
    )
