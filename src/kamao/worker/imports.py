"""The loop that applies suppliers' imports, chunk by chunk, and removes uploaded files whose time is over."""

from django.db import close_old_connections

from kamao.business.supply import files
from kamao.business.supply.running import Rounds
from kamao.worker.context import WorkerContext

PAUSE_S = 0.5
CLEAN_PAUSE_S = 3_600.0
_rounds = Rounds()


def apply_imports(context: WorkerContext) -> int:
    """Apply one chunk of the import that waited longest."""
    close_old_connections()
    try:
        return _rounds.run_once(at=context.clock.now())
    finally:
        close_old_connections()


def remove_files(context: WorkerContext) -> int:
    """Remove uploaded files that were kept long enough; returns 0, so that the loop pauses."""
    close_old_connections()
    try:
        files.remove_expired(at=context.clock.now())
        return 0
    finally:
        close_old_connections()
