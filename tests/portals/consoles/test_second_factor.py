"""Sensitive acts want a second factor at most ten minutes old; sign-in itself, and lockout."""

import pytest
from django.db import connection
from django.urls import reverse

from kamao.business.identity.models import ApiKey, AuditEntry, User
from kamao.engine.ledger.accounts import wallet
from kamao.engine.ledger.queries import balance
from tests.identity.factories import PASSWORD, member, totp_code
from tests.portals.consoles.conftest import SECRET, Browser

KEY_FORM = {
    "label": "till",
    "cell": "1",
    "scopes": ["orders:write"],
    "ip_networks": "",
    "rate_limit_per_minute": "600",
}


def test_signing_in_with_password_and_totp_counts_as_a_fresh_proof(trade):
    member(trade.merchant, "admin", "ada@example.test", totp=True)
    browser = Browser()
    first = browser.post("/accounts/login/", {"login": "ada@example.test", "password": PASSWORD})
    assert first.headers["Location"] == "/accounts/2fa/authenticate/"
    wrong = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    second = browser.post("/accounts/2fa/authenticate/", {"code": totp_code()})
    assert second.headers["Location"] == "/merchant/"
    assert browser.get(reverse("accounts:api_keys")).status_code == 200
    assert AuditEntry.objects.filter(act="user.sign_in").count() == 1


def test_without_a_factor_one_is_told_how_to_set_it_up(trade):
    browser = trade.sign_in("admin", proved=False)
    answer = browser.get(reverse("accounts:api_keys"), follow=True)
    assert answer.status_code == 403
    assert "/accounts/2fa/totp/activate/" in answer.content.decode()


def test_an_old_proof_is_asked_again_and_the_person_returns(trade):
    user = member(trade.merchant, "admin", "ada@example.test", totp=True)
    browser = Browser(user)
    browser.prove(seconds_ago=601)
    answer = browser.get(reverse("accounts:api_keys"))
    assert answer.headers["Location"] == "/accounts/step-up/?next=%2Fapi-keys%2F"
    onward = browser.get(answer.headers["Location"])
    assert onward.headers["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fapi-keys%2F"
    shown = browser.get(onward.headers["Location"])
    assert shown.status_code == 200
    back = browser.post("/accounts/2fa/reauthenticate/", {"code": totp_code(), "next": "/api-keys/"})
    assert back.headers["Location"] == "/api-keys/"
    assert browser.get("/api-keys/").status_code == 200


@pytest.mark.parametrize(
    "where", ["reveal", "key", "topup", "refund", "invite", "export", "price", "suspend"]
)
def test_nothing_happens_without_a_fresh_proof(trade, where):
    number = trade.order()
    admin, staff = (trade.sign_in("admin", of, proved=False) for of in (trade.merchant, trade.operator))
    entries = AuditEntry.objects.count()
    acts = {
        "reveal": lambda: admin.post(reverse("merchant:order_reveal", args=[number]), {"reason": "lost"}),
        "key": lambda: admin.post(reverse("accounts:api_keys"), KEY_FORM),
        "invite": lambda: admin.post(
            reverse("merchant:member_invite"), {"email": "b@example.test", "role": "finance"}
        ),
        "export": lambda: admin.get(reverse("merchant:orders"), {"format": "xlsx"}),
        "topup": lambda: staff.post(
            reverse("operator:topup"),
            {"merchant": trade.merchant.id, "amount": "10", "custodian": "bank", "reference": "R-1234"},
        ),
        "refund": lambda: staff.post(
            reverse("operator:order_refund", args=[number]),
            {"units": 1, "reason": "x", "key": "0190f000-0000-7000-8000-000000000001"},
        ),
        "price": lambda: staff.post(
            reverse("operator:price"), {"audience_kind": "default", "min_quantity": 1, "fixed": "1"}
        ),
        "suspend": lambda: staff.post(
            reverse("operator:organisation_status", args=[trade.merchant.id]),
            {"status": "suspended", "reason": "x"},
        ),
    }
    answer = acts[where]()
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/step-up/")
    assert SECRET not in answer.content.decode()
    assert ApiKey.objects.count() == 0
    assert AuditEntry.objects.count() == entries
    with trade.cell() as connection:
        assert balance(connection, wallet(trade.merchant.id)).balance_minor == 100_000 - 2_900


def test_step_up_never_leads_away_from_the_node(trade):
    browser = trade.sign_in("admin")
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = browser.get(reverse("accounts:step_up"), {"next": target})
        assert answer.headers["Location"] == "/merchant/"


def test_a_guessed_password_is_locked_out_and_the_count_is_in_the_database(trade):
    member(trade.merchant, "admin", "ada@example.test")
    for _ in range(6):
        Browser().post("/accounts/login/", {"login": "ada@example.test", "password": "wrong wrong wrong"})
    browser = Browser()
    browser.post("/accounts/login/", {"login": "ada@example.test", "password": PASSWORD})
    assert browser.get("/merchant/").headers["Location"].startswith("/accounts/login/"), (
        "even the right one waits"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kamao_cache WHERE cache_key LIKE '%login_failed%'")
        assert cursor.fetchone()[0] >= 1


def test_nobody_signs_up_without_an_invitation(trade):
    form = {"email": "eve@example.test", "password1": PASSWORD, "password2": PASSWORD}
    answer = Browser().post("/accounts/signup/", form)
    assert not User.objects.filter(email="eve@example.test").exists()
    assert answer.status_code == 200
