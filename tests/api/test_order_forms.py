"""A form filled in is what the encoder would have written, to the byte."""

from datetime import UTC

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from kamao.api.order_forms import order_json
from kamao.api.orders import encode_json, order_of
from kamao.engine.stock.opening import plain_bytes
from kamao.engine.stock.types import Delivered, NewCode
from kamao.engine.trade.types import OrderView
from kamao.kernel.ids import RandomIds
from kamao.kernel.sealing import Keyring

RING = Keyring.generate()
IDS = RandomIds(0)
TEXT = st.text(min_size=1, max_size=20)
REFERENCE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
MOMENT = st.datetimes(timezones=st.just(UTC))


def delivered(number: str, secret: str, expires_at) -> Delivered:
    lot, item = IDS.many(2)
    wrapped, key = RING.new_data_key(lot)
    sealed = key.seal(item, plain_bytes(NewCode(number, secret)))
    return Delivered(item, "code", item, lot, wrapped, sealed, expires_at)


def view(reference, delivery, at, settles_at, **more) -> OrderView:
    fields = {
        "id": IDS.new(), "merchant": IDS.new(), "reference": reference, "sku": "sku-1", "quantity": 1,
        "unit_price_e4": 145_050, "amount_minor": 1451, "currency": "CNY", "state": "delivered",
        "intake": "api", "sales_channel": None, "channel_order_no": None, "has_target": False,
        "delivered_quantity": 1, "refunded_minor": 0, "units_refunded": 0, "message": None,
        "created_at": at, "delivered_at": at, "settles_at": settles_at, "metadata_json": None,
        "deliveries": (delivery,),
    }  # fmt: skip
    return OrderView(**{**fields, **more})


@given(REFERENCE, st.just("") | TEXT, TEXT, st.none() | MOMENT, MOMENT, st.none() | MOMENT, st.booleans())
def test_a_plain_order_reads_the_same(reference, number, secret, expires_at, at, settles_at, is_settled):
    order = view(
        reference,
        delivered(number, secret, expires_at),
        at,
        settles_at,
        state="settled" if is_settled else "delivered",
    )
    assert order_json(order, keyring=RING) == encode_json(order_of(order, keyring=RING))


@given(st.sampled_from(["channel", "metadata", "refunded", "waiting", "two", "later", "sealed"]), MOMENT)
def test_whatever_is_not_plain_reads_the_same_too(kind, at):
    one = delivered("n", "s", None)
    more = {
        "channel": {"sales_channel": "pdd", "channel_order_no": "T-1"},
        "metadata": {"metadata_json": b'{"till":"7"}'},
        "refunded": {"units_refunded": 1, "refunded_minor": 1451},
        "waiting": {"deliveries": (), "delivered_quantity": 0, "delivered_at": None, "state": "paid"},
        "two": {"deliveries": (one, one), "delivered_quantity": 2, "quantity": 2},
        "later": {"delivered_at": None},
        "sealed": {"deliveries": (msgspec.structs.replace(one, sealed=None),)},
    }[kind]
    order = view("R-1", one, at, None, **more)
    assert order_json(order, keyring=RING) == encode_json(order_of(order, keyring=RING))
    assert order_json(order, keyring=None) == encode_json(order_of(order, keyring=None))
