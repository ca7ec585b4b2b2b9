"""Payouts of what is owed to a supplier. Refuses more than is owed; who pays is the operator."""

from typing import Annotated, Final

from litestar import Response, get, post
from litestar.params import JSONBody

from kamao.api import public_ids
from kamao.api.contract.wallet import Payout, PayoutList, PayoutRequest
from kamao.api.http import ApiRequest
from kamao.api.idempotency import effect, json_response
from kamao.api.orders import encode_json
from kamao.api.pagination import LIMIT_DEFAULT, Limit, after, cursor_of
from kamao.api.v1.supply import OPT
from kamao.business.engine_bridge import cell_connection
from kamao.engine.escrow import payouts as engine
from kamao.kernel import ids
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import RandomIds, new_uuid7
from kamao.kernel.money import CURRENCY_EXPONENTS

CUSTODIAN: Final = "bank"
"""Whose cash pays: the operator's own bank account."""
_STATES: Final = {"pending": "pending", "posted": "paid", "voided": "returned"}


@post(
    "/payouts",
    status_code=201,
    opt={**OPT, "refusals": (409,)},
    operation_id="createPayout",
    tags=["supply"],
)
async def create_payout(request: ApiRequest, data: JSONBody[PayoutRequest]) -> Response[Payout]:
    """Ask for a payout; the amount is set aside at once."""

    def work() -> Payout:
        at = request.services.clock.now()
        wish = engine.PayoutRequest(
            new_uuid7(), request.key.organisation, data.amount, CUSTODIAN, data.currency
        )
        if data.currency not in CURRENCY_EXPONENTS:
            raise _too_much()
        with cell_connection(request.cell.cell) as connection:
            outcome = engine.request_payouts(connection, [wish], at=at, ids=RandomIds(request.key.cell))[0]
        if outcome != "created":
            raise _too_much()
        view = engine.PayoutView(wish.id, data.amount, data.currency, "pending", at, None)
        return _shape(view)

    return await effect(request, work)


@get("/payouts", opt=OPT, operation_id="listPayouts", tags=["supply"])
async def list_payouts(
    request: ApiRequest,
    limit: Limit = LIMIT_DEFAULT,
    starting_after: Annotated[str | None, after(public_ids.PAYOUT)] = None,
) -> Response[PayoutList]:
    """List your payouts, newest first."""
    cursor = cursor_of(public_ids.PAYOUT, limit=limit, starting_after=starting_after)

    def read() -> PayoutList:
        with request.cell.pool.transaction() as connection:
            rows = engine.payouts_of(
                connection, request.key.organisation, limit=limit + 1, before=cursor.older_than
            )
        return PayoutList([_shape(row) for row in rows[:limit]], len(rows) > limit)

    return json_response(encode_json(await request.run(read)))


def _too_much() -> Refusal:
    return Refusal("state_conflict", zh="可提现金额不足。", en="Less than that is owed to you.")


def _shape(view: engine.PayoutView) -> Payout:
    return Payout(
        ids.encode(public_ids.PAYOUT, view.id),
        view.amount_minor,
        view.currency,
        _STATES[view.state],  # type: ignore[arg-type]
        view.created_at,
        view.closed_at,
    )
