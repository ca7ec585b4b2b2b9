"""Which provider kinds this process can speak to. Filled once at start by whoever wires the node; refuses
doubles.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from kamao.business.payments.port import PaymentProvider

ProviderFactory = Callable[[bytes], PaymentProvider]
"""Makes a provider from the opened credentials of one account (JSON of the provider's own shape)."""

_FACTORIES: Final[dict[str, ProviderFactory]] = {}


class UnknownProvider(Exception):
    """An account names a kind that nothing in this process implements."""


def register_provider(kind: str, *, factory: ProviderFactory) -> None:
    """Make a kind known. Raises ValueError for a kind that is known already."""
    if kind in _FACTORIES:
        raise ValueError(f"two factories for payment provider {kind}")
    _FACTORIES[kind] = factory


def make_provider(kind: str, *, credentials: str) -> PaymentProvider:
    """Return a provider of this kind. Raises UnknownProvider where none is plugged in."""
    factory = _FACTORIES.get(kind)
    if factory is None:
        raise UnknownProvider(kind)
    return factory(credentials.encode())


def registered_kinds() -> tuple[str, ...]:
    """The kinds that can be used here."""
    return tuple(sorted(_FACTORIES))


def encode_credentials(credentials: msgspec.Struct) -> str:
    """Credentials as the text that is sealed."""
    return msgspec.json.encode(credentials).decode()
