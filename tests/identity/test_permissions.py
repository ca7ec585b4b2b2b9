"""Role × permission, written out a second time on purpose: a changed table must be changed twice."""

import pytest

from kamao.business.identity import operations
from kamao.business.identity.audit import SYSTEM
from kamao.business.identity.models import Role
from kamao.business.identity.permissions import Permission, mask_target, permissions_of, require
from kamao.kernel.errors import Refusal
from tests.identity.factories import NOW, member, organisation, person

ROLES = ["admin", "operations", "purchasing", "finance", "support"]
# Columns: admin, operations, purchasing, finance, support. "o" counts in operator organisations only.
MATRIX = """
home.read             x x x x x
orders.read           x x x x x
orders.place          x x x . .
orders.cancel         x x x . x
orders.refund         x x . x x
costs.read            x x x x .
targets.read          x x x . .
codes.reveal          x x x . .
wallet.read           x . x x .
wallet.manage         x . . x .
prices.manage         x x . . .
listings.manage       x x . . .
shop.manage           x x . . .
supply.read           x x x x .
supply.manage         x x x . .
fulfilments.manage    x x x . .
payouts.manage        x . . x .
exports.make          x x x x .
webhooks.manage       x x . . .
api_keys.manage       x . . . .
members.read          x x x x x
members.manage        x . . . .
audit.read            x . . x .
organisations.read    o o . o .
organisations.manage  o . . . .
books.read            o . . o .
catalogue.manage      o o o . .
impersonate           o . . . .
"""
CELLS = [
    (line.split()[0], role, mark)
    for line in MATRIX.strip().splitlines()
    for role, mark in zip(ROLES, line.split()[1:], strict=True)
]


def test_the_matrix_speaks_of_every_role_and_permission():
    assert {name for name, _, _ in CELLS} == {permission.value for permission in Permission}
    assert set(ROLES) == set(Role.values)


@pytest.mark.parametrize(("name", "role", "mark"), CELLS)
def test_what_a_role_may(name, role, mark):
    permission = Permission(name)
    assert (permission in permissions_of(role, "merchant")) is (mark == "x")
    assert (permission in permissions_of(role, "supplier")) is (mark == "x")
    assert (permission in permissions_of(role, "operator")) is (mark in "xo")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_require_follows_the_matrix(role):
    shop = organisation()
    user = member(shop, role)
    for name, who, mark in CELLS:
        if who != role:
            continue
        if mark == "x":
            assert require(user, shop, Permission(name)).role == role
        else:
            with pytest.raises(Refusal) as refused:
                require(user, shop, Permission(name))
            assert refused.value.status == 403


@pytest.mark.django_db
def test_a_stranger_gets_404_and_so_does_a_closed_or_ended_account():
    shop, other = organisation(), organisation(name="Other")
    ada = member(shop)
    for user, of in ((person("eve@example.test"), shop), (ada, other)):
        with pytest.raises(Refusal) as refused:
            require(user, of, Permission.HOME_READ)
        assert refused.value.status == 404
    ada.is_active = False
    with pytest.raises(Refusal) as refused:
        require(ada, shop, Permission.HOME_READ)
    assert refused.value.status == 404


@pytest.mark.django_db
def test_a_suspended_organisation_can_be_read_and_nothing_else():
    shop = organisation()
    ada = member(shop)
    shop = operations.set_organisation_status(shop, status="suspended", reason="", actor=SYSTEM, at=NOW)
    assert require(ada, shop, Permission.WALLET_READ)
    for permission in (
        Permission.ORDERS_PLACE,
        Permission.CODES_REVEAL,
        Permission.API_KEYS_MANAGE,
        Permission.EXPORT,
    ):
        with pytest.raises(Refusal) as refused:
            require(ada, shop, permission)
        assert refused.value.status == 403


@pytest.mark.django_db
def test_support_refunds_up_to_a_limit_and_others_without_one():
    shop = organisation()
    assert require(member(shop, "support"), shop, Permission.ORDERS_REFUND).refund_limit_minor == 20_000
    finance = member(shop, "finance", "bob@example.test")
    assert require(finance, shop, Permission.ORDERS_REFUND).refund_limit_minor is None


@pytest.mark.parametrize(
    ("target", "seen"),
    [
        ("13812345678", "138*****678"),
        ("12345678", "123**678"),
        ("12345", "1***5"),
        ("1234", "****"),
        ("", ""),
    ],
)
def test_a_masked_target(target, seen):
    assert mask_target(target) == seen
