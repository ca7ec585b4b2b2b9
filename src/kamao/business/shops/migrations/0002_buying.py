"""Buying in a shop: purchases, attempts, wishes for sold-out goods."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import kamao.kernel.ids


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0002_search"),
        ("shops", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "key", "window_start", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.BinaryField(max_length=32)),
                ("window_start", models.DateTimeField()),
                ("count", models.IntegerField()),
            ],
            options={
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
                "indexes": [models.Index(fields=["window_start"], name="ix_shops_attempt_window")],
            },
        ),
        migrations.CreateModel(
            name="RestockWish",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("contact_key", models.BinaryField(max_length=32)),
                ("contact_sealed", models.BinaryField()),
                ("language", models.CharField(max_length=8)),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("told_at", models.DateTimeField(null=True, verbose_name="told")),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="restock_wishes",
                        to="shops.shop",
                        verbose_name="shop",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalog.sku"
                    ),
                ),
            ],
            options={
                "verbose_name": "restock wish",
                "verbose_name_plural": "restock wishes",
                "indexes": [
                    models.Index(
                        condition=models.Q(("told_at__isnull", True)),
                        fields=["sku"],
                        name="ix_shops_restockwish_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shop", "sku", "contact_key"), name="uq_shops_restockwish_contact"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ShopPurchase",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("cell", models.SmallIntegerField(verbose_name="mode")),
                ("reference", models.CharField(max_length=64, verbose_name="reference")),
                ("contact_key", models.BinaryField(max_length=32)),
                ("contact_sealed", models.BinaryField(null=True)),
                ("password_key", models.BinaryField(max_length=32)),
                ("device_key", models.BinaryField(max_length=32, null=True)),
                ("language", models.CharField(max_length=8)),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("lines", models.JSONField(verbose_name="what was promised")),
                ("identity_evidence", models.JSONField(default=dict, verbose_name="identity step")),
                ("order_ids", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("expires_at", models.DateTimeField(verbose_name="to be paid until")),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchases",
                        to="shops.shop",
                        verbose_name="shop",
                    ),
                ),
            ],
            options={
                "verbose_name": "purchase",
                "verbose_name_plural": "purchases",
                "indexes": [
                    models.Index(
                        fields=["shop", "contact_key", "created_at"], name="ix_shops_purchase_contact"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["order_ids"], name="ix_shops_purchase_orders"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shop", "reference"), name="uq_shops_shoppurchase_reference"
                    )
                ],
            },
        ),
    ]
