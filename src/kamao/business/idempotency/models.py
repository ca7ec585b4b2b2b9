"""The table of stored replies. A row is written in the transaction of the effect that it reports, or not at
all.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from kamao.kernel.ids import new_uuid7

KEY_LENGTH_MAX = 255


class StoredReply(models.Model):
    """What was answered to the first request with a key: organisation, mode and key together are unique."""

    id = models.UUIDField(primary_key=True, default=new_uuid7, editable=False)
    organisation_id = models.UUIDField(_("organisation"))
    cell = models.SmallIntegerField(_("mode"))
    key = models.CharField(_("idempotency key"), max_length=KEY_LENGTH_MAX)
    fingerprint = models.BinaryField(max_length=32)
    status = models.SmallIntegerField(_("status"))
    body = models.BinaryField()
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("stored reply")
        verbose_name_plural = _("stored replies")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation_id", "cell", "key"], name="uq_idempotency_storedreply_key"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="ix_idempotency_reply_created")]

    def __str__(self) -> str:
        return f"{self.key} ({self.status})"
