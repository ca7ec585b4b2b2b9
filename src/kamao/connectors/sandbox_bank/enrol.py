"""Opening provider accounts at a sandbox bank on this machine, from the credentials file it keeps in its
home.

Owns reading that file. Refuses to make an account for anything but the sandbox: real providers' credentials
are typed in by the operator.
"""

from datetime import datetime
from pathlib import Path

import msgspec

from kamao.business.payments.accounts import AccountSpec, open_account
from kamao.business.payments.models import ProviderAccount
from kamao.business.payments.registry import encode_credentials
from kamao.connectors.sandbox_bank import KIND
from kamao.connectors.sandbox_bank.transport import Credentials
from kamao.engine.cells import ALL

CUSTODIAN = "sandbox bank (test)"


class _Merchant(msgspec.Struct):
    number: str
    secret: str


class _BankFile(msgspec.Struct):
    public_key: str
    merchants: dict[str, _Merchant]


def open_sandbox_accounts(
    bank_home: Path, *, base_url: str, at: datetime, currency: str = "CNY"
) -> list[ProviderAccount]:
    """Open (or bring up to date) the operator's account in each cell: `sandbox-live` and `sandbox-test`."""
    file = msgspec.json.decode((bank_home / "credentials.json").read_bytes(), type=_BankFile)
    accounts = []
    for cell, name in zip(ALL, ("live", "test"), strict=True):
        merchant = file.merchants[name]
        credentials = Credentials(base_url, merchant.number, merchant.secret, file.public_key)
        spec = AccountSpec(
            key=f"sandbox-{name}",
            kind=KIND,
            name="沙盒银行 Sandbox bank",
            cell=cell.number,
            currency=currency,
            custodian=CUSTODIAN,
            merchant_number=merchant.number,
            credentials=encode_credentials(credentials),
        )
        accounts.append(open_account(spec, at=at))
    return accounts
