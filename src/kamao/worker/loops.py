"""Which loops a worker runs. The one place where the schedule meets engine, business and connectors."""

from kamao.worker import engine_rounds, heartbeat, housekeeping, imports, payments, relay, shop_news
from kamao.worker.schedule import Loop

LOOPS: tuple[Loop, ...] = (
    Loop("heartbeat", heartbeat.beat, heartbeat.PAUSE_S),
    Loop("settlement", engine_rounds.settle_due, engine_rounds.SETTLE_PAUSE_S),
    Loop("roll_up", engine_rounds.roll_up_accounts, engine_rounds.ROLL_UP_PAUSE_S),
    Loop("partitions", engine_rounds.make_partitions, engine_rounds.PARTITIONS_PAUSE_S),
    Loop("housekeeping", housekeeping.forget_old, housekeeping.PAUSE_S),
    Loop("relay", relay.relay, relay.PAUSE_S),
    Loop("webhook_purge", relay.purge_webhooks, relay.PURGE_PAUSE_S),
    Loop("payments", payments.follow_payments, payments.PAYMENTS_PAUSE_S),
    Loop("refunds", payments.follow_refunds, payments.REFUNDS_PAUSE_S),
    Loop("reconcile", payments.reconcile, payments.RECONCILE_PAUSE_S),
    Loop("forget", payments.forget, payments.FORGET_PAUSE_S),
    Loop("imports", imports.apply_imports, imports.PAUSE_S),
    Loop("import_files", imports.remove_files, imports.CLEAN_PAUSE_S),
    Loop("restocked", shop_news.tell_restocked, shop_news.PAUSE_S),
    Loop("attempts", shop_news.forget_old_attempts, shop_news.FORGET_PAUSE_S),
)
