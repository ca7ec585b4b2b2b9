"""CAPTCHA and phone codes: single use, short-lived, limited, and silent about why."""

import io
import logging
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from PIL import Image

from kamao.business.compliance import captcha, phone_codes, sms
from kamao.business.compliance.blocks import Block, add_block
from kamao.business.compliance.limits import Buyer
from kamao.business.compliance.models import Challenge, PhoneCode, SandboxMessage
from kamao.business.compliance.operations import set_rule
from kamao.business.keyring import node_keyring
from kamao.kernel.errors import Refusal

AT = datetime(2026, 6, 1, 4, tzinfo=UTC)
PHONE = "13800138000"
BUYER = Buyer(None, "203.0.113.9", "device-1")
pytestmark = pytest.mark.django_db


def answer_of(challenge) -> str:
    return node_keyring().open_text(challenge, bytes(Challenge.objects.get(id=challenge).answer_sealed))


def solve(challenge, answer: str, *, purpose: str = "checkout", at: datetime = AT) -> bool:
    return captcha.verify(challenge, answer=answer, purpose=purpose, keyring=node_keyring(), at=at)


def fresh(**more) -> captcha.Captcha:
    return captcha.new(purpose="checkout", keyring=node_keyring(), at=AT, **more)


def test_a_picture_is_drawn_and_solved_once():
    made = fresh()
    png = captcha.image(made.id, keyring=node_keyring(), at=AT)
    assert png == captcha.image(made.id, keyring=node_keyring(), at=AT)
    picture = Image.open(io.BytesIO(png))
    assert (picture.format, picture.size) == ("PNG", captcha.SIZE)
    assert len(picture.getcolors(100_000)) > 50
    answer = answer_of(made.id)
    assert len(answer) == 5
    assert set(answer) <= set(captcha.ALPHABET)
    assert solve(made.id, f" {answer.lower()} ")
    assert not solve(made.id, answer)
    assert captcha.image(made.id, keyring=node_keyring(), at=AT) is None


def test_a_wrong_answer_spends_it():
    made = fresh()
    answer = answer_of(made.id)
    assert not solve(made.id, "ZZZZZ")
    assert not solve(made.id, answer)


def test_it_expires_and_is_bound_to_its_purpose():
    made = fresh()
    answer = answer_of(made.id)
    assert not solve(made.id, answer, purpose="lookup")
    assert not solve(made.id, answer, at=AT + timedelta(minutes=5))
    assert solve(made.id, answer, at=AT + timedelta(minutes=4, seconds=59))
    assert not solve(uuid4(), answer)
    assert captcha.forget_expired(at=AT + timedelta(hours=2)) == 1


def test_in_words_for_those_who_cannot_see():
    made = fresh(form="words")
    first, second = made.question_zh[0], made.question_zh[2]
    digits = "零一二三四五六七八九"
    assert made.question_en.startswith("What is ")
    assert solve(made.id, str(digits.index(first) + digits.index(second)))


def send(phone: str = PHONE, *, buyer: Buyer = BUYER, at: datetime = AT, **more) -> phone_codes.CodeSent:
    return phone_codes.send(
        phone, purpose="checkout", buyer=buyer, merchant=uuid4(), keyring=node_keyring(), at=at, **more
    )


def code_in(token) -> str:
    shown = sms.sandbox_message(token, keyring=node_keyring())
    assert shown is not None
    return "".join(char for char in shown.text if char.isdigit())[:6]


def check(token, code: str, *, at: datetime = AT) -> str:
    try:
        phone_codes.verify(token, code=code, buyer=BUYER, keyring=node_keyring(), at=at)
    except Refusal as refused:
        return refused.code
    return "verified"


def use(token, phone: str = PHONE, *, purpose: str = "checkout", at: datetime = AT) -> bool:
    return phone_codes.use(token, phone=phone, purpose=purpose, keyring=node_keyring(), at=at)


def test_a_code_from_sending_to_use(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    sent = send("+86 138-0013-8000")
    code = code_in(sent.token)
    assert len(code) == 6
    assert not use(sent.token)
    assert check(sent.token, f" {code} ") == "verified"
    assert not use(sent.token, "13900139000")
    assert not use(sent.token, purpose="lookup")
    assert use(sent.token)
    assert not use(sent.token)
    assert check(sent.token, code) == "phone_code_wrong"
    assert code not in caplog.text
    assert PHONE not in caplog.text


def test_five_tries():
    sent = send()
    code = code_in(sent.token)
    wrong = "000000" if code != "000000" else "111111"
    assert [check(sent.token, wrong) for _ in range(5)] == ["phone_code_wrong"] * 5
    assert check(sent.token, code) == "phone_code_wrong"
    assert not use(sent.token)


def test_ten_minutes():
    sent = send()
    code = code_in(sent.token)
    assert sent.expires_at == AT + timedelta(minutes=10)
    assert check(sent.token, code, at=sent.expires_at) == "phone_code_wrong"
    assert check(sent.token, code, at=sent.expires_at - timedelta(seconds=1)) == "verified"
    assert not use(sent.token, at=sent.expires_at)


def refused_send(**more) -> tuple[str, int | None]:
    with pytest.raises(Refusal) as refused:
        send(**more)
    return refused.value.code, refused.value.retry_after_s


def test_sending_is_limited_per_phone_and_source():
    send()
    assert refused_send(at=AT + timedelta(seconds=20)) == ("rate_limited", 40)
    for minute in range(1, 5):
        send(at=AT + timedelta(minutes=minute))
    assert refused_send(at=AT + timedelta(minutes=6)) == ("rate_limited", 54 * 60)
    set_rule(
        "KM-SMS",
        is_enabled=True,
        params={"per_source_3600_s": 8},
        author="o",
        reason="r",
        effective_from=AT,
        at=AT,
    )
    for number in range(3):
        send(f"1390013{number:04}")
    assert refused_send(phone="13700137000")[0] == "rate_limited"
    send("13700137001", buyer=Buyer(None, "198.51.100.1", None))


@pytest.mark.parametrize(
    "phone", ["", "12345", "23800138000", "1380013800", "138001380000", "me@example.com", "<b>"]
)
def test_numbers_that_are_none(phone: str):
    assert refused_send(phone=phone) == ("phone_invalid", None)
    assert not PhoneCode.objects.exists()


def test_a_blocked_number_looks_the_same():
    add_block(Block("contact", PHONE, "fraud", "operator"), keyring=node_keyring(), at=AT)
    sent = send()
    assert (sent.expires_at, sent.again_after_s) == (AT + timedelta(minutes=10), 60)
    assert sms.sandbox_message(sent.token, keyring=node_keyring()) is None
    assert check(sent.token, "000000") == "phone_code_wrong"
    assert check(uuid4(), "000000") == "phone_code_wrong"


def test_the_text_is_in_the_buyers_language_and_sealed():
    chinese, english = send(), send("13900139000", language="en")
    texts = [sms.sandbox_message(sent.token, keyring=node_keyring()).text for sent in (chinese, english)]
    assert texts[0].startswith("【卡猫】验证码 ")
    assert texts[1].startswith("[Kamao] Your code is ")
    assert [shown.hint for shown in sms.sandbox_outbox(keyring=node_keyring())] == [
        "139****9000",
        "138****8000",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM compliance_sandbox_message t")
        assert code_in(chinese.token) not in cursor.fetchone()[0]


def test_a_real_sender_replaces_the_twin(monkeypatch: pytest.MonkeyPatch):
    sent: list[sms.TextMessage] = []

    class Recording:
        def send(self, message: sms.TextMessage, *, at: datetime) -> bool:
            sent.append(message)
            return True

    monkeypatch.setattr(sms, "_CHOSEN", {})
    sms.choose_sender(Recording())
    token = send().token
    assert [message.phone for message in sent] == [PHONE]
    assert not SandboxMessage.objects.exists()
    assert sms.sandbox_message(token, keyring=node_keyring()) is None
    assert sms.sandbox_outbox(keyring=node_keyring()) == []


@pytest.mark.django_db(transaction=True)
def test_tries_made_at_once_cannot_exceed_the_limit():
    sent = send()
    right = code_in(sent.token)
    wrong = [f"{number:06}" for number in range(40) if f"{number:06}" != right][:30]
    start = threading.Barrier(6)

    def work(codes: list[str]) -> None:
        try:
            start.wait(20)
            for code in codes:
                check(sent.token, code)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(wrong[place::6],)) for place in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert PhoneCode.objects.get().tries_left == 0
    assert check(sent.token, right) == "phone_code_wrong"
