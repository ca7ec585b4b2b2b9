"""The sandbox bank as a payment provider: a real HTTP client of a process that misbehaves on purpose."""

from kamao.business.payments.registry import register_provider
from kamao.connectors.sandbox_bank.provider import make_provider

KIND = "sandbox_bank"


def plug_in() -> None:
    """Make the kind `sandbox_bank` known to this process."""
    register_provider(KIND, factory=make_provider)
