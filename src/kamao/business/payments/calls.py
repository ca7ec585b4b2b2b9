"""Speaking to a provider: open an account's credentials, make the call, keep one line of evidence.

Owns the evidence. Refuses to call inside a transaction: a row that says `sent` must be on disk before the
socket opens.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import connection

from kamao.business.keyring import node_keyring
from kamao.business.payments.models import ProviderAccount, ProviderCall
from kamao.business.payments.port import Declined, PaymentProvider, Unknown
from kamao.business.payments.registry import make_provider

Answer = TypeVar("Answer")

_PROVIDERS: dict[tuple[str, bytes], PaymentProvider] = {}
_PROVIDERS_MAX: Final = 64
PARALLEL_MAX: Final = 8


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


def in_parallel(ids: Sequence[UUID], *, work: Callable[[UUID], object]) -> None:
    """Do one provider call per row, a few at a time, so that one silent provider does not hold up the others.

    Each thread has a database connection of its own and closes it. The first failure is raised after all
    have ended; the rows concerned come back by their lease.
    """
    if len(ids) == 1:
        work(ids[0])
        return

    def one(row: UUID) -> None:
        try:
            work(row)
        finally:
            connection.close()

    with ThreadPoolExecutor(PARALLEL_MAX) as pool:
        done = [pool.submit(one, row) for row in ids]
    for future in done:
        future.result()
