"""Verifying webhooks: the published vector, a peer implementation, and everything that must not pass."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from kamao.business.webhooks.signing import new_secret, secret_key, sign
from kamao_client import SignatureInvalid, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime(2026, 11, 22, tzinfo=UTC)
BODY = json.dumps(
    {"id": "evt_1", "type": "order.delivered", "schema": 1, "livemode": False, "seq": 7,
     "timestamp": "2026-11-22T00:00:00.000Z", "data": {"id": "ord_1"}, "later": 1}
).encode()  # fmt: skip


def signed(body=BODY, secret=SECRET, at=AT):
    return sign(body, message_id="evt_1", at=at, keys=[secret_key(secret)])


def test_the_vector_of_standard_webhooks():
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    headers = sign(
        b'{"test": 2432232314}', message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", at=at, keys=[secret_key(SECRET)]
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_right_signature_gives_the_event():
    event = verify(BODY, signed(), SECRET, now=AT.timestamp())
    assert (event.id, event.type, event.seq, event.livemode) == ("evt_1", "order.delivered", 7, False)
    assert event.data == {"id": "ord_1"}
    shouted = {name.upper(): value for name, value in signed().items()}
    assert verify(BODY.decode(), shouted, SECRET, now=AT.timestamp()).id == "evt_1"


def test_one_of_several_signatures_is_enough():
    other = new_secret()
    headers = sign(BODY, message_id="evt_1", at=AT, keys=[secret_key(other), secret_key(SECRET)])
    assert verify(BODY, headers, SECRET, now=AT.timestamp()).id == "evt_1"
    assert verify(BODY, headers, other, now=AT.timestamp()).id == "evt_1"


@given(place=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_any_changed_byte_is_noticed(place, flip):
    changed = bytearray(BODY)
    changed[place] ^= flip
    with pytest.raises(SignatureInvalid):
        verify(bytes(changed), signed(), SECRET, now=AT.timestamp())


@pytest.mark.parametrize("shift_s", [-301, 301, 86_400])
def test_old_and_future_messages_are_refused(shift_s):
    with pytest.raises(SignatureInvalid):
        verify(BODY, signed(), SECRET, now=AT.timestamp() + shift_s)
    verify(BODY, signed(), SECRET, now=AT.timestamp() + (299 if shift_s > 0 else -299))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "evt_2"}, {"webhook-timestamp": "1"}, {"webhook-timestamp": "soon"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"}, {"webhook-signature": "v1a,x v2,y nonsense"},
        {"webhook-signature": "é"},
    ],
)  # fmt: skip
def test_headers_that_were_tampered_with_are_refused(change):
    with pytest.raises(SignatureInvalid):
        verify(BODY, {**signed(), **change}, SECRET, now=AT.timestamp())
    for name in change:
        missing = {key: value for key, value in signed().items() if key != name}
        with pytest.raises(SignatureInvalid):
            verify(BODY, missing, SECRET, now=AT.timestamp())


def test_new_secrets_have_the_form_that_standardwebhooks_reads():
    secret = new_secret()
    assert len(secret_key(secret)) == 32
    now = datetime.now(UTC)
    assert Webhook(secret).verify(BODY.decode(), signed(secret=secret, at=now))["id"] == "evt_1"
    for bad in ("", "whsec_", "whsec_!!!", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"):
        with pytest.raises(ValueError, match="webhook secret"):
            secret_key(bad)
