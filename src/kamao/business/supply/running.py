"""Which preview and which application belong to a kind of import; the one door that page, CLI, API and worker
use.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import DataError, IntegrityError
from django.db.models import F

from kamao.business.identity import audit
from kamao.business.identity.models import Organisation
from kamao.business.supply import import_codes, import_offers, imports
from kamao.business.supply.imports import Options, Upload
from kamao.business.supply.models import SheetImport
from kamao.business.supply.sheets.index import SkuIndex
from kamao.kernel.clock import Clock
from kamao.kernel.errors import Refusal

log = logging.getLogger("kamao.supply")
_PREVIEWS: Final = {"offers": import_offers.preview, "codes": import_codes.preview}


def preview(import_id: UUID, *, at: datetime, index: SkuIndex | None = None) -> SheetImport:
    """Preview an uploaded import by its kind; an unreadable file fails it with the reason, which is raised
    too.
    """
    sheet_import = SheetImport.objects.get(pk=import_id)
    try:
        return _PREVIEWS[sheet_import.kind](import_id, at=at, index=index)
    except Refusal as refusal:
        if refusal.code in {"file_unreadable", "file_too_large"}:
            imports.discard(import_id, at=at, reason=refusal.code)
        raise


def apply(
    import_id: UUID,
    *,
    clock: Clock,
    index: SkuIndex | None = None,
    on_chunk: Callable[[SheetImport], None] | None = None,
) -> SheetImport:
    """Apply a started import to its end; ``on_chunk`` hears of the progress."""
    sheet_import = SheetImport.objects.get(pk=import_id)
    if sheet_import.state != "applying":
        return sheet_import
    chunk = _applier(sheet_import, index)
    while sheet_import.state == "applying":
        sheet_import = imports.apply_next_chunk(import_id, chunk, at=clock.now())
        if on_chunk:
            on_chunk(sheet_import)
    return sheet_import


def _applier(sheet_import: SheetImport, index: SkuIndex | None = None) -> imports.ApplyChunk:
    if sheet_import.kind == "codes":
        return import_codes.CodeApplier(sheet_import, index=index).apply_chunk
    return import_offers.apply_chunk


class Rounds:
    """What a worker repeats: one chunk of the import that waited longest, so that a long one holds up no
    other.

    Keeps the file of the import at hand read between rounds. A killed worker loses nothing: the next round of
    any worker goes on at the import's mark.
    """

    def __init__(self) -> None:
        self._at_hand: tuple[UUID, imports.ApplyChunk] | None = None

    def run_once(self, *, at: datetime) -> int:
        """Apply one chunk; returns how many imports were worked on (0 or 1)."""
        waiting = SheetImport.objects.filter(state="applying").order_by(
            F("touched_at").asc(nulls_first=True), "id"
        )
        sheet_import = waiting.first()
        if sheet_import is None:
            self._at_hand = None
            return 0
        if self._at_hand is None or self._at_hand[0] != sheet_import.id:
            self._at_hand = (sheet_import.id, _applier(sheet_import))
        try:
            imports.apply_next_chunk(sheet_import.id, self._at_hand[1], at=at)
        except (DataError, IntegrityError, Refusal) as error:
            # The rows themselves are in the way: repeating would only fail again, so a person is told.
            log.warning("import %s interrupted: %s", sheet_import.id, type(error).__name__)
            imports.fail(sheet_import.id, reason=type(error).__name__)
        return 1


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
    on_chunk: Callable[[SheetImport], None] | None = None,
) -> SheetImport:
    """Take a file from upload to its end in one call (CLI, demo, tests), or back to where a person must
    choose.
    """
    sheet_import, _fresh = imports.upload(
        organisation,
        file,
        kind=kind,
        at=clock.now(),
        actor=actor,
        options=options,
        effective_at=effective_at,
        again=again,
    )
    if sheet_import.state in {"uploaded", "parsed"}:
        sheet_import = preview(sheet_import.id, at=clock.now(), index=index)
    if sheet_import.state in {"previewed", "failed"}:
        imports.start(sheet_import.id, at=clock.now(), actor=actor)
    return apply(sheet_import.id, clock=clock, index=index, on_chunk=on_chunk)
