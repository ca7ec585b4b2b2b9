"""The demo's trade, really traded: orders, shop purchases, supply by hand, refunds, settlement, payouts.

Owns the acts and the story of one day. A day is one transaction that begins with its wallet top-ups under
keys of the day: where they are booked already the day was traded, and is passed over. What a day does follows
from its number and the database alone.
"""

import random
from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

import msgspec

from kamao.engine.escrow.operations import due_orders, settle
from kamao.engine.escrow.payouts import PayoutRequest, answer_payouts, request_payouts
from kamao.engine.ledger.accounts import payable
from kamao.engine.ledger.operations import roll_up
from kamao.engine.ledger.queries import balances
from kamao.engine.pool import Connection
from kamao.engine.trade.fulfilment import answer, open_fulfilments
from kamao.engine.trade.payments import answer_refunds, apply_payments, claim_refunds
from kamao.engine.trade.purchases import end_purchases, place_purchases
from kamao.engine.trade.refunds import cancel, refund
from kamao.engine.trade.relay import sequence_events
from kamao.engine.trade.submit import submit_within
from kamao.engine.trade.tools import TradeTools
from kamao.engine.trade.types import (
    CancelRequest,
    FulfilmentAnswer,
    OrderRequest,
    OrderView,
    PaymentArrived,
    PlacedPurchase,
    PurchaseLine,
    PurchaseRequest,
    Receipt,
    RefundAnswer,
    RefundRequest,
    ReservationLimits,
)
from kamao.kernel.clock import BUSINESS_ZONE, Clock, ManualClock
from kamao.kernel.ids import SeededIds
from kamao.kernel.sealing import Keyring
from kamao.runtime.demo import script
from kamao.runtime.demo.goods import Ware, offers_by_sku
from kamao.runtime.demo.stock import CUSTODIAN, add_codes, free_by_offer, fund

_NO_LIMITS = ReservationLimits(None, None, None)
_FUNDS_MINOR = 450_000
_PAID_SHARE, _ABANDONED_SHARE = 0.9, 0.97
_SUCCESS_SHARE = 0.96
_REFUND_SHARE = 0.012
_CANCEL_SHARE = 0.02
_RESPONSE = timedelta(minutes=4)


class Cast(msgspec.Struct, frozen=True):
    """Who trades what: merchants and suppliers by key, the wares on sale, the merchant that keeps the
    shop.
    """

    merchants: dict[str, UUID]
    suppliers: dict[str, UUID]
    wares: tuple[Ware, ...]
    shop_merchant: UUID

    @property
    def stocked(self) -> tuple[Ware, ...]:
        """Wares that come from sealed stock."""
        return tuple(ware for ware in self.wares if ware.stocked)


def trade_day(connection: Connection, cast: Cast, day: int, *, start: datetime, keyring: Keyring) -> bool:
    """Trade one day of the story in the open transaction; False where it was traded before."""
    begin = start + timedelta(days=day)
    clock = ManualClock(begin)
    tools = TradeTools(ids=SeededIds(clock.milliseconds, seed=day + 1), keyring=keyring)
    merchants = list(cast.merchants.values())
    if not fund(connection, merchants, key=f"day:{day}", amount_minor=_FUNDS_MINOR, at=begin, tools=tools):
        return False
    rng = random.Random(f"{script.SEED}:{day}")
    acts = Acts(connection, cast, clock=clock, tools=tools, rng=rng, prefix=f"{day:03}")
    if day % 3 == 0:
        acts.restock()
    weekday = begin.astimezone(BUSINESS_ZONE).weekday()
    growth = 0.35 + 0.65 * day / script.HISTORY_DAYS
    pace = growth * script.WEEKDAY_SHARE[weekday] / 100 / len(script.HOURS)
    for hour in script.HOURS:
        clock.advance(begin + timedelta(hours=hour) - clock.now())
        acts.prepaid(pace)
        acts.shoppers(pace)
        clock.advance(_RESPONSE)
        acts.by_hand()
        acts.settle()
    if weekday == 0:
        acts.pay_out()
    while sequence_events(connection):
        pass
    roll_up(connection, limit=1_000_000)
    return True


class Acts:
    """What the demo's people do, each act a batch for the engine."""

    def __init__(
        self,
        connection: Connection,
        cast: Cast,
        *,
        clock: Clock,
        tools: TradeTools,
        rng: random.Random,
        prefix: str,
    ) -> None:
        self._connection = connection
        self._cast = cast
        self._clock = clock
        self._tools = tools
        self._rng = rng
        self._prefix = prefix
        self._count = 0

    @property
    def _at(self) -> datetime:
        return self._clock.now()

    def restock(self) -> None:
        """Refill what has run low at the first supplier."""
        free = free_by_offer(self._connection)
        supplier = self._cast.suppliers["xinghai"]
        offers = offers_by_sku(self._connection, supplier)
        low = [
            (ware, offers[ware.id])
            for ware in self._cast.stocked
            if ware.id in offers and free.get(offers[ware.id], 0) < script.STOCK_REFILL_BELOW
        ]
        add_codes(
            self._connection,
            low,
            supplier=supplier,
            count=script.STOCK_REFILL,
            at=self._at,
            tools=self._tools,
            rng=self._rng,
        )

    def _pick(self, wares: Sequence[Ware]) -> Ware:
        """Choose a ware; the popular ones far more often than the rest."""
        sums = list(accumulate(ware.weight**3 for ware in wares))
        return wares[bisect(sums, self._rng.random() * sums[-1])]

    def _times(self, expected: float) -> int:
        """Return a whole number around an expectation."""
        return int(expected) + (self._rng.random() < expected % 1)

    def _reference(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._prefix}-{self._count:04}"

    def _target(self, ware: Ware) -> bytes | None:
        if not ware.needs_target:
            return None
        return b'{"account":"13%09d"}' % self._rng.randrange(10**9)

    def prepaid(self, pace: float) -> None:
        """Merchants buy from their wallets; some cancel, a few units are refunded."""
        requests = []
        for key, merchant in self._cast.merchants.items():
            for _ in range(self._times(script.PACE[key] * pace)):
                ware = self._pick(self._cast.wares)
                quantity = min(self._rng.choice((1, 1, 1, 1, 2, 3)), ware.max_quantity)
                if not ware.stocked:
                    quantity = 1
                requests.append(
                    OrderRequest(
                        merchant,
                        self._reference("HIST"),
                        ware.code,
                        quantity,
                        target_json=self._target(ware),
                        sales_channel=self._rng.choice((None, "taobao", "pdd", "xianyu", "counter")),
                    )
                )
        self._rng.shuffle(requests)
        results = submit_within(self._connection, requests, at=self._at, tools=self._tools)
        created = [result.order for result in results if result.order is not None]
        self._regrets(created)

    def _regrets(self, orders: Sequence[OrderView]) -> None:
        cancels = [
            CancelRequest(order.merchant, order.id, "merchant", "客户改主意了")
            for order in orders
            if order.state == "paid" and self._rng.random() < _CANCEL_SHARE
        ]
        cancel(self._connection, cancels, at=self._at, ids=self._tools.ids)
        refunds = [
            RefundRequest(self._tools.ids.new(), order.id, "operator", "卡密无效", units=1)
            for order in orders
            if order.state == "delivered" and self._rng.random() < _REFUND_SHARE
        ]
        refund(self._connection, refunds, at=self._at, ids=self._tools.ids)

    def shoppers(self, pace: float) -> None:
        """Consumers buy in the shop: most pay, some leave, a few pay twice."""
        requests = []
        for _ in range(self._times(script.SHOP_PURCHASES_A_DAY * pace)):
            wares = {self._pick(self._cast.stocked).code: 1 for _ in range(self._rng.choice((1, 1, 1, 2)))}
            chosen = [ware for ware in self._cast.stocked if ware.code in wares]
            lines = tuple(
                PurchaseLine(ware.code, 1, _retail_minor(ware), _retail_minor(ware) * 100) for ware in chosen
            )
            requests.append(
                PurchaseRequest(
                    self._cast.shop_merchant, self._reference("SHOP"), lines,
                    self._at + timedelta(minutes=15),
                )
            )  # fmt: skip
        placed = place_purchases(
            self._connection, requests, at=self._at, tools=self._tools, limits=_NO_LIMITS
        )
        self._pay([item for item in placed if item.purchase is not None])

    def _pay(self, placed: Sequence[PlacedPurchase]) -> None:
        payments, left = [], []
        for item in placed:
            assert item.purchase is not None, "only created purchases are paid"
            chance = self._rng.random()
            number = f"H{item.purchase.hex}"
            if chance > _ABANDONED_SHARE:
                payments.append(
                    PaymentArrived(
                        CUSTODIAN, f"{number}-2", item.purchase, item.amount_minor, "CNY", self._at
                    )
                )
            if chance <= _PAID_SHARE or chance > _ABANDONED_SHARE:
                payments.append(
                    PaymentArrived(CUSTODIAN, number, item.purchase, item.amount_minor, "CNY", self._at)
                )
            else:
                left.append(item.purchase)
        apply_payments(self._connection, payments, at=self._at, tools=self._tools)
        end_purchases(
            self._connection, left, state="expired", actor="system", at=self._at, ids=self._tools.ids
        )
        due = claim_refunds(self._connection, at=self._at, limit=100)
        answers = [RefundAnswer(item.id, "done", f"R{item.id.hex}") for item in due]
        if answers:
            answer_refunds(self._connection, answers, at=self._at, ids=self._tools.ids)

    def by_hand(self) -> None:
        """The supplier of top-ups answers everything that waits for it."""
        supplier = self._cast.suppliers["dongfeng"]
        answers = []
        for task in open_fulfilments(self._connection, supplier, limit=1_000):
            if self._rng.random() < _SUCCESS_SHARE:
                serial = f"DF{self._rng.randrange(10**12):012}"
                receipts = tuple(Receipt(f"{serial}-{unit + 1}") for unit in range(task.quantity))
                answers.append(FulfilmentAnswer(task.id, supplier, receipts, upstream_no=serial))
            else:
                answers.append(FulfilmentAnswer(task.id, supplier, failure="运营商维护，暂不可充"))
        if answers:
            answer(self._connection, answers, at=self._at, tools=self._tools)

    def settle(self) -> None:
        """Settle what is due."""
        due = due_orders(self._connection, at=self._at, limit=10_000)
        if due:
            settle(self._connection, due, at=self._at, ids=self._tools.ids)

    def pay_out(self) -> None:
        """Pay out everything that is owed."""
        owners = [*self._cast.suppliers.values(), self._cast.shop_merchant]
        accounts = {payable(owner).id: owner for owner in owners}
        held = balances(self._connection, [payable(owner) for owner in owners])
        requests = [
            PayoutRequest(self._tools.ids.new(), accounts[key], balance.available_minor, CUSTODIAN)
            for key, balance in held.items()
            if balance.available_minor > 0
        ]
        request_payouts(self._connection, requests, at=self._at, ids=self._tools.ids)
        answer_payouts(
            self._connection, [(item.id, True) for item in requests], at=self._at, ids=self._tools.ids
        )


def _retail_minor(ware: Ware) -> int:
    """Return a shop price: six per cent and some on cost, ending in 9 fen."""
    return (ware.cost_e4 * 108 // 100 // 1_000 + 1) * 10 - 1
