"""The demo's accounts at the sandbox bank: opened (or brought up to date) before anything is sold.

Owns the order: the bank's credentials exist before its process does. Refuses to run without a demo.
"""

from datetime import UTC, datetime
from pathlib import Path

from kamao.connectors.sandbox_bank.enrol import open_sandbox_accounts
from kamao_sandbox.bank.credentials import open_credentials


def enrol_sandbox_bank(bank_home: Path, *, base_url: str) -> str:
    """Open the operator's accounts `sandbox-live` and `sandbox-test`; returns the control desk's token."""
    credentials, _ = open_credentials(bank_home, merchants=["live", "test"])
    open_sandbox_accounts(bank_home, base_url=base_url, at=datetime.now(UTC))
    return credentials.control_token
