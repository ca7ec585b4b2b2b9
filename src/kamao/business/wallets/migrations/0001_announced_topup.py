"""The table of announced top-ups."""

import django.db.models.deletion
from django.db import migrations, models

import kamao.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("identity", "0003_grants_and_cache"),
    ]

    operations = [
        migrations.CreateModel(
            name="Topup",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cell", models.SmallIntegerField(verbose_name="mode")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount (minor units)")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("bank_reference", models.CharField(max_length=64, verbose_name="bank reference")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting for the money"),
                            ("booked", "booked"),
                            ("declined", "declined"),
                        ],
                        default="pending",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("posting_id", models.UUIDField(null=True, verbose_name="posting")),
                ("created_at", models.DateTimeField(verbose_name="announced at")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="topups",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "announced top-up",
                "verbose_name_plural": "announced top-ups",
                "indexes": [
                    models.Index(fields=["organisation", "cell", "-id"], name="ix_wallets_topup_own")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="ck_wallets_topup_amount"
                    ),
                    models.UniqueConstraint(
                        fields=("organisation", "cell", "bank_reference"), name="uq_wallets_topup_reference"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state", "pending")),
                            models.Q(("decided_at__isnull", False), ("state__in", ["booked", "declined"])),
                            _connector="OR",
                        ),
                        name="ck_wallets_topup_decided",
                    ),
                ],
            },
        ),
    ]
