"""The sandbox bank itself: durable, repeatable, and never mistaken for a real bank."""

import re
import sqlite3
from pathlib import Path

import pytest

from kamao_sandbox.bank.faults import Fault, draw_faults, strikes
from kamao_sandbox.bank.store import SCHEMA
from kamao_sandbox.bank.texts import LANGUAGES, TEXTS, choose_language
from tests.payments.bank import Bank
from tests.payments.test_bank_client import fresh, order


def test_misbehaviour_is_the_same_for_the_same_seed():
    fault = Fault("query", "error", per_mille=300, id=7)
    drawn = [strikes(seed="a", fault=fault, subject="P1", occurrence=n) for n in range(1000)]
    assert drawn == [strikes(seed="a", fault=fault, subject="P1", occurrence=n) for n in range(1000)]
    assert drawn != [strikes(seed="b", fault=fault, subject="P1", occurrence=n) for n in range(1000)]
    assert 240 < sum(drawn) < 360


def test_a_fault_is_counted_down_and_only_meets_its_subject():
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA.read_text())
    db.execute("INSERT INTO settings VALUES ('seed', 'x')")
    db.execute("INSERT INTO faults (operation, kind, subject, remaining) VALUES ('query', 'error', 'P1', 2)")
    drawn = [
        bool(draw_faults(db, operation="query", subject=subject)) for subject in ("P2", "P1", "P1", "P1")
    ]
    assert drawn == [False, True, True, False]


@pytest.mark.parametrize(
    "fault", [{"operation": "query", "kind": "duplicate"}, {"operation": "fly", "kind": "error"},
              {"operation": "query", "kind": "error", "per_mille": 0}]
)  # fmt: skip
def test_impossible_faults_are_refused(bank: Bank, fault: dict[str, object]):
    headers = {"Authorization": f"Bearer {bank.credentials['control_token']}"}
    answer = bank.client.post(f"{bank.base_url}/control/api/faults", json=fault, headers=headers)
    assert answer.status_code == 422
    assert bank.control("state", method="GET")["faults"] == []


def test_the_control_desk_wants_its_token(bank: Bank):
    assert bank.client.get(f"{bank.base_url}/control/api/state").status_code == 401
    page = bank.client.get(f"{bank.base_url}/control")
    assert "口令" in page.text
    assert "out_trade_no" not in page.text
    wrong = bank.client.post(f"{bank.base_url}/control/sign-in", data={"token": "x"})
    assert wrong.status_code == 403
    right = bank.client.post(
        f"{bank.base_url}/control/sign-in", data={"token": bank.credentials["control_token"]}
    )
    cookie = right.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    desk = bank.client.get(f"{bank.base_url}/control?lang=en", headers={"Cookie": cookie.split(";")[0]})
    assert "Misbehave" in desk.text
    assert bank.credentials["control_token"] not in desk.text


def test_pay_page_is_marked_and_speaks_both_languages(bank: Bank, bank_client):
    opened = bank_client.create(order(fresh("P"), amount_minor=123456))
    chinese = bank.client.get(opened.pay_url)
    assert "沙盒银行 · 测试环境" in chinese.text
    assert "¥1,234.56" in chinese.text
    assert "月卡 &lt;b&gt;" in chinese.text
    assert "script" not in chinese.text
    assert chinese.headers["content-security-policy"].startswith("default-src 'none'")
    assert chinese.headers["cache-control"] == "no-store"
    english = bank.client.get(opened.pay_url, headers={"Accept-Language": "en-GB,en;q=0.8"})
    assert "no real money moves" in english.text
    assert 'lang="en"' in english.text
    missing = bank.client.get(f"{bank.base_url}/pay/B20260101aaaaaaaaaaaaaaaa")
    assert missing.status_code == 404
    assert "TEST" in missing.text


def test_state_survives_kill(bank: Bank, bank_client):
    number = fresh("P")
    opened = bank_client.create(order(number))
    bank.misbehave("query", "error", subject="nobody")
    bank.press(opened.pay_url)
    before = bank.order(number)
    assert before["state"] == "paid"
    bank.kill()
    bank.start()
    assert bank.order(number) == before
    assert [fault["subject"] for fault in bank.control("state", method="GET")["faults"]] == ["nobody"]


def test_secrets_are_private_files(bank: Bank):
    for name in ("credentials.json", "bank.key"):
        assert (bank.home / name).stat().st_mode & 0o777 == 0o600


def test_every_text_has_both_languages():
    for key, texts in TEXTS.items():
        assert len(texts) == len(LANGUAGES)
        assert all(texts), key
        if key != "language":
            assert re.search(r"[\u4e00-\u9fff]", texts[0]), key
    assert choose_language(query="", accept="fr,en;q=0.5") == "en"
    assert choose_language(query="zh", accept="en") == "zh"
    assert choose_language(query="", accept="") == "zh"


def test_the_bank_knows_nothing_of_kamao():
    sources = Path(SCHEMA).parent.glob("*.py")
    assert not [
        path.name
        for path in sources
        if re.search(r"^(?:from|import) kamao(?:\.| )", path.read_text(), re.MULTILINE)
    ]
