"""The operator's tables of payments and compliance: all open, nothing editable, two forms that go through
operations.
"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from kamao.business.compliance.keys import subject_key
from kamao.business.compliance.models import BlockEntry, RuleSetting
from kamao.business.identity.models import AuditEntry, User
from kamao.business.keyring import node_keyring
from kamao.business.payments import queries
from kamao.business.payments.accounts import AccountSpec, open_account
from kamao.business.payments.models import PaymentIntent, ProviderAccount, ProviderCall, RefundAttempt
from kamao.business.payments.registry import encode_credentials
from kamao.connectors.sandbox_bank.transport import Credentials
from kamao.portals.operator.site import OperatorSite

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def staff(monkeypatch: pytest.MonkeyPatch) -> Client:
    """Staff for whom the site's own door (role and second factor, tested with the site) is open."""
    user = User.objects.create_user("op@example.com", None, is_staff=True)
    monkeypatch.setattr(OperatorSite, "has_permission", lambda site, request: request.user.is_authenticated)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def account() -> ProviderAccount:
    raw = Credentials("http://127.0.0.1:9", "SB1", "very-secret", "A" * 43 + "=")
    spec = AccountSpec(
        "sandbox-live",
        "sandbox_bank",
        "Bank",
        0,
        "CNY",
        "sandbox bank (test)",
        "SB1",
        credentials=encode_credentials(raw),
    )
    return open_account(spec, at=AT)


def models():
    registered = admin.site._registry
    return [
        model
        for app in ("payments", "compliance")
        for model in apps.get_app_config(app).get_models()
        if model in registered
    ]


def test_every_table_opens_and_none_can_be_changed(staff: Client, account: ProviderAccount):
    names = {model.__name__ for model in models()}
    assert {
        "PaymentIntent",
        "Notice",
        "RefundAttempt",
        "Break",
        "BlockEntry",
        "RuleSetting",
        "DecisionRecord",
    } <= names
    for model in models():
        label = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert staff.get(reverse(f"{label}_changelist")).status_code == 200
        addable = model in {BlockEntry, RuleSetting}
        assert staff.get(reverse(f"{label}_add")).status_code == (200 if addable else 403)
    page = staff.get(reverse("admin:payments_provideraccount_change", args=[account.id]))
    assert page.status_code == 200
    assert b"very-secret" not in page.content
    assert b"credentials" not in page.content
    assert staff.post(reverse("admin:payments_provideraccount_delete", args=[account.id])).status_code == 403


def test_a_block_is_added_masked_and_lifted(staff: Client):
    form = {
        "kind": "contact",
        "text": "13800138000",
        "reason": "fraud",
        "expires_at_0": "",
        "expires_at_1": "",
    }
    assert staff.post(reverse("admin:compliance_blockentry_add"), form).status_code == 302
    entry = BlockEntry.objects.get()
    assert bytes(entry.subject_key) == subject_key(node_keyring(), kind="contact", text="+86 13800138000")
    assert (entry.hint, entry.author, entry.organisation_id) == ("138****8000", "op@example.com", None)
    listed = staff.get(reverse("admin:compliance_blockentry_changelist"))
    assert b"13800138000" not in listed.content
    chosen = {"action": "lift", "_selected_action": [str(entry.id)]}
    assert staff.post(reverse("admin:compliance_blockentry_changelist"), chosen).status_code == 302
    entry.refresh_from_db()
    assert entry.lifted_by == "op@example.com"
    assert list(AuditEntry.objects.order_by("id").values_list("act", flat=True))[-2:] == [
        "compliance.block_added",
        "compliance.block_lifted",
    ]


def test_a_rule_is_set_and_a_hard_one_is_not_offered(staff: Client):
    url = reverse("admin:compliance_rulesetting_add")
    form = {
        "rule": "CS-11",
        "is_enabled": "on",
        "params": '{"units_max": 3}',
        "effective_from_0": "2026-06-01",
        "effective_from_1": "00:00:00",
        "reason": "pilot",
    }
    assert staff.post(url, {**form, "rule": "EC-21"}).status_code == 200
    assert staff.post(url, {**form, "params": '{"speed": 3}'}).status_code == 200
    assert not RuleSetting.objects.exists()
    assert staff.post(url, form).status_code == 302
    stored = RuleSetting.objects.get()
    assert (stored.rule, stored.params, stored.author) == ("CS-11", {"units_max": 3}, "op@example.com")


def test_what_waits_for_a_person(account: ProviderAccount):
    purchase = uuid4()
    values = {
        "account": account,
        "cell": 0,
        "purchase_id": purchase,
        "amount_minor": 1,
        "currency": "CNY",
        "subject": "x",
        "created_at": AT,
        "expires_at": AT + timedelta(minutes=15),
        "next_check_at": AT,
    }
    stuck = PaymentIntent.objects.create(number="P1", state="closing", **values)
    PaymentIntent.objects.create(number="P2", state="refused", **values)
    ProviderCall.objects.create(
        account=account, number="P1", act="close", answer="unknown", detail="timeout", at=AT
    )
    refund = {
        "account": account,
        "cell": 0,
        "provider_payment_no": "Y1",
        "amount_minor": 1,
        "currency": "CNY",
        "created_at": AT,
        "sent_at": AT,
        "next_check_at": AT,
    }
    doubtful = RefundAttempt.objects.create(number="R1", refund_id=uuid4(), state="in_doubt", **refund)
    RefundAttempt.objects.create(number="R2", refund_id=uuid4(), state="done", **refund)
    late = AT + timedelta(hours=1)
    assert queries.payments_waiting(older_than=late) == [stuck]
    assert queries.payments_waiting(older_than=AT) == []
    assert queries.refunds_waiting(older_than=late) == [doubtful]
    story = queries.payment_story(purchase)
    assert [(line.what, line.number, line.detail) for line in story] == [
        ("called", "P1", "close: unknown timeout"),
        ("created", "P1", "closing"),
        ("created", "P2", "refused"),
    ]
