"""The worker's Django app: it owns one table, the heartbeat."""

from django.apps import AppConfig


class WorkerConfig(AppConfig):
    name = "kamao.worker"
    label = "worker"
