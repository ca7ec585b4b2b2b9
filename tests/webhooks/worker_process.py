"""Relay and sender in a process of its own, as the worker has them, with leases short enough for a test.

Arguments: the database. Ends when its standard input closes; the test kills it before that.
"""

import sys
import time
from datetime import timedelta

import django

django.setup()

from kamao.business.keyring import node_keyring  # noqa: E402  Django must be set up first
from kamao.business.webhooks import sender  # noqa: E402
from kamao.worker import relay  # noqa: E402
from kamao.worker.context import open_context  # noqa: E402
from kamao.worker.schedule import Loop, Schedule  # noqa: E402
from kamao.worker.webhooks import SenderThread  # noqa: E402

sender._LEASE = timedelta(seconds=1)
sender._RENEW_S = 0.3

context = open_context(conninfo=sys.argv[1], keyring=node_keyring())
schedule = Schedule([Loop("relay", relay.relay, 0.05)], context)
sending = SenderThread(context)
schedule.start()
sending.start()
print("ready", time.time(), flush=True)
sys.stdin.read()
schedule.stop()
sending.stop()
