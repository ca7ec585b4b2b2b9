"""The worker's Django app: it owns one table, the heartbeat, and plugs connectors into ports in every
process.
"""

from django.apps import AppConfig
from django.conf import settings

from kamao.connectors import sandbox_bank


class WorkerConfig(AppConfig):
    name = "kamao.worker"
    label = "worker"

    def ready(self) -> None:
        """Make the payment providers of this build known."""
        sandbox_bank.plug_in(base_url=settings.KAMAO_SANDBOX_BANK_URL)
