"""The life of an import: upload, preview, apply in chunks, cancel. One implementation for page, CLI and API.

Owns the states and their moves, the identity of a file (its digest, its options) and the progress mark that
commits together with each chunk: killed anywhere and started again, nothing is taken twice and nothing is
left out.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Max

from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.supply import files
from kamao.business.supply.models import IMPORT_TRANSITIONS, ImportKind, SheetImport
from kamao.kernel.errors import Refusal, problem
from kamao.kernel.states import may_become

FILENAME_MAX: Final = 200

IMPORT_STATE = problem(
    "import_state_conflict", 409, title_zh="当前状态不能这样操作", title_en="Not possible in this state",
    detail_zh="该导入已经应用、取消或正在处理，请刷新后查看。",
    detail_en="This import was applied or cancelled, or is being worked on; reload to see.",
)  # fmt: skip
IMPORT_NOT_FOUND = problem(
    "import_not_found", 404, title_zh="没有这个导入", title_en="No such import",
    detail_zh="请检查编号。", detail_en="Check the id.",
)  # fmt: skip


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is said beside a file: the offer all its codes belong to, the mode, the only sheets that count."""

    offer: UUID | None = None
    livemode: bool = True
    sheets: tuple[str, ...] = ()


class Upload(msgspec.Struct, frozen=True):
    """A file as it came in."""

    filename: str
    content: bytes


def upload(
    organisation: Organisation,
    file: Upload,
    *,
    kind: str,
    at: datetime,
    actor: audit.Actor,
    options: Options = Options(),
    effective_at: datetime | None = None,
    again: bool = False,
) -> tuple[SheetImport, bool]:
    """Take a file in; return the import and whether it is new.

    The same file with the same options is the same import: an unfinished one is taken up where it stands, a
    finished one is shown again unless ``again`` is asked for. Nothing but the file itself is written.
    """
    if kind not in ImportKind.values:
        raise Refusal("invalid")
    stated = msgspec.json.encode(options) + (effective_at.isoformat().encode() if effective_at else b"")
    identity = {
        "organisation": organisation, "livemode": options.livemode, "kind": kind,
        "file_digest": files.digest(file.content), "options_digest": hashlib.sha256(stated).hexdigest(),
    }  # fmt: skip
    with transaction.atomic():
        # Two uploads of one file at once: the second waits here and finds the first.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        latest = SheetImport.objects.filter(**identity).order_by("-round").first()
        if latest is not None and latest.state != "cancelled" and (latest.state != "done" or not again):
            return latest, False
        sheet_import = SheetImport.objects.create(
            **identity,
            filename=file.filename.replace("\x00", "")[-FILENAME_MAX:],
            round=(SheetImport.objects.filter(**identity).aggregate(last=Max("round"))["last"] or 0) + 1,
            options=msgspec.to_builtins(options),
            effective_at=effective_at,
            user_id=actor.user,
            created_at=at,
        )
        files.store(sheet_import, file.content, at=at)
        audit.record("import.upload", actor=actor, at=at, organisation=organisation.id, object_kind="import",
                     object_id=str(sheet_import.id), details={"kind": kind})  # fmt: skip
    return sheet_import, True


def find(organisation_id: UUID, import_id: UUID) -> SheetImport:
    """Return an organisation's import. Raises Refusal `import_not_found` also for another's."""
    found = SheetImport.objects.filter(pk=import_id, organisation_id=organisation_id).first()
    if found is None:
        raise Refusal("import_not_found")
    return found


def locked(import_id: UUID) -> SheetImport:
    """Return an import with its row locked until the transaction ends."""
    return SheetImport.objects.select_for_update().get(pk=import_id)


def move(sheet_import: SheetImport, state: str) -> None:
    """Change the state along the table; the caller saves. Raises Refusal `import_state_conflict`."""
    if not may_become(IMPORT_TRANSITIONS, sheet_import.state, state):
        raise Refusal("import_state_conflict")
    sheet_import.state = state


def start(import_id: UUID, *, at: datetime, actor: audit.Actor) -> SheetImport:
    """Begin (or take up) applying a previewed import: from now on whoever runs rounds applies its chunks."""
    with transaction.atomic():
        sheet_import = locked(import_id)
        if sheet_import.state == "applying":
            return sheet_import
        move(sheet_import, "applying")
        sheet_import.started_at = sheet_import.started_at or at
        sheet_import.cancel_asked = False
        sheet_import.failure = ""
        sheet_import.save()
        audit.record("import.apply", actor=actor, at=at, organisation=sheet_import.organisation_id,
                     object_kind="import", object_id=str(import_id))  # fmt: skip
    return sheet_import


def cancel(import_id: UUID, *, at: datetime, actor: audit.Actor) -> SheetImport:
    """Cancel: before applying at once, while applying after the chunk at hand; what was applied stays."""
    with transaction.atomic():
        sheet_import = locked(import_id)
        if sheet_import.state == "applying":
            sheet_import.cancel_asked = True
        else:
            move(sheet_import, "cancelled")
            sheet_import.finished_at = at
        sheet_import.save()
        audit.record("import.cancel", actor=actor, at=at, organisation=sheet_import.organisation_id,
                     object_kind="import", object_id=str(import_id))  # fmt: skip
    return sheet_import


ApplyChunk = Callable[[SheetImport, datetime], int]
"""Applies the next rows of a locked import inside the caller's transaction; returns how many rows it went
through.
"""


def apply_next_chunk(import_id: UUID, apply_chunk: ApplyChunk, *, at: datetime) -> SheetImport:
    """Apply one chunk of an import that is being applied; it commits with its progress mark.

    Any number of processes may do this at once: the import's row lock puts their chunks one after another.
    """
    with transaction.atomic():
        sheet_import = locked(import_id)
        if sheet_import.state != "applying":
            return sheet_import
        if sheet_import.cancel_asked:
            move(sheet_import, "cancelled")
            sheet_import.finished_at = at
        else:
            sheet_import.place_done += apply_chunk(sheet_import, at)
            sheet_import.touched_at = at
            if sheet_import.place_done >= sheet_import.rows_total:
                move(sheet_import, "done")
                sheet_import.finished_at = at
        sheet_import.save()
    return sheet_import


def fail(import_id: UUID, *, reason: str) -> None:
    """Mark an import as interrupted: it may be started again and goes on where its mark stands."""
    with transaction.atomic():
        sheet_import = locked(import_id)
        if may_become(IMPORT_TRANSITIONS, sheet_import.state, "failed"):
            move(sheet_import, "failed")
            sheet_import.failure = reason[:200]
            sheet_import.save()


def discard(import_id: UUID, *, at: datetime, reason: str) -> None:
    """End an import whose file cannot be read: cancelled, so that the file may be sent again once it is
    repaired.
    """
    with transaction.atomic():
        sheet_import = locked(import_id)
        move(sheet_import, "cancelled")
        sheet_import.failure = reason[:200]
        sheet_import.finished_at = at
        sheet_import.save()
