"""Which preview and which application belong to a kind of import; the one door that page, CLI, API and worker use."""

import logging
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import DatabaseError

from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.supply import import_codes, import_offers, imports
from kamao.business.supply.imports import Options, Upload
from kamao.business.supply.models import SheetImport
from kamao.business.supply.sheets.index import SkuIndex
from kamao.kernel.clock import Clock, SystemClock
from kamao.kernel.errors import Refusal

log = logging.getLogger("kamao.supply")
_PREVIEWS: Final = {"offers": import_offers.preview, "codes": import_codes.preview}


def preview(import_id: UUID, *, at: datetime, index: SkuIndex | None = None) -> SheetImport:
    """Preview an uploaded import by its kind; an unreadable file fails it with the reason, which is raised too."""
    sheet_import = SheetImport.objects.get(pk=import_id)
    try:
        return _PREVIEWS[sheet_import.kind](import_id, at=at, index=index)
    except Refusal as refusal:
        if refusal.code in {"file_unreadable", "file_too_large"}:
            imports.discard(import_id, at=at, reason=refusal.code)
        raise


def apply(import_id: UUID, *, clock: Clock | None = None, index: SkuIndex | None = None) -> SheetImport:
    """Apply a started import to its end. A lost database leaves it where its mark stands, to be started again."""
    sheet_import = SheetImport.objects.get(pk=import_id)
    if sheet_import.state != "applying":
        return sheet_import
    chunk = import_offers.apply_chunk
    if sheet_import.kind == "codes":
        chunk = import_codes.CodeApplier(sheet_import, index=index).apply_chunk
    return imports.run(import_id, chunk, clock=clock or SystemClock())


def apply_in_job(import_id: UUID) -> None:
    """What the background job runs: applies, and marks the import as interrupted when the database refuses."""
    try:
        apply(import_id)
    except DatabaseError as error:
        log.warning("import %s interrupted: %s", import_id, type(error).__name__)
        imports.fail(import_id, reason=type(error).__name__)
        raise


def import_file(
    organisation: Organisation,
    file: Upload,
    *,
    kind: str,
    clock: Clock,
    actor: audit.Actor = audit.SYSTEM,
    options: Options = Options(),
    effective_at: datetime | None = None,
    again: bool = False,
    index: SkuIndex | None = None,
) -> SheetImport:
    """Take a file from upload to its end in one call (CLI, demo, tests), or back to where a person must choose."""
    sheet_import, _fresh = imports.upload(
        organisation, file, kind=kind, at=clock.now(), actor=actor, options=options, effective_at=effective_at,
        again=again,
    )  # fmt: skip
    if sheet_import.state in {"uploaded", "parsed"}:
        sheet_import = preview(sheet_import.id, at=clock.now(), index=index)
    if sheet_import.state in {"previewed", "failed"}:
        imports.start(sheet_import.id, at=clock.now(), actor=actor, in_background=False)
    return apply(sheet_import.id, clock=clock, index=index)
