"""Daily caps and block lists: exact, all or nothing, the same over any number of processes."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from kamao.business.compliance import limits, suspicion
from kamao.business.compliance.blocks import Block, add_block, lift_block
from kamao.business.compliance.keys import fold_address, fold_contact, mask, subject_key
from kamao.business.compliance.limits import Buyer, Checkout, check_limits, give_back
from kamao.business.compliance.models import BlockEntry, Counter, CounterUse, DecisionRecord
from kamao.business.compliance.rules import CartLine
from kamao.business.keyring import node_keyring
from kamao.kernel.errors import Refusal

AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
MERCHANT, OTHER = uuid4(), uuid4()
BUYER = Buyer("13800138000", "203.0.113.9", "device-1")
pytestmark = pytest.mark.django_db


def gift(quantity: int = 1, *, amount_minor: int = 1000, **more) -> CartLine:
    return CartLine(
        sku="gift",
        kind="code",
        instrument="one_off_voucher",
        is_game=False,
        quantity=quantity,
        amount_minor=amount_minor,
        **more,
    )


def topup(target: str, *, amount_minor: int = 10_000, **more) -> CartLine:
    return CartLine(
        sku="phone",
        kind="topup",
        instrument="direct_topup",
        is_game=False,
        quantity=1,
        amount_minor=amount_minor,
        target=target,
        **more,
    )


def buy(*lines: CartLine, buyer: Buyer = BUYER, at: datetime = AT, merchant: UUID = MERCHANT) -> UUID:
    checkout = Checkout(uuid4(), merchant, "CNY", lines, buyer)
    check_limits(checkout, keyring=node_keyring(), at=at)
    return checkout.reference


def refusal(*lines: CartLine, **more) -> tuple[str, str]:
    before = (
        Counter.objects.count(),
        CounterUse.objects.count(),
        list(Counter.objects.values_list("key", "units")),
    )
    with pytest.raises(Refusal) as refused:
        buy(*lines, **more)
    after = (
        Counter.objects.count(),
        CounterUse.objects.count(),
        list(Counter.objects.values_list("key", "units")),
    )
    assert before == after
    return refused.value.code, DecisionRecord.objects.latest("id").rule


def test_ten_gift_cards_a_day():
    buy(gift(9))
    assert refusal(gift(2)) == ("daily_cap_reached", "CS-11")
    buy(gift(1))
    assert refusal(gift(1)) == ("daily_cap_reached", "CS-11")
    other = Buyer("13900139000", BUYER.address, BUYER.device)
    buy(gift(1), buyer=other)


def test_five_thousand_yuan_a_day():
    buy(gift(1, amount_minor=500_000))
    assert refusal(gift(1, amount_minor=1)) == ("daily_cap_reached", "CS-11")


def test_two_lines_of_one_purchase_count_together():
    assert refusal(gift(6), gift(5)) == ("daily_cap_reached", "CS-11")
    buy(gift(6), gift(4))


def test_the_day_is_the_business_day():
    last_second = datetime(2026, 6, 1, 15, 59, 59, tzinfo=UTC)
    buy(gift(10), at=last_second)
    assert refusal(gift(1), at=last_second) == ("daily_cap_reached", "CS-11")
    buy(gift(10), at=last_second + timedelta(seconds=1))


def test_one_contact_however_it_is_written():
    buy(gift(10))
    for text in ("+86 138-0013-8000", "１３８００１３８０００", "0086 13800138000"):
        assert refusal(gift(1), buyer=Buyer(text, None, None)) == ("daily_cap_reached", "CS-11")


def test_target_cap_counts_whoever_buys():
    for number in range(20):
        buy(topup("13700137000"), buyer=Buyer(f"1380013{number:04}", None, None))
    assert refusal(topup("13700137000"), buyer=Buyer("13600136000", None, None)) == (
        "daily_cap_reached",
        "KM-CAP-TARGET",
    )
    buy(topup("13700137001"))


def test_limits_of_the_sku():
    buy(gift(2, daily_max_per_contact=3))
    assert refusal(gift(2, daily_max_per_contact=3)) == ("daily_cap_reached", "SKU-LIMIT")
    buy(topup("QQ1", daily_max_per_target=1))
    assert refusal(topup("QQ1", daily_max_per_target=1)) == ("daily_cap_reached", "SKU-LIMIT")


def test_given_back_once():
    reference = buy(gift(10))
    give_back(reference)
    give_back(reference)
    assert set(Counter.objects.values_list("units", "amount_minor")) == {(0, 0)}
    buy(gift(10))


def test_the_same_reference_takes_once():
    checkout = Checkout(uuid4(), MERCHANT, "CNY", (gift(10),), BUYER)
    check_limits(checkout, keyring=node_keyring(), at=AT)
    check_limits(checkout, keyring=node_keyring(), at=AT)
    give_back(checkout.reference)
    assert set(Counter.objects.values_list("units", flat=True)) == {0}


def test_old_windows_are_forgotten():
    buy(gift(1))
    assert limits.forget_expired(at=AT + timedelta(hours=12)) == 0
    assert limits.forget_expired(at=AT + timedelta(hours=14)) > 0
    assert not Counter.objects.exists()
    assert not CounterUse.objects.exists()


@pytest.mark.parametrize(
    ("kind", "text", "buyer"),
    [
        ("contact", "13800138000", Buyer("138 0013 8000", None, None)),
        ("contact", "A-B@Example.com", Buyer("a-b@example.com", None, None)),
        ("address", "2001:db8:1:2::1", Buyer(None, "2001:db8:1:2:ffff::9", None)),
        ("address", "203.0.113.9", Buyer(None, "::ffff:203.0.113.9", None)),
        ("device", "device-1", Buyer(None, None, "device-1")),
    ],
)
def test_blocked_everywhere_or_in_one_shop(kind, text, buyer):
    block = Block(kind, text, "fraud", "operator")
    entry = add_block(block, keyring=node_keyring(), at=AT)
    assert add_block(block, keyring=node_keyring(), at=AT).id == entry.id
    assert refusal(gift(), buyer=buyer) == ("purchase_blocked", "KM-BLOCK")
    assert lift_block(entry.id, organisation=MERCHANT, author="m", at=AT) is False
    assert lift_block(entry.id, organisation=None, author="operator", at=AT) is True
    buy(gift(), buyer=buyer)
    add_block(Block(kind, text, "x", "m", MERCHANT), keyring=node_keyring(), at=AT)
    assert refusal(gift(), buyer=buyer) == ("purchase_blocked", "KM-BLOCK")
    buy(gift(), buyer=buyer, merchant=OTHER)


def test_blocked_target_and_expiry_of_a_block():
    until = AT + timedelta(hours=1)
    add_block(
        Block("target", "13700137000", "x", "operator", expires_at=until), keyring=node_keyring(), at=AT
    )
    assert refusal(topup("137 0013 7000")) == ("purchase_blocked", "KM-BLOCK")
    buy(topup("13700137000"), at=until)
    assert BlockEntry.objects.get().hint == "137****7000"


def test_nothing_personal_is_stored():
    add_block(Block("contact", "someone@example.com", "x", "operator"), keyring=node_keyring(), at=AT)
    buy(topup("13700137000"))
    with connection.cursor() as cursor:
        for table in (
            "compliance_block",
            "compliance_counter",
            "compliance_counter_use",
            "compliance_decision",
        ):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            text = cursor.fetchone()[0] or ""
            assert "13700137000" not in text
            assert "someone" not in text
            assert "203.0.113.9" not in text


def test_folding():
    assert fold_contact(" Foo@Example.COM ") == "foo@example.com"
    assert fold_address("2001:db8::1") == "2001:db8::/64"
    assert mask("foo@example.com") == "f***@example.com"
    ring = node_keyring()
    assert subject_key(ring, kind="contact", text="a-b@x.cn") != subject_key(
        ring, kind="contact", text="ab@x.cn"
    )
    assert subject_key(ring, kind="contact", text="1") != subject_key(ring, kind="target", text="1")


def test_suspicion_asks_for_a_captcha():
    ring = node_keyring()
    for _ in range(4):
        suspicion.note_signal("failure", buyer=BUYER, keyring=ring, at=AT)
    assert suspicion.captcha_due(buyer=BUYER, keyring=ring, at=AT) is None
    suspicion.note_signal("failure", buyer=BUYER, keyring=ring, at=AT)
    due = suspicion.captcha_due(buyer=Buyer(None, BUYER.address, None), keyring=ring, at=AT)
    assert due is not None
    assert due.rule == "D-ENUM"
    with pytest.raises(Refusal) as refused:
        suspicion.require_captcha(is_solved=False, buyer=BUYER, keyring=ring, at=AT)
    assert refused.value.code == "captcha_required"
    suspicion.require_captcha(is_solved=True, buyer=BUYER, keyring=ring, at=AT)
    stranger = Buyer("13900139000", "198.51.100.1", "device-2")
    assert suspicion.captcha_due(buyer=stranger, keyring=ring, at=AT) is None
    assert suspicion.captcha_due(buyer=BUYER, keyring=ring, at=AT + timedelta(minutes=10)) is None


@pytest.mark.django_db(transaction=True)
def test_many_at_once_take_exactly_the_cap():
    """Twenty-four buyers with one contact, each wanting one of ten, on connections of their own."""
    results: list[str] = []
    start = threading.Barrier(8)

    def work() -> None:
        try:
            start.wait(20)
            for _ in range(3):
                try:
                    buy(gift(1))
                    results.append("bought")
                except Refusal as refused:
                    results.append(refused.code)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(results) == ["bought"] * 10 + ["daily_cap_reached"] * 14
    assert max(Counter.objects.values_list("units", flat=True)) == 10
    assert DecisionRecord.objects.filter(rule="CS-11").count() == 14
