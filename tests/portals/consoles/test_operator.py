"""The back office: board, manual acts, organisations, looking at a console, read-only tables."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from kamao.business.identity import api_keys
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import ApiKey, AuditEntry, Impersonation, Organisation
from kamao.engine.trade.operations import merchant_terms
from kamao.portals.operator import queries
from kamao.portals.operator.admin import AccountAdmin
from tests.portals.consoles.conftest import Browser

TOPUP = {"amount": "12.34", "custodian": "bank", "reference": "BANK-0001"}


def test_money_of_the_day_adds_up(trade):
    trade.order()
    with trade.cell() as connection:
        lines = queries.money_of_the_day(connection, at=timezone.now())
    now = {line.kind: line.today_minor for line in lines}
    assert (now["cash"], now["wallet"], now["escrow"]) == (100_000, 97_100, 2_900)
    assert {line.kind: line.yesterday_minor for line in lines if line.yesterday_minor} == {}
    assert {line.kind: line.change_minor for line in lines}["wallet"] == 97_100
    assert queries.difference_minor(lines) == {"CNY": 0}
    tomorrow = timezone.now() + timedelta(days=1)
    with trade.cell() as connection:
        later = queries.money_of_the_day(connection, at=tomorrow)
    assert {line.kind: line.yesterday_minor for line in later}["wallet"] == 97_100
    page = trade.sign_in("finance", trade.operator).get(reverse("operator:home")).content.decode()
    assert '<span class="money-sign">¥</span>971<span class="money-minor">.00</span>' in page
    assert "资金日报" in page
    assert (
        "资金日报"
        not in trade.sign_in("support", trade.operator).get(reverse("operator:home")).content.decode()
    )


def test_a_topup_is_booked_once_by_its_reference(trade):
    staff = trade.sign_in("finance", trade.operator)
    form = {**TOPUP, "merchant": trade.other.id}
    for _ in range(2):
        assert staff.post(reverse("operator:topup"), form).status_code == 302
        assert trade.balance(trade.other) == 1_234
    clash = staff.post(reverse("operator:topup"), {**form, "amount": "99"})
    assert clash.status_code == 422
    assert "该流水号已用于另一笔入账" in clash.content.decode()
    assert trade.balance(trade.other) == 1_234
    entry = AuditEntry.objects.get(act="wallet.topup")
    assert entry.organisation_id == trade.other.id
    assert entry.details["amount_minor"] == 1_234
    assert entry.user_id == staff.user.id


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "1.005"},
        {"amount": "NaN"},
        {"reference": "a b"},
        {"custodian": "a:b"},
        {"amount": "1e30"},
    ],
)
def test_a_wrong_topup_books_nothing(trade, change):
    staff = trade.sign_in("finance", trade.operator)
    answer = staff.post(reverse("operator:topup"), {**TOPUP, "merchant": trade.other.id, **change})
    assert answer.status_code == 422
    assert trade.balance(trade.other) == 0


def test_a_private_price_holds_for_the_next_order(trade):
    staff = trade.sign_in("operations", trade.operator)
    form = {
        "audience_kind": "private",
        "merchant": trade.merchant.id,
        "sku": trade.code,
        "min_quantity": 1,
        "fixed": "14",
    }
    assert staff.post(reverse("operator:price"), form).status_code == 302
    trade.order(quantity=1)
    assert trade.balance() == 100_000 - 1_400
    trade.fund(trade.other, 10_000)
    trade.order(trade.other, quantity=1)
    assert trade.balance(trade.other) == 10_000 - 1_450
    assert AuditEntry.objects.get(act="price.set").details["fixed_e4"] == 140_000


@pytest.mark.parametrize(
    "form",
    [
        {"audience_kind": "level", "min_quantity": 1, "fixed": "1"},
        {"audience_kind": "private", "min_quantity": 1, "fixed": "1"},
        {"audience_kind": "default", "min_quantity": 1},
        {"audience_kind": "default", "min_quantity": 1, "fixed": "1", "markup_per_mille": "10"},
        {"audience_kind": "default", "min_quantity": 1, "fixed": "1", "sku": "no-such-sku"},
        {"audience_kind": "default", "min_quantity": 0, "fixed": "1"},
    ],
)
def test_an_unclear_price_is_refused(trade, form):
    staff = trade.sign_in("operations", trade.operator)
    assert staff.post(reverse("operator:price"), form).status_code == 422
    assert not AuditEntry.objects.filter(act="price.set").exists()


def test_registering_invites_the_first_administrator(trade):
    staff = trade.sign_in("admin", trade.operator)
    form = {
        "kind": "merchant",
        "legal_name": "New Ltd",
        "display_name": "New",
        "currency": "CNY",
        "level": "2",
        "email": "new@example.test",
    }
    answer = staff.post(reverse("operator:register"), form)
    assert "/accounts/invitation/#" in answer.content.decode()
    row = Organisation.objects.get(display_name="New")
    with trade.cell() as connection:
        assert merchant_terms(connection, row.id).level == 2
    assert row.invitations.get().role == "admin"
    assert staff.get(reverse("operator:organisations"), {"q": "new"}).content.decode().count(str(row.id)) == 1
    assert staff.get(reverse("operator:organisation", args=[row.id])).status_code == 200


def test_suspending_stops_writes_at_once_and_resuming_allows_them(trade):
    staff = trade.sign_in("admin", trade.operator)
    admin = trade.sign_in("admin")
    url = reverse("operator:organisation_status", args=[trade.merchant.id])
    staff.post(url, {"status": "suspended", "reason": "unpaid"})
    page = admin.get(reverse("merchant:home"))
    assert page.status_code == 200
    assert "unpaid" in page.content.decode()
    assert admin.get(reverse("accounts:api_keys")).status_code == 403
    staff.post(url, {"status": "active"})
    assert admin.get(reverse("accounts:api_keys")).status_code == 200
    assert (
        staff.post(
            reverse("operator:organisation_status", args=[trade.operator.id]), {"status": "suspended"}
        ).status_code
        == 422
    )


def test_a_level_is_set_for_merchants_only(trade):
    staff = trade.sign_in("admin", trade.operator)
    for text, expected in (("5", 5), ("-1", 5), ("abc", 5), ("100", 5)):
        staff.post(reverse("operator:organisation_level", args=[trade.merchant.id]), {"level": text})
        with trade.cell() as connection:
            assert merchant_terms(connection, trade.merchant.id).level == expected


def test_looking_at_a_console_is_read_only_short_announced_and_audited(trade):
    number = trade.order()
    staff = trade.sign_in("admin", trade.operator)
    look = reverse("operator:organisation_look", args=[trade.merchant.id])
    staff.post(look, {"reason": ""})
    assert Impersonation.objects.count() == 0
    assert staff.post(look, {"reason": "ticket 7"}).headers["Location"] == "/merchant/"
    page = staff.get(reverse("merchant:order", args=[number]))
    assert page.status_code == 200
    assert "138*****678" in page.content.decode()
    for name, args in (
        ("merchant:order_reveal", [number]),
        ("merchant:member_invite", []),
        ("accounts:api_keys", []),
        ("operator:topup", []),
    ):
        assert staff.post(reverse(name, args=args), {"reason": "x"}).status_code == 403
    assert staff.get(reverse("accounts:api_keys")).status_code == 403
    assert staff.get(reverse("merchant:orders"), {"format": "csv"}).status_code == 403
    entry = AuditEntry.objects.get(act="impersonation.start")
    assert (entry.organisation_id, entry.user_id, entry.details) == (
        trade.merchant.id,
        staff.user.id,
        {"reason": "ticket 7"},
    )
    assert "ticket 7" in trade.sign_in("admin").get(reverse("merchant:home")).content.decode()
    staff.post(reverse("accounts:impersonation_end"))
    assert staff.get(reverse("merchant:home")).status_code == 404
    assert AuditEntry.objects.filter(act="impersonation.end").count() == 1


def test_looking_ends_by_itself(trade):
    staff = trade.sign_in("admin", trade.operator)
    staff.post(reverse("operator:organisation_look", args=[trade.merchant.id]), {"reason": "ticket 7"})
    row = Impersonation.objects.get()
    assert row.ends_at - row.started_at == timedelta(minutes=15)
    past = timezone.now() - timedelta(seconds=1)
    Impersonation.objects.update(started_at=past - timedelta(minutes=15), ends_at=past)
    assert staff.get(reverse("merchant:home")).status_code == 404


@pytest.mark.parametrize("role", ["operations", "purchasing", "finance", "support"])
def test_only_administrators_look(trade, role):
    staff = trade.sign_in(role, trade.operator)
    answer = staff.post(
        reverse("operator:organisation_look", args=[trade.merchant.id]), {"reason": "curious"}
    )
    assert answer.status_code == 403
    assert Impersonation.objects.count() == 0


def test_search_finds_any_merchants_order_by_any_number(trade):
    trade.fund(trade.other, 10_000)
    number = trade.order(trade.other, reference="REF-77", channel_order_no="TB-1")
    staff = trade.sign_in("admin", trade.operator)
    link = reverse("operator:order", args=[number])
    for query in (number, "REF-77", "TB-1", f"nothing {number}"):
        assert link in staff.get(reverse("operator:orders"), {"q": query}).content.decode()
    assert link not in staff.get(reverse("operator:orders"), {"q": "nothing"}).content.decode()
    page = staff.get(link).content.decode()
    assert "wallet:Other:CNY" in page
    assert "SECRET" not in page


TABLES = ["order", "account", "posting", "event", "lot", "code", "reveal", "enginesku", "offer"]
IDENTITY = ["organisation", "user", "membership", "invitation", "apikey", "auditentry"]


@pytest.mark.parametrize(
    ("app", "model"),
    [
        *[("portal_operator", name) for name in TABLES],
        *[("identity", name) for name in IDENTITY],
        ("webhooks", "endpoint"),
        ("webhooks", "delivery"),
    ],
)
def test_every_table_lists_searches_and_refuses_writes(trade, app, model):
    trade.order()
    staff = trade.sign_in("admin", trade.operator)
    listed = staff.get(reverse(f"admin:{app}_{model}_changelist"))
    assert listed.status_code == 200
    assert "SECRET-" not in listed.content.decode()
    assert (
        staff.get(reverse(f"admin:{app}_{model}_changelist"), {"q": "'; DROP TABLE x --"}).status_code == 200
    )
    assert staff.get(reverse(f"admin:{app}_{model}_add")).status_code == 403
    shown = re.search(rf'href="(/operator/admin/{app}/{model}/[^"/?]+/change/)', listed.content.decode())
    if shown is not None:
        page = staff.get(shown.group(1))
        assert page.status_code == 200
        assert "SECRET-" not in page.content.decode()
        assert staff.post(shown.group(1), {}).status_code == 403
        assert staff.post(shown.group(1).replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_tables_are_found_by_public_number(trade):
    number = trade.order()
    staff = trade.sign_in("admin", trade.operator)
    url = reverse("admin:portal_operator_order_changelist")
    assert number in staff.get(url, {"q": number}).content.decode()
    assert number not in staff.get(url, {"q": "ord_" + "0" * 26}).content.decode()


def test_the_admin_wants_staff_with_a_second_factor(trade):
    url = reverse("admin:index")
    assert Browser().get(url, follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    unproved = trade.sign_in("admin", trade.operator, proved=False)
    assert unproved.get(url, follow=True).status_code == 403
    assert trade.sign_in("admin").get(url, follow=True).status_code == 404
    assert trade.sign_in("support", trade.operator).get(url, follow=True).status_code == 404
    staff = trade.sign_in("admin", trade.operator)
    page = staff.get(url)
    assert page.status_code == 200
    assert "unsafe-eval" in page.headers["Content-Security-Policy"]
    operations = trade.sign_in("operations", trade.operator)
    assert operations.get(reverse("admin:portal_operator_order_changelist")).status_code == 200
    assert operations.get(reverse("admin:portal_operator_account_changelist")).status_code == 403
    assert AccountAdmin.needs == "books.read"


def test_the_operator_changes_and_lifts_a_keys_limit(trade):
    wish = api_keys.KeyWish(label="till", cell=0, scopes=("orders:write",), rate_limit_per_minute=600)
    key = api_keys.create_api_key(trade.merchant, wish=wish, actor=SYSTEM, at=timezone.now()).row
    staff = trade.sign_in("admin", trade.operator)
    url = reverse("operator:key_limit", args=[trade.merchant.id, key.id])
    for text, expected in (("6000", 6000), ("0", 6000), ("abc", 6000), ("", None)):
        staff.post(url, {"per_minute": text})
        key.refresh_from_db()
        assert key.rate_limit_per_minute == expected
    assert staff.post(reverse("operator:key_limit", args=[trade.other.id, key.id])).status_code == 404
    assert trade.sign_in("finance", trade.operator).post(url).status_code == 403


def test_an_owner_cannot_lift_the_limit(trade):
    admin = trade.sign_in("admin")
    form = {"label": "till", "cell": "0", "scopes": ["orders:write"], "rate_limit_per_minute": "601"}
    assert admin.post(reverse("accounts:api_keys"), form).status_code == 422
    admin.post(reverse("accounts:api_keys"), {**form, "rate_limit_per_minute": ""})
    assert ApiKey.objects.get().rate_limit_per_minute == 600
