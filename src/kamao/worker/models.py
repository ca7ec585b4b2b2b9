"""Rows of the worker: its sign of life, by which a node's readiness is judged."""

from django.db import models


class Heartbeat(models.Model):
    """One worker process: when it last said that its loops run."""

    process = models.CharField(max_length=200, primary_key=True)
    beat_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "worker_heartbeat"
        default_permissions = ()

    def __str__(self) -> str:
        return self.process


class SealingKey(models.Model):
    """The id of a key that data here was sealed with: start-up holds the key file against it. Never the key
    itself.
    """

    key_id = models.CharField(max_length=80, primary_key=True)

    class Meta:
        db_table = "worker_sealing_key"
        default_permissions = ()

    def __str__(self) -> str:
        return self.key_id
