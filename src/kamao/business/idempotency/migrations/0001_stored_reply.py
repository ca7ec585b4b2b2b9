"""The table of stored replies."""

from django.db import migrations, models

import kamao.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("identity", "0003_grants_and_cache"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredReply",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organisation_id", models.UUIDField(verbose_name="organisation")),
                ("cell", models.SmallIntegerField(verbose_name="mode")),
                ("key", models.CharField(max_length=255, verbose_name="idempotency key")),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("status", models.SmallIntegerField(verbose_name="status")),
                ("body", models.BinaryField()),
                ("created_at", models.DateTimeField(verbose_name="created at")),
            ],
            options={
                "verbose_name": "stored reply",
                "verbose_name_plural": "stored replies",
                "indexes": [models.Index(fields=["created_at"], name="ix_idempotency_reply_created")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation_id", "cell", "key"), name="uq_idempotency_storedreply_key"
                    )
                ],
            },
        ),
    ]
