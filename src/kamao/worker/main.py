"""The worker process: procrastinate's jobs in its main thread, the schedule's loops beside them.

Owns the order of starting and stopping. Ends with an error when the database goes away for long; the
supervisor starts it again. Nothing is lost by that: a job and a loop's round are each one transaction.
"""

import asyncio
import os
from typing import cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamao.runtime.django_settings")
django.setup()

from django.conf import settings  # noqa: E402  apps must be ready first
from procrastinate.contrib.django import app as django_app  # noqa: E402
from procrastinate.contrib.django.django_connector import DjangoConnector  # noqa: E402

from kamao.business.keyring import node_keyring  # noqa: E402
from kamao.worker import engine_rounds, heartbeat  # noqa: E402
from kamao.worker.context import open_context  # noqa: E402
from kamao.worker.loops import LOOPS  # noqa: E402
from kamao.worker.schedule import Schedule  # noqa: E402
from kamao.worker.webhooks import SenderThread  # noqa: E402

JOBS_AT_ONCE = 4


async def run_jobs() -> None:
    """Run procrastinate until SIGTERM or Ctrl-C; running jobs are given time to end."""
    connector = cast("DjangoConnector", django_app.connector).get_worker_connector()
    app = django_app.with_connector(connector)
    async with app.open_async():
        await app.run_worker_async(
            name=heartbeat.PROCESS,
            concurrency=JOBS_AT_ONCE,
            install_signal_handlers=True,
            listen_notify=True,
            fetch_job_polling_interval=5.0,
            shutdown_graceful_timeout=20.0,
            delete_jobs="successful",
        )


def main() -> int:
    """Run until stopped; the exit code is 0 for an orderly stop."""
    context = open_context(conninfo=settings.KAMAO_CONNINFO, keyring=node_keyring())
    # Before anything is written: a node that was down for long has no partitions for this month.
    engine_rounds.make_partitions(context)
    schedule = Schedule(LOOPS, context)
    webhooks = SenderThread(context)
    schedule.start()
    webhooks.start()
    try:
        asyncio.run(run_jobs())
    finally:
        schedule.stop()
        webhooks.stop()
        context.close()
    heartbeat.fall_silent()
    return 0
