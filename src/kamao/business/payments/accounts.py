"""Provider accounts: opening them, choosing one for a purchase.

Owns the seal on credentials and the rule that each account names its custodian: whose hands the money is
in. Refuses an account without one.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from kamao.business.keyring import node_keyring
from kamao.business.payments.calls import provider_of
from kamao.business.payments.errors import PAYMENT_ACCOUNT_NOT_FOUND
from kamao.business.payments.models import ProviderAccount
from kamao.kernel.errors import Refusal
from kamao.kernel.ids import new_uuid7


class AccountSpec(msgspec.Struct, frozen=True):
    """A provider account to open; `credentials` is the provider's own JSON and is sealed before it is
    stored.
    """

    key: str
    kind: str
    name: str
    cell: int
    currency: str
    custodian: str
    merchant_number: str
    credentials: str
    organisation: UUID | None = None


def open_account(spec: AccountSpec, *, at: datetime) -> ProviderAccount:
    """Store an account, or bring the one with this key up to date (new credentials, new name).

    Key, cell, currency and provider never change. Raises UnknownProvider for a kind that is not plugged in.
    """
    account = ProviderAccount.objects.filter(key=spec.key).first()
    if account is None:
        account = ProviderAccount(
            id=new_uuid7(),
            key=spec.key,
            kind=spec.kind,
            cell=spec.cell,
            currency=spec.currency,
            created_at=at,
        )
    if (account.kind, account.cell, account.currency) != (spec.kind, spec.cell, spec.currency):
        raise ValueError(f"account {spec.key} exists with another provider, cell or currency")
    account.name = spec.name
    account.custodian = spec.custodian
    account.organisation_id = spec.organisation
    account.merchant_number = spec.merchant_number
    account.credentials_sealed = node_keyring().seal_text(account.id, spec.credentials)
    account.is_test = provider_of(account).capabilities.is_test
    account.save()
    return account


def accounts_for(merchant: UUID, *, cell: int, currency: str) -> list[ProviderAccount]:
    """The accounts a shop of `merchant` can collect with: its own first, then the operator's."""
    rows = ProviderAccount.objects.filter(cell=cell, currency=currency, is_enabled=True)
    own = list(rows.filter(organisation_id=merchant).order_by("created_at", "id"))
    return own + list(rows.filter(organisation_id__isnull=True).order_by("created_at", "id"))


def account_for(merchant: UUID, *, cell: int, currency: str, account: UUID | None = None) -> ProviderAccount:
    """The account chosen (or the first usable one). Raises Refusal `payment_account_not_found`."""
    for candidate in accounts_for(merchant, cell=cell, currency=currency):
        if account is None or candidate.id == account:
            return candidate
    raise Refusal(PAYMENT_ACCOUNT_NOT_FOUND.code)
