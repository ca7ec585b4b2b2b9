"""Which loops a worker runs. The one place where the schedule meets engine, business and connectors."""

from kamao.worker import heartbeat, relay
from kamao.worker.schedule import Loop

LOOPS: tuple[Loop, ...] = (
    Loop("heartbeat", heartbeat.beat, heartbeat.PAUSE_S),
    Loop("relay", relay.relay, relay.PAUSE_S),
    Loop("webhook_purge", relay.purge_webhooks, relay.PURGE_PAUSE_S),
)
