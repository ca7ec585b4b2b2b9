"""The worker's sign of life, by which the node's readiness is judged.

Owns one row per worker process; rows of processes that are long gone are removed.
"""

import os
import socket
from datetime import timedelta

from django.db import close_old_connections

from kamao.worker.context import WorkerContext
from kamao.worker.models import Heartbeat

PAUSE_S = 3.0
_FORGOTTEN_AFTER = timedelta(hours=1)
PROCESS = f"{socket.gethostname()}:{os.getpid()}"


def beat(context: WorkerContext) -> int:
    """Say that this process lives; returns 0, so that the loop pauses."""
    close_old_connections()
    now = context.clock.now()
    Heartbeat.objects.update_or_create(process=PROCESS, defaults={"beat_at": now})
    Heartbeat.objects.filter(beat_at__lt=now - _FORGOTTEN_AFTER).delete()
    close_old_connections()
    return 0


def fall_silent() -> None:
    """Remove this process's sign of life on an orderly stop."""
    Heartbeat.objects.filter(process=PROCESS).delete()
