"""Doing something once per key. Owns the claim, the comparison with the first request and the stored reply.

Refuses: a key used for another request (`idempotency_mismatch`), a key whose first request is still being
worked on (`idempotency_in_progress`). Refused and failed requests store nothing: they may be tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from django.db import connection, transaction

from kamao.business.idempotency.models import StoredReply
from kamao.kernel.errors import PROBLEMS, Refusal, problem

KEPT: Final = timedelta(days=31)
_REMOVED_MAX: Final = 10_000

IN_PROGRESS = PROBLEMS.get("idempotency_in_progress") or problem(
    "idempotency_in_progress", 409, title_zh="请求处理中", title_en="Request in progress",
    detail_zh="同一 Idempotency-Key 的请求正在处理；请稍后重试。",
    detail_en="A request with this Idempotency-Key is being worked on; repeat it in a moment.",
)  # fmt: skip
MISMATCH = PROBLEMS.get("idempotency_mismatch") or problem(
    "idempotency_mismatch", 422, title_zh="幂等键内容不符", title_en="Idempotency key mismatch",
    detail_zh="该 Idempotency-Key 已用于内容不同的请求；新请求请换用新键。",
    detail_en=(
        "This Idempotency-Key belongs to a request with other content; use a new key for a new request."
    ),
)  # fmt: skip


class Claim(msgspec.Struct, frozen=True):
    """Whose key, in which cell, for which request; `fingerprint` is SHA-256 over method, path and body."""

    organisation: UUID
    cell: int
    key: str
    fingerprint: bytes


class Reply(msgspec.Struct, frozen=True):
    """An answer: the status, what this caller is shown, and what is kept (the same without its secrets)."""

    status: int
    body: bytes
    kept: bytes
    is_replay: bool = False


def fingerprint_of(method: str, path: str, body: bytes) -> bytes:
    """Return what identity of a repeated request is judged by."""
    digest = hashlib.sha256(f"{method} {path}\n".encode())
    digest.update(body)
    return digest.digest()


def once(claim: Claim, work: Callable[[], Reply], *, at: datetime) -> Reply:
    """Run `work` the first time a key is seen, in one transaction with its stored reply; afterwards replay
    the reply.

    The claim is a lock that ends with the transaction, so that a crash leaves neither effect nor claim.
    """
    with transaction.atomic():
        if not _claimed(claim):
            raise Refusal("idempotency_in_progress", retry_after_s=1)
        stored = StoredReply.objects.filter(
            organisation_id=claim.organisation, cell=claim.cell, key=claim.key
        ).first()
        if stored is not None:
            if bytes(stored.fingerprint) != claim.fingerprint:
                raise Refusal("idempotency_mismatch")
            body = bytes(stored.body)
            return Reply(stored.status, body, body, is_replay=True)
        reply = work()
        StoredReply.objects.create(
            organisation_id=claim.organisation,
            cell=claim.cell,
            key=claim.key,
            fingerprint=claim.fingerprint,
            status=reply.status,
            body=reply.kept,
            created_at=at,
        )
    return reply


def remove_old_replies(*, at: datetime) -> int:
    """Forget replies older than 31 days, a bounded number per call; return how many."""
    old = (
        StoredReply.objects.filter(created_at__lt=at - KEPT)
        .order_by("created_at")
        .values("pk")[:_REMOVED_MAX]
    )
    count, _ = StoredReply.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    return count


def _claimed(claim: Claim) -> bool:
    """Try the lock of a key without waiting: who finds it taken is told so instead of holding a
    connection.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 4))",
            [f"idempotency|{claim.organisation}|{claim.cell}|{claim.key}"],
        )
        row = cursor.fetchone()
    return bool(row and row[0])
