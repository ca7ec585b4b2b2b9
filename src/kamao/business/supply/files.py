"""Uploaded files at rest: sealed, found again by a keyed digest, removed when their time is over."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kamao.business.keyring import node_keyring
from kamao.business.supply.models import SheetFile, SheetImport
from kamao.kernel.errors import Refusal

KEEP: Final = timedelta(days=7)
"""How long a file stays after its upload, so that refused rows can be given back in it."""


def digest(content: bytes) -> str:
    """Return what stands for a file's content; keyed, because a file may hold a single code."""
    return node_keyring().content_digest(content).hex()


def store(sheet_import: SheetImport, content: bytes, *, at: datetime) -> None:
    """Seal and keep the bytes of an import."""
    wrapped, key = node_keyring().new_data_key(sheet_import.id)
    sealed = key.seal(sheet_import.id, content)
    SheetFile.objects.update_or_create(
        sheet_import=sheet_import,
        defaults={"wrapped_key": wrapped, "sealed": sealed, "keep_until": at + KEEP},
    )


def load(import_id: UUID) -> bytes:
    """Return the bytes of an import. Raises Refusal `not_found` when they are no longer kept."""
    row = SheetFile.objects.filter(pk=import_id).first()
    if row is None:
        raise Refusal("not_found", zh="原文件已超过保留期限，请重新上传。",
                      en="The file is no longer kept; upload it again.")  # fmt: skip
    key = node_keyring().open_data_key(import_id, bytes(row.wrapped_key))
    return key.open(import_id, bytes(row.sealed))


def remove_expired(*, at: datetime) -> int:
    """Delete files whose time is over; returns how many."""
    removed, _ = SheetFile.objects.filter(keep_until__lt=at).delete()
    return removed
