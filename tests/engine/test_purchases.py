"""Consumers' purchases: reservation, payment in every wrong way, expiry, refunds to source. Goods or money,
never both.
"""

from datetime import timedelta
from uuid import UUID

from kamao.engine.escrow.operations import settle
from kamao.engine.ledger.accounts import cash, escrow, payable, platform
from kamao.engine.stock.queries import free_counts
from kamao.engine.trade.payments import (
    answer_refunds,
    apply_payments,
    claim_refunds,
    retry_refund,
    unanswered_refunds,
)
from kamao.engine.trade.purchases import begin_expiry, end_purchases, place_purchases, purchase_by_id
from kamao.engine.trade.queries import read_orders
from kamao.engine.trade.refunds import refund
from kamao.engine.trade.types import (
    PaymentArrived,
    PaymentOutcome,
    PlacedPurchase,
    PurchaseLine,
    PurchaseRequest,
    RefundAnswer,
    RefundRequest,
    ReservationLimits,
)
from tests.engine.world import World

NO_LIMITS = ReservationLimits(None, None, None)


def line(sku: str, quantity: int = 1, *, unit_minor: int = 1_500) -> PurchaseLine:
    """A line at 15.00 a unit."""
    return PurchaseLine(sku, quantity, unit_minor * quantity, unit_minor * 100)


def place(
    world: World, merchant: UUID, *lines: PurchaseLine, limits: ReservationLimits = NO_LIMITS, **terms: object
) -> PlacedPurchase:
    """Place one purchase with fifteen minutes to pay."""
    request = PurchaseRequest(
        merchant,
        str(terms.pop("reference", world.ids.new().hex)),
        lines,
        world.at + timedelta(minutes=15),
        **terms,  # type: ignore[arg-type]
    )
    placed = place_purchases(world.connection, [request], at=world.at, tools=world.tools, limits=limits)[0]
    world.connection.commit()
    return placed


def pay(world: World, purchase: UUID | None, amount: int, number: str) -> PaymentOutcome:
    """Let a payment arrive."""
    payment = PaymentArrived("sandbox", number, purchase, amount, "CNY", world.at)
    outcome = apply_payments(world.connection, [payment], at=world.at, tools=world.tools)[0]
    world.connection.commit()
    return outcome


def free(world: World, sku: str) -> int:
    """Free codes of a SKU's offer."""
    return free_counts(world.connection, [world.offers[sku]], at=world.at)[world.offers[sku]]


def test_paid_purchase_delivers_everything_and_splits_at_settlement(world: World) -> None:
    merchant = world.merchant()
    first = world.sku(cost_e4=100_000, price_e4=120_000, codes=["shop-code-0001", "shop-code-0002"])
    second = world.sku(cost_e4=50_000, price_e4=60_000, codes=["shop-code-0003"])
    placed = place(world, merchant, line(first, 2), line(second, unit_minor=700))
    assert (placed.outcome, placed.amount_minor) == ("created", 3_700)
    assert (free(world, first), free(world, second)) == (0, 0)
    assert world.balance(escrow()) == 0
    assert pay(world, placed.purchase, 3_700, "p-1").outcome == "captured"
    orders = read_orders(world.connection, placed.orders, with_deliveries=True)
    assert sorted(secret for order in orders.values() for secret in world.secrets(order)) == [
        "shop-code-0001", "shop-code-0002", "shop-code-0003",
    ]  # fmt: skip
    world.later(seconds=world.delay_s)
    assert settle(world.connection, placed.orders, at=world.at, ids=world.ids) == ["settled"] * 2
    world.connection.commit()
    assert world.balance(payable(world.supplier)) == 2_000 + 500
    assert world.balance(platform("income", "CNY", "margin")) == 400 + 100
    assert world.balance(payable(merchant)) == 600 + 100
    assert world.balance(cash("sandbox", "CNY")) == 3_700


def test_every_wrong_payment_is_booked_and_due_back(world: World) -> None:
    merchant = world.merchant()
    sku = world.sku(price_e4=100_000, codes=["wrong-pay-0001", "wrong-pay-0002"])
    paid, dead = place(world, merchant, line(sku)), place(world, merchant, line(sku))
    assert (paid.purchase, dead.purchase) != (None, None)
    assert pay(world, paid.purchase, 1_499, "less").reason == "wrong_amount"
    assert pay(world, paid.purchase, 1_500, "good").outcome == "captured"
    assert pay(world, paid.purchase, 1_500, "good").outcome == "duplicate"
    assert pay(world, paid.purchase, 1_600, "good").outcome == "conflict"
    assert pay(world, paid.purchase, 1_500, "second").reason == "already_paid"
    assert pay(world, world.ids.new(), 5, "stray").reason == "purchase_not_found"
    assert dead.purchase is not None
    assert end_purchases(
        world.connection,
        [dead.purchase, dead.purchase],
        state="expired",
        actor="system",
        at=world.at,
        ids=world.ids,
    ) == ["done", "repeated"]
    world.connection.commit()
    assert pay(world, dead.purchase, 1_500, "late").reason == "purchase_expired"
    assert free(world, sku) == 1
    refunds = claim_refunds(world.connection, at=world.at, limit=10)
    world.connection.commit()
    assert sorted(item.amount_minor for item in refunds) == [5, 1_499, 1_500, 1_500]
    assert claim_refunds(world.connection, at=world.at, limit=10) == []
    answers = [RefundAnswer(item.id, "done", f"r-{place}") for place, item in enumerate(refunds)]
    assert answer_refunds(world.connection, answers, at=world.at, ids=world.ids) == ["done"] * 4
    assert answer_refunds(world.connection, answers, at=world.at, ids=world.ids) == ["repeated"] * 4
    world.connection.commit()
    assert world.balance(cash("sandbox", "CNY")) == 1_500
    assert world.balance(platform("refund_due", "CNY")) == 0


def test_a_payment_that_arrives_while_closing_wins_over_expiry(world: World) -> None:
    sku = world.sku(price_e4=100_000, codes=["closing-code-1"])
    placed = place(world, world.merchant(), line(sku))
    assert placed.purchase is not None
    assert begin_expiry(world.connection, at=world.at, limit=10) == []
    world.later(minutes=16)
    assert [view.id for view in begin_expiry(world.connection, at=world.at, limit=10)] == [placed.purchase]
    world.connection.commit()
    assert pay(world, placed.purchase, 1_500, "in-time").outcome == "captured"
    outcome = end_purchases(
        world.connection, [placed.purchase], state="expired", actor="system", at=world.at, ids=world.ids
    )
    assert outcome == ["state_conflict"]
    view = purchase_by_id(world.connection, placed.purchase)
    assert view is not None
    assert (view.state, view.orders) == ("paid", placed.orders)


def test_refund_to_source_in_doubt_then_refused_then_done(world: World) -> None:
    sku = world.sku(price_e4=100_000, codes=["refund-code-01"])
    placed = place(world, world.merchant(), line(sku))
    pay(world, placed.purchase, 1_500, "p")
    request = RefundRequest(world.ids.new(), placed.orders[0], "operator", "bad code")
    assert refund(world.connection, [request], at=world.at, ids=world.ids)[0].amount_minor == 1_500
    claimed = claim_refunds(world.connection, at=world.at, limit=1)
    world.connection.commit()
    key = claimed[0].id
    assert key == request.id
    assert claimed[0].provider_payment_no == "p"
    for answer, outcome in (("in_doubt", "done"), ("refused", "done"), ("done", "state_conflict")):
        assert answer_refunds(world.connection, [RefundAnswer(key, answer)], at=world.at, ids=world.ids) == [
            outcome
        ]
    assert unanswered_refunds(world.connection, sent_before=world.at, limit=5) == []
    assert retry_refund(world.connection, key)
    assert [item.id for item in claim_refunds(world.connection, at=world.at, limit=1)] == [key]
    assert answer_refunds(world.connection, [RefundAnswer(key, "done")], at=world.at, ids=world.ids) == [
        "done"
    ]
    world.connection.commit()
    assert world.balance(cash("sandbox", "CNY")) == 0


def test_refused_purchases_reserve_nothing(world: World) -> None:
    merchant = world.merchant()
    good = world.sku(price_e4=100_000, codes=["nothing-code-1"])
    empty = world.sku(price_e4=100_000)
    cases = [
        ((line(good), line("no-such-sku")), "sku_not_found", 1),
        ((line(good), line(empty)), "out_of_stock", 1),
        ((line(good, 0),), "invalid_quantity", 0),
        ((line(good, unit_minor=999),), "not_sellable", 0),
        ((line(good), line(good)), "out_of_stock", 1),
    ]
    for lines, outcome, place_of in cases:
        placed = place(world, merchant, *lines)
        assert (placed.outcome, placed.line) == (outcome, place_of)
    assert free(world, good) == 1
    assert world.count("trade_order") == 0


def test_repeated_reference_and_reservation_limits(world: World) -> None:
    merchant = world.merchant()
    sku = world.sku(price_e4=100_000, codes=[f"limit-code-{n:03}" for n in range(6)])
    limits = ReservationLimits(contact_max=2, address_max=None, device_max=None)
    first = place(world, merchant, line(sku), reference="R", contact_key=b"a", limits=limits)
    again = place(world, merchant, line(sku), reference="R", contact_key=b"a", limits=limits)
    assert (again.outcome, again.purchase, again.orders) == ("repeated", first.purchase, first.orders)
    assert place(world, merchant, line(sku, 2), reference="R", limits=limits).outcome == "reference_conflict"
    assert place(world, merchant, line(sku), contact_key=b"a", limits=limits).outcome == "created"
    assert (
        place(world, merchant, line(sku), contact_key=b"a", limits=limits).outcome == "too_many_reservations"
    )
    assert place(world, merchant, line(sku), contact_key=b"b", limits=limits).outcome == "created"
    assert free(world, sku) == 3


def test_a_sub_shop_sells_and_every_level_gains_its_difference(world: World) -> None:
    root, middle, shop = world.merchant(level=2), world.merchant(), world.merchant()
    sku = world.sku(cost_e4=100_000, codes=["chain-code-001", "chain-code-002"])
    world.rule(audience_kind="level", audience="2", target_kind="any", markup_per_mille=100)
    world.rule(audience_kind="default", target_kind="any", markup_per_mille=900)
    item = PurchaseLine(sku, 2, 3_000, 150_000, resellers=((root, 120_000), (middle, 130_000)))
    placed = place(world, shop, item)
    assert pay(world, placed.purchase, 3_000, "chain").outcome == "captured"
    world.later(seconds=world.delay_s)
    assert settle(world.connection, placed.orders, at=world.at, ids=world.ids) == ["settled"]
    world.connection.commit()
    shares = [payable(world.supplier), platform("income", "CNY", "margin"), payable(root), payable(middle)]
    assert [world.balance(account) for account in shares] == [2_000, 200, 200, 200]
    assert world.balance(payable(shop)) == 400
    request = RefundRequest(world.ids.new(), placed.orders[0], "operator", "bad code", units=1)
    assert refund(world.connection, [request], at=world.at, ids=world.ids)[0].amount_minor == 1_500
    world.connection.commit()
    assert [world.balance(account) for account in shares] == [1_000, 100, 100, 100]
    assert world.balance(payable(shop)) == 200
