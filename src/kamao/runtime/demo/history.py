"""Ninety days of trade, really traded: orders, shop purchases, supply by hand, refunds, settlement, payouts.

Owns the story of one day. A day is one transaction that begins with its wallet top-ups under keys of the day: where they
are booked already the day was traded, and is passed over. What a day does follows from its number and the database alone.
"""

import random
from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

from kamao.engine.escrow.operations import due_orders, settle
from kamao.engine.escrow.payouts import PayoutRequest, answer_payouts, request_payouts
from kamao.engine.ledger.accounts import payable
from kamao.engine.ledger.operations import roll_up
from kamao.engine.ledger.queries import balances
from kamao.engine.pool import CellPool, Connection
from kamao.engine.trade.fulfilment import answer, open_fulfilments
from kamao.engine.trade.payments import answer_refunds, apply_payments, claim_refunds
from kamao.engine.trade.purchases import end_purchases, place_purchases
from kamao.engine.trade.refunds import cancel, refund
from kamao.engine.trade.relay import sequence_events
from kamao.engine.trade.submit import submit
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
from kamao.kernel.clock import BUSINESS_ZONE, ManualClock
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


class Story:
    """The trade of the demo's merchants with the goods of its suppliers, in one cell."""

    def __init__(
        self,
        pool: CellPool,
        keyring: Keyring,
        *,
        merchants: dict[str, UUID],
        suppliers: dict[str, UUID],
        wares: Sequence[Ware],
        shop_merchant: UUID,
    ) -> None:
        self._pool = pool
        self._keyring = keyring
        self._merchants = merchants
        self._suppliers = suppliers
        self._wares = [ware for ware in wares if ware.weight > 0]
        self._stocked = [ware for ware in self._wares if ware.stocked]
        self._shop_merchant = shop_merchant

    def trade_day(self, day: int, *, start: datetime) -> bool:
        """Trade one day of the story; False where it was traded before."""
        with self._pool.transaction() as connection:
            return _Day(self, connection, day, start=start).run()

    def rng(self, day: int) -> random.Random:
        """Return the day's own chance."""
        return random.Random(f"{script.SEED}:{day}")


class _Day:
    """One day: its clock, its ids and its chance."""

    def __init__(self, story: Story, connection: Connection, day: int, *, start: datetime) -> None:
        self._story = story
        self._connection = connection
        self._number = day
        self._begin = start + timedelta(days=day)
        self._clock = ManualClock(self._begin)
        self._rng = story.rng(day)
        ids = SeededIds(self._clock.milliseconds, seed=day + 1)
        self._tools = TradeTools(ids=ids, keyring=story._keyring)  # noqa: SLF001  one unit in two classes
        self._count = 0

    @property
    def _at(self) -> datetime:
        return self._clock.now()

    def run(self) -> bool:
        """Trade from morning to night."""
        story, connection = self._story, self._connection
        merchants = list(story._merchants.values())  # noqa: SLF001
        key = f"day:{self._number}"
        if not fund(
            connection, merchants, key=key, amount_minor=_FUNDS_MINOR, at=self._at, tools=self._tools
        ):
            return False
        self._restock()
        weekday = self._begin.astimezone(BUSINESS_ZONE).weekday()
        growth = 0.35 + 0.65 * self._number / script.HISTORY_DAYS
        pace = growth * script.WEEKDAY_SHARE[weekday] / 100 / len(script.HOURS)
        for hour in script.HOURS:
            self._clock.advance(self._begin + timedelta(hours=hour) - self._at)
            self._prepaid(pace)
            self._shoppers(pace)
            self._clock.advance(_RESPONSE)
            self._by_hand()
            self._settle()
        if weekday == 0:
            self._pay_out()
        while sequence_events(connection):
            pass
        roll_up(connection, limit=1_000_000)
        return True

    def _restock(self) -> None:
        story = self._story
        free = free_by_offer(self._connection)
        supplier = story._suppliers["xinghai"]  # noqa: SLF001
        offers = offers_by_sku(self._connection, supplier)
        low = [
            (ware, offers[ware.id])
            for ware in story._stocked  # noqa: SLF001
            if ware.id in offers and free.get(offers[ware.id], 0) < script.STOCK_REFILL_BELOW
        ]
        add_codes(
            self._connection, low, supplier=supplier, count=script.STOCK_REFILL, at=self._at, tools=self._tools,
            rng=self._rng,
        )  # fmt: skip

    def _pick(self, wares: Sequence[Ware]) -> Ware:
        """Choose a ware; the popular ones far more often than the rest."""
        sums = list(accumulate(ware.weight**3 for ware in wares))
        return wares[bisect(sums, self._rng.random() * sums[-1])]

    def _times(self, expected: float) -> int:
        """Return a whole number around an expectation."""
        return int(expected) + (self._rng.random() < expected % 1)

    def _reference(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._number:03}-{self._count:04}"

    def _target(self, ware: Ware) -> bytes | None:
        if not ware.needs_target:
            return None
        return b'{"account":"13%09d"}' % self._rng.randrange(10**9)

    def _prepaid(self, pace: float) -> None:
        requests = []
        for key, merchant in self._story._merchants.items():  # noqa: SLF001
            for _ in range(self._times(script.PACE[key] * pace)):
                ware = self._pick(self._story._wares)  # noqa: SLF001
                quantity = min(self._rng.choice((1, 1, 1, 1, 2, 3)), ware.max_quantity)
                if not ware.stocked:
                    quantity = 1
                requests.append(
                    OrderRequest(
                        merchant, self._reference("HIST"), ware.code, quantity, target_json=self._target(ware),
                        sales_channel=self._rng.choice((None, "taobao", "pdd", "xianyu", "counter")),
                    )
                )  # fmt: skip
        self._rng.shuffle(requests)
        submitted = submit(self._connection, requests, at=self._at, tools=self._tools)
        submitted.committed()
        created = [result.order for result in submitted.results if result.order is not None]
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

    def _shoppers(self, pace: float) -> None:
        requests = []
        for _ in range(self._times(script.SHOP_PURCHASES_A_DAY * pace)):
            wares = {self._pick(self._story._stocked).code: 1 for _ in range(self._rng.choice((1, 1, 1, 2)))}  # noqa: SLF001
            chosen = [ware for ware in self._story._stocked if ware.code in wares]  # noqa: SLF001
            lines = tuple(PurchaseLine(ware.code, 1, _retail_minor(ware), _retail_minor(ware) * 100) for ware in chosen)
            requests.append(
                PurchaseRequest(
                    self._story._shop_merchant, self._reference("SHOP"), lines,  # noqa: SLF001
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
                payments.append(PaymentArrived(CUSTODIAN, f"{number}-2", item.purchase, item.amount_minor, "CNY", self._at))
            if chance <= _PAID_SHARE or chance > _ABANDONED_SHARE:
                payments.append(PaymentArrived(CUSTODIAN, number, item.purchase, item.amount_minor, "CNY", self._at))
            else:
                left.append(item.purchase)
        apply_payments(self._connection, payments, at=self._at, tools=self._tools)
        end_purchases(self._connection, left, state="expired", actor="system", at=self._at, ids=self._tools.ids)
        due = claim_refunds(self._connection, at=self._at, limit=100)
        answers = [RefundAnswer(item.id, "done", f"R{item.id.hex}") for item in due]
        if answers:
            answer_refunds(self._connection, answers, at=self._at, ids=self._tools.ids)

    def _by_hand(self) -> None:
        supplier = self._story._suppliers["dongfeng"]  # noqa: SLF001
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

    def _settle(self) -> None:
        due = due_orders(self._connection, at=self._at, limit=10_000)
        if due:
            settle(self._connection, due, at=self._at, ids=self._tools.ids)

    def _pay_out(self) -> None:
        story = self._story
        owners = [*story._suppliers.values(), story._shop_merchant]  # noqa: SLF001
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
