"""The sandbox bank as a payment provider: a real HTTP client of a process that misbehaves on purpose."""

from functools import partial

from kamao.business.payments.registry import register_provider
from kamao.connectors.sandbox_bank.provider import make_provider

KIND = "sandbox_bank"


def plug_in(*, base_url: str = "") -> None:
    """Make the kind `sandbox_bank` known to this process.

    `base_url` is where this node's own bank listens now and goes before the address that accounts were
    opened with, because a node may be started on other ports; empty: the accounts' own.
    """
    register_provider(KIND, factory=partial(make_provider, base_url=base_url))
