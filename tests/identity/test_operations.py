"""Organisations, members and invitations; the audit trail that nobody can change."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.db import DatabaseError, connection, transaction

from kamao.business.engine_bridge import cell_connection
from kamao.business.identity import audit, operations, second_factor
from kamao.business.identity.models import AuditEntry, Invitation, Membership, Organisation, User
from kamao.engine import cells
from kamao.engine.ledger.accounts import wallet
from kamao.engine.ledger.queries import balance
from kamao.engine.trade.operations import merchant_terms
from kamao.kernel.errors import Refusal
from kamao.runtime import django_settings
from tests.identity.factories import NOW, SEED, by, member, organisation, person

pytestmark = pytest.mark.django_db


def in_cell(cell, statement, *values):
    with transaction.atomic(), cell_connection(cell) as raw:
        return raw.execute(statement, values).fetchall()


def test_a_merchant_is_known_to_both_cells_with_its_wallet():
    shop = organisation(level=3)
    for cell in cells.ALL:
        with transaction.atomic(), cell_connection(cell) as raw:
            terms = merchant_terms(raw, shop.id)
            assert (terms.level, terms.status, terms.currency) == (3, "active", "CNY")
            assert balance(raw, wallet(shop.id)).balance_minor == 0
        assert in_cell(
            cell, "SELECT count(*) FROM ledger_account WHERE owner = %s AND kind = 'wallet'", shop.id
        ) == [(1,)]


def test_a_supplier_is_known_to_both_cells_and_a_merchant_is_no_supplier():
    goods = organisation("supplier", "Goods")
    for cell in cells.ALL:
        assert in_cell(cell, "SELECT status FROM trade_supplier WHERE id = %s", goods.id) == [("active",)]
        assert in_cell(cell, "SELECT 1 FROM trade_merchant WHERE id = %s", goods.id) == []


def test_suspending_and_a_new_level_reach_both_cells_and_keep_the_credit_line():
    shop = organisation()
    with transaction.atomic(), cell_connection(cells.LIVE) as raw:
        raw.execute("UPDATE ledger_account SET floor_minor = -5000 WHERE id = %s", (wallet(shop.id).id,))
    operations.set_organisation_status(shop, status="suspended", reason="unpaid", actor=audit.SYSTEM, at=NOW)
    operations.set_merchant_level(shop, level=7, actor=audit.SYSTEM, at=NOW)
    for cell in cells.ALL:
        assert in_cell(cell, "SELECT level, status FROM trade_merchant WHERE id = %s", shop.id) == [
            (7, "suspended")
        ]
    assert in_cell(
        cells.LIVE, "SELECT floor_minor FROM ledger_account WHERE id = %s", wallet(shop.id).id
    ) == [(-5000,)]
    acts = AuditEntry.objects.filter(organisation_id=shop.id).order_by("id").values_list("act", "details")
    assert list(acts) == [
        ("organisation.register", {"kind": "merchant"}),
        ("organisation.set_status", {"before": "active", "after": "suspended", "reason": "unpaid"}),
        ("organisation.set_level", {"before": 0, "after": 7}),
    ]


def test_the_bridge_refuses_to_work_without_a_transaction_and_puts_the_search_path_back():
    with transaction.atomic():
        with cell_connection(cells.TEST) as raw:
            assert raw.execute("SHOW search_path").fetchone() == ("test0,ref_test,public",)
            assert raw.execute("SELECT '{\"a\": 1}'::jsonb").fetchone() == ({"a": 1},)
        with connection.cursor() as cursor:
            cursor.execute("SHOW search_path")
            assert "test0" not in cursor.fetchone()[0]
        assert Organisation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_bridge_needs_atomic():
    with pytest.raises(RuntimeError), cell_connection(cells.LIVE):
        pass


def test_one_mailbox_is_one_account():
    person("ada@example.test")
    with pytest.raises(DatabaseError), transaction.atomic():
        operations.create_user("  ADA@example.test", password=None)
    assert User.objects.count() == 1


def test_the_last_administrator_stays():
    shop = organisation()
    ada = member(shop)
    mine = Membership.objects.get(user=ada)
    for act in (
        lambda: operations.change_role(mine, role="finance", actor=by(ada), at=NOW),
        lambda: operations.remove_member(mine, actor=by(ada), at=NOW),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code == "last_administrator"
    assert Membership.objects.get(user=ada).role == "admin"
    member(shop, "admin", "bob@example.test")
    operations.remove_member(mine, actor=by(ada), at=NOW)
    assert [row.user.email for row in Membership.objects.filter(organisation=shop)] == ["bob@example.test"]


def test_an_invitation_is_accepted_once_by_the_invited_address_only():
    shop = organisation()
    ada = member(shop)
    issued = operations.invite(shop, email="Bob@Example.test", role="finance", actor=by(ada), at=NOW)
    row = Invitation.objects.get()
    assert row.email == "bob@example.test"
    assert issued.token not in repr(issued)
    assert issued.token.encode() not in bytes(row.token_digest)
    found = operations.find_invitation(issued.token, at=NOW)
    eve, bob = person("eve@example.test"), person("bob@example.test")
    with pytest.raises(Refusal) as refused:
        operations.accept_invitation(found, user=eve, actor=by(eve), at=NOW)
    assert refused.value.code == "invitation_for_other"
    operations.accept_invitation(found, user=bob, actor=by(bob), at=NOW)
    assert Membership.objects.get(user=bob).role == "finance"
    with pytest.raises(Refusal) as again:
        operations.accept_invitation(found, user=bob, actor=by(bob), at=NOW)
    assert again.value.code == "invitation_invalid"


@pytest.mark.parametrize("case", ["unknown", "expired", "withdrawn", "replaced"])
def test_a_dead_invitation_says_so(case):
    shop = organisation()
    ada = member(shop)
    issued = operations.invite(shop, email="bob@example.test", role="support", actor=by(ada), at=NOW)
    token, at = issued.token, NOW
    if case == "unknown":
        token = "x" * 43
    elif case == "expired":
        at = NOW + timedelta(days=7)
    elif case == "withdrawn":
        operations.revoke_invitation(issued.row, actor=by(ada), at=NOW)
    else:
        operations.invite(shop, email="bob@example.test", role="admin", actor=by(ada), at=NOW)
    with pytest.raises(Refusal) as refused:
        operations.find_invitation(token, at=at)
    assert refused.value.code == "invitation_invalid"


def test_a_member_is_not_invited_again():
    shop = organisation()
    ada = member(shop)
    with pytest.raises(Refusal) as refused:
        operations.invite(shop, email="ada@example.test", role="admin", actor=by(ada), at=NOW)
    assert refused.value.code == "already_member"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity_auditentry SET act = 'x'",
        "DELETE FROM identity_auditentry",
        "TRUNCATE identity_auditentry",
    ],
)
def test_the_running_node_can_only_add_to_the_audit_trail(statement):
    audit.record("test.act", actor=audit.SYSTEM, at=NOW)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.get().act == "test.act"


def test_an_audit_detail_that_speaks_of_a_secret_is_a_bug():
    with pytest.raises(AssertionError):
        audit.record("test.act", actor=audit.SYSTEM, at=NOW, details={"raw_key": "kmk"})
    assert AuditEntry.objects.count() == 0


def test_a_totp_seed_is_sealed_in_the_database():
    user = person(totp=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert SEED not in stored
    assert second_factor.has_second_factor(user)
    adapter = second_factor.MfaAdapter()
    assert adapter.decrypt(adapter.encrypt(SEED)) == SEED


def test_the_node_hashes_passwords_with_argon2():
    assert django_settings.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"
    assert make_password("x", hasher="argon2").startswith("argon2$argon2id$")


def test_members_of_the_operator_are_staff_while_they_are_members():
    node, shop = organisation("operator", "Node"), organisation()
    member(node, "admin", "boss@example.test")
    ada = person("ada@example.test")
    operations.add_member(shop, user=ada, role="admin", actor=audit.SYSTEM, at=NOW)
    assert not User.objects.get(pk=ada.pk).is_staff
    membership = operations.add_member(node, user=ada, role="finance", actor=audit.SYSTEM, at=NOW)
    assert User.objects.get(pk=ada.pk).is_staff
    operations.remove_member(membership, actor=audit.SYSTEM, at=NOW)
    assert not User.objects.get(pk=ada.pk).is_staff
