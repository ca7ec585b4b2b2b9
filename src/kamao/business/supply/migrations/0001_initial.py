"""Offers under suppliers' item numbers, imports, and what people decided about them."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import kamao.kernel.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("catalog", "0002_search"),
        ("identity", "0003_grants_and_cache"),
    ]

    operations = [
        migrations.CreateModel(
            name="SheetImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField(default=True, verbose_name="live")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("offers", "price sheet"),
                            ("codes", "codes"),
                            ("members", "members"),
                            ("goods", "goods"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("filename", models.CharField(max_length=200, verbose_name="file")),
                ("file_digest", models.CharField(max_length=64, verbose_name="SHA-256 of the file")),
                ("options_digest", models.CharField(max_length=64)),
                ("round", models.IntegerField(default=1, verbose_name="round")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "uploaded"),
                            ("parsed", "choose columns"),
                            ("previewed", "ready to apply"),
                            ("applying", "being applied"),
                            ("done", "done"),
                            ("cancelled", "cancelled"),
                            ("failed", "interrupted"),
                        ],
                        default="uploaded",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("options", models.JSONField(default=dict, verbose_name="options")),
                (
                    "effective_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="prices hold from"),
                ),
                ("mappings", models.JSONField(default=list, verbose_name="columns")),
                ("doubts", models.JSONField(default=list, verbose_name="doubts")),
                ("sheets_left_out", models.JSONField(default=list, verbose_name="sheets without a table")),
                ("counts", models.JSONField(default=dict, verbose_name="counts")),
                ("rows_total", models.IntegerField(default=0, verbose_name="rows")),
                ("place_done", models.IntegerField(default=0, verbose_name="rows applied")),
                ("cancel_asked", models.BooleanField(default=False, verbose_name="asked to stop")),
                ("failure", models.CharField(blank=True, max_length=200, verbose_name="what interrupted it")),
                ("user_id", models.UUIDField(null=True, verbose_name="uploaded by")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="uploaded at"),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="applied from")),
                ("touched_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="identity.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="SheetFile",
            fields=[
                (
                    "sheet_import",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="file",
                        serialize=False,
                        to="supply.sheetimport",
                    ),
                ),
                ("wrapped_key", models.BinaryField()),
                ("sealed", models.BinaryField()),
                ("keep_until", models.DateTimeField(db_index=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("place", models.IntegerField()),
                ("sheet", models.CharField(max_length=200)),
                ("number", models.IntegerField(verbose_name="row")),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("offer", "take over"),
                            ("review", "to be decided"),
                            ("refused", "refused"),
                            ("skipped", "not goods"),
                        ],
                        max_length=8,
                        verbose_name="fate",
                    ),
                ),
                ("reason", models.CharField(max_length=32)),
                ("params", models.JSONField(default=dict)),
                ("item", models.CharField(blank=True, max_length=120)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("price_text", models.CharField(blank=True, max_length=64)),
                ("title_key", models.CharField(blank=True, max_length=300)),
                ("confidence", models.SmallIntegerField(default=0)),
                ("notes", models.JSONField(default=list)),
                ("near", models.JSONField(default=list)),
                ("unit_price_e4", models.BigIntegerField(null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("tax_included", models.BooleanField(default=True)),
                ("on_sale", models.BooleanField(default=True)),
                ("stock", models.BigIntegerField(null=True)),
                ("effective_at", models.DateTimeField(null=True)),
                ("change", models.CharField(blank=True, max_length=12, verbose_name="change")),
                ("previous_e4", models.BigIntegerField(null=True)),
                ("outcome", models.CharField(blank=True, max_length=24, verbose_name="outcome")),
                (
                    "sku",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                    ),
                ),
                (
                    "sheet_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="supply.sheetimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "row of an import",
                "verbose_name_plural": "rows of imports",
            },
        ),
        migrations.CreateModel(
            name="SupplierOffer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("livemode", models.BooleanField(default=True, verbose_name="live")),
                ("item", models.CharField(max_length=120, verbose_name="item number")),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="title in the sheet")),
                ("unit_price_e4", models.BigIntegerField(verbose_name="supply price (1/10 000)")),
                ("currency", models.CharField(default="CNY", max_length=3, verbose_name="currency")),
                ("tax_included", models.BooleanField(default=True, verbose_name="tax included")),
                ("fulfilment", models.CharField(default="stock", max_length=8, verbose_name="fulfilment")),
                (
                    "sale_model",
                    models.CharField(default="self_operated", max_length=16, verbose_name="sale model"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "on sale"), ("paused", "off sale"), ("withdrawn", "withdrawn")],
                        default="active",
                        max_length=12,
                        verbose_name="status",
                    ),
                ),
                ("awaiting_quote", models.BooleanField(default=False, verbose_name="waiting for a price")),
                (
                    "stated_stock",
                    models.BigIntegerField(blank=True, null=True, verbose_name="stock stated in the sheet"),
                ),
                (
                    "effective_from",
                    models.DateTimeField(blank=True, null=True, verbose_name="price holds from"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="changed"),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplier_offers",
                        to="catalog.sku",
                        verbose_name="SKU",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplier_offers",
                        to="identity.organisation",
                        verbose_name="supplier",
                    ),
                ),
            ],
            options={
                "verbose_name": "supplier's offer",
                "verbose_name_plural": "suppliers' offers",
            },
        ),
        migrations.CreateModel(
            name="ImportLot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lot", models.UUIDField(default=kamao.kernel.ids.new_uuid7, unique=True)),
                ("imported", models.IntegerField(default=0)),
                (
                    "sheet_import",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lots",
                        to="supply.sheetimport",
                    ),
                ),
                (
                    "offer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="import_lots",
                        to="supply.supplieroffer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ColumnMapping",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("offers", "price sheet"),
                            ("codes", "codes"),
                            ("members", "members"),
                            ("goods", "goods"),
                        ],
                        max_length=8,
                    ),
                ),
                ("headers_key", models.CharField(max_length=64)),
                ("headers", models.JSONField()),
                ("columns", models.JSONField()),
                ("decided_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="column_mappings",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "column mapping",
                "verbose_name_plural": "column mappings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "kind", "headers_key"), name="uq_supply_columnmapping_headers"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MatchDecision",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("title_key", models.CharField(max_length=300)),
                ("title", models.CharField(max_length=200, verbose_name="title")),
                ("user_id", models.UUIDField(null=True)),
                (
                    "decided_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="decided at"),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                        verbose_name="SKU",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="match_decisions",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "match decision",
                "verbose_name_plural": "match decisions",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("supplier", "title_key"), name="uq_supply_matchdecision_title"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OldMember",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=kamao.kernel.ids.new_uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("source", models.CharField(max_length=64, verbose_name="old shop")),
                ("account", models.CharField(max_length=120, verbose_name="account there")),
                ("opening_minor", models.BigIntegerField(default=0, verbose_name="opening balance")),
                ("taken_at", models.DateTimeField(verbose_name="taken over at")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="old_members",
                        to="identity.organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of an old shop",
                "verbose_name_plural": "members of old shops",
                "constraints": [
                    models.UniqueConstraint(fields=("source", "account"), name="uq_supply_oldmember_account")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="sheetimport",
            index=models.Index(fields=["organisation", "-created_at"], name="ix_supply_sheetimport_recent"),
        ),
        migrations.AddIndex(
            model_name="sheetimport",
            index=models.Index(
                condition=models.Q(("state", "applying")),
                fields=["touched_at"],
                name="ix_supply_sheetimport_todo",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetimport",
            constraint=models.UniqueConstraint(
                fields=("organisation", "livemode", "kind", "file_digest", "options_digest", "round"),
                name="uq_supply_sheetimport_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="sheetimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["uploaded", "parsed", "previewed", "applying", "failed", "done", "cancelled"],
                    )
                ),
                name="ck_supply_sheetimport_state",
            ),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(fields=["sheet_import", "fate", "place"], name="ix_supply_importrow_fate"),
        ),
        migrations.AddConstraint(
            model_name="importrow",
            constraint=models.UniqueConstraint(
                fields=("sheet_import", "place"), name="uq_supply_importrow_place"
            ),
        ),
        migrations.AddIndex(
            model_name="supplieroffer",
            index=models.Index(fields=["supplier", "sku"], name="ix_supply_supplieroffer_sku"),
        ),
        migrations.AddConstraint(
            model_name="supplieroffer",
            constraint=models.UniqueConstraint(
                fields=("supplier", "livemode", "item"), name="uq_supply_supplieroffer_item"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplieroffer",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_price_e4__gt", 0)), name="ck_supply_supplieroffer_price"
            ),
        ),
        migrations.AddConstraint(
            model_name="supplieroffer",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["active", "paused", "withdrawn"])),
                name="ck_supply_supplieroffer_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplieroffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("awaiting_quote", False), models.Q(("status", "active"), _negated=True), _connector="OR"
                ),
                name="ck_supply_supplieroffer_quoted",
            ),
        ),
        migrations.AddConstraint(
            model_name="importlot",
            constraint=models.UniqueConstraint(
                fields=("sheet_import", "offer"), name="uq_supply_importlot_offer"
            ),
        ),
    ]
