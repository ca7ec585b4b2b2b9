"""Members, invitations, API keys and the audit trail as pages."""

import re
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from kamao.business.identity import operations
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import ApiKey, AuditEntry, Invitation, Membership, User
from tests.identity.factories import PASSWORD, person
from tests.portals.consoles.conftest import Browser

KEY_FORM = {
    "label": "till",
    "cell": "1",
    "scopes": ["orders:write", "orders:read"],
    "ip_networks": "203.0.113.7\n10.0.0.0/8",
    "days": "30",
    "rate_limit_per_minute": "90",
}


def make_key(browser, **changes):
    answer = browser.post(reverse("accounts:api_keys"), {**KEY_FORM, **changes})
    found = re.search(r"data-raw-key>(kmk_[a-z0-9_]+)<", answer.content.decode())
    return answer, found.group(1) if found else None


def test_a_key_is_shown_once(trade):
    admin = trade.sign_in("admin")
    answer, raw = make_key(admin)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    row = ApiKey.objects.get()
    assert raw.startswith(row.prefix)
    assert (row.organisation_id, row.cell, row.scopes) == (
        trade.merchant.id,
        1,
        ["orders:write", "orders:read"],
    )
    assert row.ip_networks == ["203.0.113.7/32", "10.0.0.0/8"]
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=31)
    assert row.rate_limit_per_minute == 90
    assert raw not in admin.get(reverse("accounts:api_keys")).content.decode()


def test_a_wrong_wish_makes_no_key_and_says_what_is_wrong(trade):
    admin = trade.sign_in("admin")
    for changes in ({"ip_networks": "300.1.1.1"}, {"scopes": ["supply:write"]}, {"label": ""}, {"cell": "7"}):
        answer, raw = make_key(admin, **changes)
        assert answer.status_code == 422
        assert raw is None
        assert "field-error" in answer.content.decode() or "note-crimson" in answer.content.decode()
    assert ApiKey.objects.count() == 0


def test_keys_are_rotated_and_revoked_and_foreign_ones_are_404(trade):
    admin = trade.sign_in("admin")
    _answer, raw = make_key(admin)
    row = ApiKey.objects.get()
    answer = admin.post(reverse("accounts:api_key_rotate", args=[row.id]), {"overlap_h": "2"})
    successor = re.search(r"data-raw-key>(kmk_[a-z0-9_]+)<", answer.content.decode()).group(1)
    assert successor != raw
    row.refresh_from_db()
    assert timedelta(minutes=119) < row.expires_at - timezone.now() < timedelta(minutes=121)
    stranger = trade.sign_in("admin", trade.other)
    for name in ("accounts:api_key_rotate", "accounts:api_key_revoke"):
        assert stranger.post(reverse(name, args=[row.id])).status_code == 404
    admin.post(reverse("accounts:api_key_revoke", args=[row.id]))
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_a_supplier_gets_suppliers_scopes(trade):
    page = trade.sign_in("admin", trade.supplier).get(reverse("accounts:api_keys")).content.decode()
    assert "supply:write" in page
    assert "orders:write" not in page


def invite(trade, browser, email="bob@example.test", role="finance"):
    answer = browser.post(reverse("merchant:member_invite"), {"email": email, "role": role})
    link = re.search(r"data-copy=\"([^\"]+)\"", answer.content.decode())
    return answer, link.group(1) if link else None


def test_an_invited_stranger_signs_up_and_becomes_a_member(trade):
    answer, link = invite(trade, trade.sign_in("admin"))
    assert "no-store" in answer.headers["Cache-Control"]
    url, _, token = link.partition("#")
    assert url == "http://testserver/accounts/invitation/"
    bob = Browser()
    assert bob.post("/accounts/invitation/", {"token": token}).status_code == 302
    shown = bob.get("/accounts/invitation/").content.decode()
    assert "Shop" in shown
    assert token not in shown
    for email, works in (("eve@example.test", False), ("bob@example.test", True)):
        bob.post("/accounts/signup/", {"email": email, "password1": PASSWORD, "password2": PASSWORD})
        assert User.objects.filter(email=email).exists() is works
    assert Membership.objects.filter(user__email="bob@example.test").count() == 0, (
        "signing up is not accepting"
    )
    assert bob.get("/merchant/").status_code == 404
    accepted = bob.post("/accounts/invitation/", {"accept": "1"})
    assert accepted.headers["Location"] == "/merchant/"
    assert bob.get("/merchant/").status_code == 200
    assert Membership.objects.get(user__email="bob@example.test").role == "finance"
    assert Browser().post("/accounts/invitation/", {"token": token}).status_code == 422


def test_an_invitation_is_not_accepted_by_somebody_else(trade):
    _answer, link = invite(trade, trade.sign_in("admin"))
    eve = Browser(person("eve@example.test"))
    eve.post("/accounts/invitation/", {"token": link.partition("#")[2]})
    assert eve.post("/accounts/invitation/", {"accept": "1"}).status_code == 403
    assert Membership.objects.filter(user=eve.user).count() == 0
    assert Invitation.objects.get().accepted_at is None


def test_an_invitation_can_be_withdrawn_by_its_own_organisation_only(trade):
    admin = trade.sign_in("admin")
    _answer, link = invite(trade, admin)
    row = Invitation.objects.get()
    stranger = trade.sign_in("admin", trade.other)
    assert stranger.post(reverse("merchant:invitation_revoke", args=[row.id])).status_code == 404
    admin.post(reverse("merchant:invitation_revoke", args=[row.id]))
    assert Browser().post("/accounts/invitation/", {"token": link.partition("#")[2]}).status_code == 422


def test_roles_change_and_the_last_administrator_stays(trade):
    admin = trade.sign_in("admin")
    finance = trade.sign_in("finance")
    change = reverse("merchant:member_change", args=[finance.user.id])
    admin.post(change, {"role": "support"})
    assert finance.get(reverse("merchant:wallet")).status_code == 403
    assert (
        finance.post(reverse("merchant:member_change", args=[admin.user.id]), {"remove": "1"}).status_code
        == 403
    )
    own = admin.post(
        reverse("merchant:member_change", args=[admin.user.id]), {"role": "support"}, follow=True
    )
    assert "请先指定另一名管理员" in own.content.decode()
    admin.post(change, {"remove": "1"})
    assert finance.get(reverse("merchant:home")).status_code == 404
    stranger = trade.sign_in("admin", trade.other)
    assert (
        admin.post(reverse("merchant:member_change", args=[stranger.user.id]), {"remove": "1"}).status_code
        == 404
    )


def test_the_audit_trail_shows_ones_own_entries_and_is_exported(trade):
    admin = trade.sign_in("admin")
    make_key(admin)
    make_key(trade.sign_in("admin", trade.other), label="foreign")
    page = admin.get(reverse("merchant:audit")).content.decode()
    assert "api_key.create" in page
    assert "till" in page
    assert "foreign" not in page
    assert "api_key.create" not in admin.get(reverse("merchant:audit"), {"q": "member"}).content.decode()
    exported = admin.get(reverse("merchant:audit"), {"format": "csv"}).content.decode("utf-8-sig")
    assert "api_key.create" in exported
    assert "kmk_test_" in exported
    assert AuditEntry.objects.filter(act="export.make").count() == 1


def test_a_person_in_two_organisations_chooses(trade):
    admin = trade.sign_in("admin")
    operations.add_member(trade.other, user=admin.user, role="support", actor=SYSTEM, at=timezone.now())
    assert "Shop" in admin.get("/merchant/").content.decode()
    admin.post(reverse("accounts:choose"), {"organisation": str(trade.other.id)})
    assert "Other" in admin.get("/merchant/").content.decode()
    assert admin.get(reverse("merchant:wallet")).status_code == 403, "the role there counts"
    assert admin.post(reverse("accounts:choose"), {"organisation": str(trade.supplier.id)}).status_code == 404
    assert admin.post(reverse("accounts:choose"), {"organisation": "x"}).status_code == 404
