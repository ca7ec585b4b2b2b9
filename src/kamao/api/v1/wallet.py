"""The wallet: balance and statement. Refuses keys of organisations that have no wallet."""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from kamao.api import public_ids
from kamao.api.contract.wallet import StatementEntry, StatementPage, Wallet
from kamao.api.http import ApiRequest
from kamao.api.idempotency import json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import LIMIT_DEFAULT, Limit
from kamao.engine.ledger.accounts import Account, wallet
from kamao.engine.ledger.queries import balance, statement_of
from kamao.engine.ledger.types import Entry
from kamao.engine.trade.operations import merchant_terms
from kamao.kernel import ids
from kamao.kernel.errors import Refusal

EntryAfter = Annotated[
    int | None, QueryParameter(ge=1, le=2**62, description="entry_no of the last entry seen")
]
EntryBefore = Annotated[
    int | None, QueryParameter(ge=1, le=2**62, description="entry_no of the first entry seen")
]


@get("/wallet", opt={"scope": "wallet:read"}, operation_id="getWallet", tags=["wallet"])
async def get_wallet(request: ApiRequest) -> Response[Wallet]:
    """Read the wallet's balance, what is held, and the credit line."""

    def read() -> Wallet:
        with request.cell.pool.transaction() as connection:
            terms = merchant_terms(connection, request.key.organisation)
            if terms is None:
                raise Refusal("forbidden", zh="该机构没有预存款账户。", en="This organisation has no wallet.")
            found = balance(connection, wallet(request.key.organisation, terms.currency))
        return Wallet(
            terms.currency,
            found.balance_minor,
            found.pending_minor,
            -found.floor_minor,
            found.available_minor,
        )

    return json_response(encode_json(await request.run(read)))


@get("/wallet/entries", opt={"scope": "wallet:read"}, operation_id="listWalletEntries", tags=["wallet"])
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
