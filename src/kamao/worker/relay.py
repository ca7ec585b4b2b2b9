"""The relay: numbers committed events and turns them into webhook deliveries. One bounded round per call."""

from kamao.business.webhooks.fan_out import fan_out_once, purge_once
from kamao.engine.cells import ALL, LIVE
from kamao.engine.trade.relay import sequence_events
from kamao.worker.context import WorkerContext

PAUSE_S = 0.1
_EVENTS_AT_ONCE = 2_000
PURGE_PAUSE_S = 600.0


def relay(context: WorkerContext) -> int:
    """Number what every cell has committed and fan it out; return how many events were moved on (0: caught
    up).
    """
    moved = 0
    for cell in ALL:
        with context.pool(cell).transaction() as connection:
            moved += sequence_events(connection, limit=_EVENTS_AT_ONCE)
        with context.pool(cell).transaction() as connection:
            moved += fan_out_once(connection, cell=cell, keyring=context.keyring, at=context.clock.now())
    # A round that moved little has caught up: it pauses, so that events are moved many at a time.
    return moved if moved >= _EVENTS_AT_ONCE else 0


def purge_webhooks(context: WorkerContext) -> int:
    """Drop one batch of messages that nobody can replay any more."""
    with context.pool(LIVE).transaction() as connection:
        return purge_once(connection, at=context.clock.now())
