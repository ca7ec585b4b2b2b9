"""Names and ids of accounts. Owns which kinds have a floor and which side is natural to them.

An account's id is derived from its name (UUIDv8 over BLAKE2b), so the engine never looks an account up to
post to it.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from kamao.engine.pool import Connection
from kamao.engine.statements import statement

FLOORED: Final = frozenset({"wallet", "payable", "deposit", "guarantee"})
"""Kinds whose balance may not fall below a floor: locked rows with numbered entries. All are
credit-normal.
"""

DEBIT_NORMAL: Final = frozenset(
    {"cash", "expense", "inventory", "cogs", "float", "receivable", "loss", "suspense", "fx", "opening"}
)


class Account(msgspec.Struct, frozen=True):
    """An account's identity: everything about it that its name determines."""

    id: UUID
    name: str
    kind: str
    owner: UUID | None
    currency: str
    custodian: str | None

    @property
    def floored(self) -> bool:
        """Whether the account's balance is kept under a lock."""
        return self.kind in FLOORED

    @property
    def normal(self) -> int:
        """1 where credits raise the balance, -1 where debits do."""
        return -1 if self.kind in DEBIT_NORMAL else 1


def account_id(name: str) -> UUID:
    """Return the id that belongs to an account's name."""
    number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16, person=b"kamao-account").digest())
    number = number & ~(0xF << 76) & ~(0b11 << 62) | (0x8 << 76) | (0b10 << 62)
    return UUID(int=number)


@lru_cache(maxsize=65_536)
def owned(kind: str, owner: UUID, currency: str) -> Account:
    """Return the account of an organisation, such as ``wallet:<merchant>:CNY``."""
    name = f"{kind}:{owner.hex}:{currency}"
    return Account(account_id(name), name, kind, owner, currency, None)


@lru_cache(maxsize=4_096)
def platform(kind: str, currency: str, part: str = "") -> Account:
    """Return one of the node's own accounts, such as ``escrow:CNY`` or ``income:margin:CNY``."""
    name = f"{kind}:{part}:{currency}" if part else f"{kind}:{currency}"
    return Account(account_id(name), name, kind, None, currency, None)


@lru_cache(maxsize=1_024)
def cash(custodian: str, currency: str) -> Account:
    """Return the cash held by a custodian (a provider or a bank), such as ``cash:sandbox_bank:CNY``."""
    name = f"cash:{custodian}:{currency}"
    return Account(account_id(name), name, "cash", None, currency, custodian)


def wallet(merchant: UUID, currency: str = "CNY") -> Account:
    """Return a merchant's prepaid balance."""
    return owned("wallet", merchant, currency)


def escrow(currency: str = "CNY") -> Account:
    """Return the account that holds the money of unsettled orders."""
    return platform("escrow", currency)


def payable(organisation: UUID, currency: str = "CNY") -> Account:
    """Return what is owed to an organisation."""
    return owned("payable", organisation, currency)


def node_accounts(currency: str = "CNY") -> list[Account]:
    """Return the node's own accounts that trade in a currency posts to without asking."""
    return [
        escrow(currency),
        platform("refund_due", currency),
        platform("unapplied", currency),
        platform("guarantee", currency),
        platform("recourse", currency),
        platform("income", currency, "margin"),
    ]


def ensure_accounts(connection: Connection, accounts: Sequence[Account], *, at: datetime) -> None:
    """Create the accounts that do not exist yet; existing ones are left as they are."""
    unique = sorted({account.id: account for account in accounts}.values(), key=lambda account: account.id)
    with connection.cursor() as cursor:
        cursor.execute(
            statement("ledger/ensure_accounts"),
            (
                at,
                [account.id for account in unique],
                [account.name for account in unique],
                [account.kind for account in unique],
                [account.owner for account in unique],
                [account.currency for account in unique],
                [account.custodian for account in unique],
                [account.normal for account in unique],
                [account.floored for account in unique],
            ),
        )
