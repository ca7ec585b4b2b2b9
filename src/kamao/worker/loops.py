"""Which loops a worker runs. The one place where the schedule meets engine, business and connectors."""

from kamao.worker import heartbeat
from kamao.worker.schedule import Loop

LOOPS: tuple[Loop, ...] = (
    Loop("heartbeat", heartbeat.beat, heartbeat.PAUSE_S),
)
