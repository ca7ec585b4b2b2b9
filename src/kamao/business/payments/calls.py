"""Speaking to a provider: open an account's credentials, make the call, keep one line of evidence.

Owns the evidence. Refuses to call inside a transaction: a row that says `sent` must be on disk before the
socket opens.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import connection

from kamao.business.keyring import node_keyring
from kamao.business.payments.models import ProviderAccount, ProviderCall
from kamao.business.payments.port import Declined, PaymentProvider, Unknown
from kamao.business.payments.registry import make_provider

Answer = TypeVar("Answer")

_PROVIDERS: dict[tuple[str, bytes], PaymentProvider] = {}
_PROVIDERS_MAX = 64


def provider_of(account: ProviderAccount) -> PaymentProvider:
    """The provider of an account, kept per process while its sealed credentials stay the same."""
    sealed = bytes(account.credentials_sealed)
    key = (account.kind, sealed)
    known = _PROVIDERS.get(key)
    if known is None:
        known = make_provider(account.kind, credentials=node_keyring().open_text(account.id, sealed))
        while len(_PROVIDERS) >= _PROVIDERS_MAX:
            _PROVIDERS.pop(next(iter(_PROVIDERS)))
        _PROVIDERS[key] = known
    return known


def call_provider(
    account: ProviderAccount,
    *,
    act: str,
    number: str,
    at: datetime,
    work: Callable[[PaymentProvider], Answer],
) -> Answer:
    """Make one call outside any transaction and note what was asked and answered."""
    if connection.in_atomic_block:
        raise RuntimeError("a provider is never called inside a transaction")
    answer = work(provider_of(account))
    detail = answer.reason if isinstance(answer, Unknown | Declined) else ""
    ProviderCall.objects.create(
        account=account, number=number, act=act, answer=type(answer).__name__.lower(), detail=detail, at=at
    )
    return answer
